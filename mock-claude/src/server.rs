//! The connections: the same router behind a real listener or behind one end of a pipe.
//!
//! The caller owns the lifetime: it brings the listener and says when to stop, and nothing is
//! left running.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket};

use crate::answer::State;
use crate::clock::{Clock, SIMULATED_EPOCH_MS};
use crate::config::Config;
use crate::fault::FaultConfig;
use crate::journal::{Entry, Journal, Ledger, Record};
use crate::listener::{self, Bounds, http1};
use crate::pipe::{self, ClientEnd};
use crate::service::Api;
use crate::watch::Watched;
use crate::wire::{Carrier, Control, Wire};
use strict_toml::Problem;

/// Connections served at once; more wait to be accepted.
pub const MAX_CONNECTIONS: usize = 20_000;

/// Connections that may wait to be accepted, so that a burst is not lost in the kernel.
const BACKLOG: u32 = 4096;

/// How long connections may go on after the server was told to stop.
pub(crate) const DRAIN: Duration = Duration::from_secs(5);

/// A mock of the Claude API. Clones share everything.
#[derive(Debug, Clone)]
pub struct MockClaude {
    api: Api,
}

impl MockClaude {
    /// A mock whose time begins now, on a fixed date.
    pub fn new(config: Config) -> Self {
        Self::with(config, SIMULATED_EPOCH_MS, Journal::default())
    }

    /// A mock with a calendar date for its beginning, and a journal of the caller's.
    pub fn with(config: Config, epoch_ms: i64, journal: Journal) -> Self {
        let state = State::new(config, Clock::starting_at(epoch_ms), journal);
        Self { api: Api::new(state) }
    }

    /// The routes, to be put behind any server.
    pub fn router(&self) -> Router {
        Router::new().fallback_service(self.api.clone())
    }

    /// The state behind the routes, for what stands beside them.
    pub(crate) fn state(&self) -> &Arc<State> {
        &self.api.state
    }

    /// The latest requests with all that was seen of them, oldest first.
    pub fn records(&self) -> Vec<Record> {
        self.state().journal.records()
    }

    /// Opens a connection inside the process; dropping the returned end closes it.
    pub fn connect(&self) -> ClientEnd {
        if self.state().injector.refuses_connection() {
            return pipe::refused();
        }
        let (client, server) = pipe::pair();
        let connection = connection(self.api.clone(), server);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended early");
            }
        });
        client
    }

    /// Serves connections from `listener` until `shutdown` is ready, then lets them end.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let api = self.api.clone();
        self.serve_api(api, listener, shutdown).await;
    }

    /// Serves other routes over connections that this mock's faults can spoil, and watches them.
    pub(crate) async fn serve_routes(
        self,
        routes: Router,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) {
        let api = Api::of_routes(Arc::clone(self.state()), routes);
        self.serve_api(api, listener, shutdown).await;
    }

    async fn serve_api(self, api: Api, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let bounds = Bounds { connections: MAX_CONNECTIONS, drain: DRAIN };
        listener::run(listener, bounds, shutdown, |mut socket| {
            if self.state().injector.refuses_connection() {
                socket.abort();
                return None;
            }
            Some(connection(api.clone(), socket))
        })
        .await;
    }

    /// Puts another fault plan in place of the one there is; requests under way keep theirs.
    pub fn set_faults(&self, faults: Vec<FaultConfig>) -> Result<(), Vec<Problem>> {
        self.state().injector.set_faults(faults)
    }

    /// The sum of everything that was charged.
    pub fn ledger(&self) -> Ledger {
        self.state().journal.ledger()
    }

    /// The latest requests, oldest first.
    pub fn journal(&self) -> Vec<Entry> {
        self.state().journal.entries()
    }
}

/// A listener that holds a burst of connections.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// One connection over `carrier`, whose handlers can order what becomes of their responses.
fn connection<C: Carrier + 'static>(
    api: Api,
    carrier: C,
) -> hyper::server::conn::http1::Connection<
    TokioIo<Wire<C>>,
    impl HttpService<Incoming, ResBody = Watched, Error = Infallible, Future: Send>,
> {
    let control = Control::default();
    let io = TokioIo::new(Wire::new(carrier, control.clone()));
    let service = service_fn(move |request| {
        let answer = api.answer(request, Some(control.clone()));
        async move { Ok::<_, Infallible>(answer.await) }
    });
    http1().serve_connection(io, service)
}

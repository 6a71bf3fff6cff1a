//! The connections: the same router behind a real listener or behind one end of a pipe.
//!
//! The caller owns the lifetime: it brings the listener and says when to stop, and nothing is
//! left running. Accepting is a loop of our own, because a simulated run must not pick between
//! branches at random.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::{HttpService, Service as _};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::answer::State;
use crate::clock::{Clock, SIMULATED_EPOCH_MS};
use crate::config::{Config, Problem};
use crate::fault::FaultConfig;
use crate::journal::{Entry, Journal, Ledger, Record};
use crate::pipe::{self, ClientEnd};
use crate::routes;
use crate::watch::watched;
use crate::wire::{Carrier, Control, Wire};

/// Connections served at once; more wait to be accepted.
pub const MAX_CONNECTIONS: usize = 20_000;

/// Connections that may wait to be accepted, so that a burst is not lost in the kernel.
const BACKLOG: u32 = 4096;

/// How long connections may go on after the server was told to stop.
const DRAIN: Duration = Duration::from_secs(5);

/// A mock of the Claude API. Clones share everything.
#[derive(Debug, Clone)]
pub struct MockClaude {
    state: Arc<State>,
}

impl MockClaude {
    /// A mock whose time begins now, on a fixed date.
    pub fn new(config: Config) -> Self {
        Self::with(config, SIMULATED_EPOCH_MS, Journal::default())
    }

    /// A mock with a calendar date for its beginning, and a journal of the caller's.
    pub fn with(config: Config, epoch_ms: i64, journal: Journal) -> Self {
        let state = State::new(config, Clock::starting_at(epoch_ms), journal);
        Self { state: Arc::new(state) }
    }

    /// The routes, to be put behind any server.
    pub fn router(&self) -> Router {
        watched(routes::router(Arc::clone(&self.state)), Arc::clone(&self.state))
    }

    /// The state behind the routes, for what stands beside them.
    pub(crate) fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// The latest requests with all that was seen of them, oldest first.
    pub fn records(&self) -> Vec<Record> {
        self.state.journal.records()
    }

    /// Opens a connection inside the process; dropping the returned end closes it.
    pub fn connect(&self) -> ClientEnd {
        if self.state.injector.refuses_connection() {
            return pipe::refused();
        }
        let (client, server) = pipe::pair();
        let connection = connection(self.router(), server);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended early");
            }
        });
        client
    }

    /// Serves connections from `listener` until `shutdown` is ready, then lets them end.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let router = self.router();
        self.serve_routes(router, listener, shutdown).await;
    }

    /// Serves other routes over connections that this mock's faults can spoil.
    pub(crate) async fn serve_routes(
        self,
        router: Router,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) {
        let graceful = GracefulShutdown::new();
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut shutdown => break,
                accepted = accept(&listener, &places) => accepted,
            };
            let Some((mut socket, place)) = accepted else {
                continue;
            };
            if self.state.injector.refuses_connection() {
                socket.abort();
                continue;
            }
            let connection = graceful.watch(connection(router.clone(), socket));
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "connection ended early");
                }
                drop(place);
            });
        }
        drop(listener);
        tokio::select! {
            biased;
            () = graceful.shutdown() => {}
            () = sleep(DRAIN) => tracing::warn!("connections were still open after {DRAIN:?}"),
        }
    }

    /// Puts another fault plan in place of the one there is; requests under way keep theirs.
    pub fn set_faults(&self, faults: Vec<FaultConfig>) -> Result<(), Vec<Problem>> {
        self.state.injector.set_faults(faults)
    }

    /// The sum of everything that was charged.
    pub fn ledger(&self) -> Ledger {
        self.state.journal.ledger()
    }

    /// The latest requests, oldest first.
    pub fn journal(&self) -> Vec<Entry> {
        self.state.journal.entries()
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
    router: Router,
    carrier: C,
) -> hyper::server::conn::http1::Connection<
    TokioIo<Wire<C>>,
    impl HttpService<Incoming, ResBody = Body, Error = Infallible, Future: Send>,
> {
    let control = Control::default();
    let io = TokioIo::new(Wire::new(carrier, control.clone()));
    let service = TowerToHyperService::new(router);
    let service = hyper::service::service_fn(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(control.clone());
        service.call(request)
    });
    http1().serve_connection(io, service)
}

fn http1() -> hyper::server::conn::http1::Builder {
    let mut builder = hyper::server::conn::http1::Builder::new();
    // The date would come from the machine's clock, whatever the mock's time is.
    builder.timer(TokioTimer::new()).auto_date_header(false);
    builder
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(tokio::net::TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((socket, _)) => {
            // Without this, a stream of small events waits for acknowledgements.
            let _ = socket.set_nodelay(true);
            Some((socket, place))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

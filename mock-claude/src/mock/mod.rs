//! A mock as a value: made of a configuration, asked through connections inside the process or on a
//! port, and looked at from outside.

mod builder;
pub mod config;
pub(crate) mod presets;
mod serving;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::Request;
use strict_toml::Problem;
use tokio::net::TcpListener;

pub use self::builder::Builder;
pub use self::config::Config;
pub use self::serving::MockServer;
use crate::basis::clock::{Clock, SIMULATED_EPOCH_MS};
use crate::exchange::core::Core;
use crate::fault::FaultConfig;
use crate::fault::injector::Unconnected;
use crate::fault::plan::InForce;
use crate::journal::conduct::{self, Conduct};
use crate::journal::{Entry, Journal, Ledger, Record};
use crate::server::listener::{self, Bounds};
use crate::server::pipe::{self, ClientEnd};
use crate::server::service::Api;
use crate::server::wire::Carrier;

/// Connections served at once; more wait to be accepted.
pub(crate) const MAX_CONNECTIONS: usize = 20_000;

/// How long connections may go on after the server was asked to stop.
const DRAIN: Duration = Duration::from_secs(5);

/// A mock of the Claude API. Clones share everything.
#[derive(Debug, Clone)]
pub struct MockClaude {
    api: Api,
}

impl MockClaude {
    /// A mock that answers at once, without limits and faults, to be changed before it starts.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A mock whose time begins now, on a fixed date.
    pub fn new(config: Config) -> Self {
        Self::with(config, SIMULATED_EPOCH_MS, Journal::default())
    }

    /// A mock with a calendar date for its beginning, and a journal of the caller's.
    pub fn with(config: Config, epoch_ms: i64, journal: Journal) -> Self {
        let core = Core::new(config, Clock::starting_at(epoch_ms), journal);
        Self { api: Api::new(core) }
    }

    /// The same for a proxy: it decides about requests that somebody else answers.
    #[cfg(feature = "proxy")]
    pub(crate) fn of_proxy(config: Config, epoch_ms: i64, journal: Journal) -> Self {
        let core = Core::new(config, Clock::starting_at(epoch_ms), journal);
        Self { api: Api::of_routes(Arc::new(core), Router::new()) }
    }

    /// Whether somebody else answers the requests.
    pub(crate) const fn is_proxy(&self) -> bool {
        !self.api.has_messages()
    }

    /// The routes, to be put behind any server.
    pub fn router(&self) -> Router {
        Router::new().fallback_service(self.api.clone())
    }

    /// Other routes over this mock's faults and journal, to be put behind any server.
    #[cfg(feature = "proxy")]
    pub(crate) fn router_of(&self, routes: Router) -> Router {
        Router::new().fallback_service(Api::of_routes(Arc::clone(self.core()), routes))
    }

    /// What outlives each request, for what stands behind other routes.
    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.api.core
    }

    /// Opens a connection inside the process; dropping the returned end closes it.
    pub fn connect(&self) -> ClientEnd {
        match self.core().injector.refuses_connection() {
            None => {}
            Some(Unconnected::Refused) => return pipe::refused(),
            Some(Unconnected::Hanging) => return pipe::hanging(),
        }
        let (client, server) = pipe::pair();
        let connection = self.api.connection(server);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended early");
            }
        });
        client
    }

    /// Answers one request without a connection: the same decisions at the same times, and no HTTP
    /// in between. Faults of the connection, of the wire and of streams have nothing to act on.
    pub fn ask(&self, request: Request<Bytes>) -> impl Future<Output = Response> + Send + use<> {
        let answer = self.api.alone(request);
        async move { answer.await.map(Body::new) }
    }

    /// Serves on a free port of this machine, until what is returned is dropped.
    pub async fn start(self) -> io::Result<MockServer> {
        MockServer::start(self).await
    }

    /// Serves connections from `listener` until `shutdown` is ready, then lets them end.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let api = self.api.clone();
        self.serve_api(api, listener, shutdown).await;
    }

    /// Serves other routes over connections that this mock's faults can reach, and traces them.
    #[cfg(feature = "proxy")]
    pub(crate) async fn serve_routes(
        self,
        routes: Router,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) {
        let api = Api::of_routes(Arc::clone(self.core()), routes);
        self.serve_api(api, listener, shutdown).await;
    }

    async fn serve_api(self, api: Api, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let bounds = Bounds { connections: MAX_CONNECTIONS, drain: DRAIN };
        listener::run(listener, bounds, shutdown, |mut socket| {
            match self.core().injector.refuses_connection() {
                None => return Some(api.connection(socket)),
                Some(Unconnected::Refused) => socket.abort(),
                Some(Unconnected::Hanging) => {
                    // Until the client has had enough of it.
                    tokio::spawn(async move {
                        let _ = tokio::io::copy(&mut socket, &mut tokio::io::sink()).await;
                    });
                }
            }
            None
        })
        .await;
    }

    /// Puts another fault plan in place of the one there is; requests under way keep theirs.
    pub fn set_faults(&self, faults: Vec<FaultConfig>) -> Result<(), Vec<Problem>> {
        self.core().change_faults(|there| {
            *there = faults.into_iter().map(InForce::from).collect();
            Ok(())
        })
    }

    /// The sum of everything that was charged.
    pub fn ledger(&self) -> Ledger {
        self.core().journal.ledger()
    }

    /// The latest requests as they were decided, oldest first.
    pub fn journal(&self) -> Vec<Entry> {
        self.core().journal.entries()
    }

    /// The latest requests with all that was seen of them, oldest first.
    pub fn records(&self) -> Vec<Record> {
        self.core().journal.records()
    }

    /// The sum of what was charged to the requests under `/job/NAME`; none of a job that came when
    /// [`MAX_JOBS`](crate::journal::MAX_JOBS) others had been seen.
    pub fn ledger_of(&self, job: &str) -> Option<Ledger> {
        self.core().journal.ledger_of(job)
    }

    /// The latest requests under `/job/NAME`, oldest first.
    pub fn records_of(&self, job: &str) -> Vec<Record> {
        self.core().journal.records_of(job)
    }

    /// What the clients did wrong, as far as the latest requests show it.
    pub fn conduct(&self) -> Conduct {
        conduct::judge(&self.records())
    }

    /// Panics where a client did something wrong, with what it was and what to do instead. Unlike
    /// the verdict of [`conduct`](Self::conduct) it asks for no least number of requests.
    ///
    /// The clients have ended, so that what they have not repeated by now they will not.
    #[track_caller]
    pub fn assert_clean(&self) {
        let conduct = conduct::judge_ended(&self.records());
        assert!(conduct.findings.is_empty(), "{}", conduct.text());
    }
}

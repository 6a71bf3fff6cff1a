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
use axum::extract::{DefaultBodyLimit, State as Extracted, rejection::BytesRejection};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::DuplexStream;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, sleep_until};

use crate::answer::{Answer, Outcome, Replied, State, error_headers};
use crate::clock::{Clock, SIMULATED_EPOCH_MS};
use crate::config::Config;
use crate::error::ApiError;
use crate::journal::{Entry, Journal, Ledger};
use crate::stream::{Event, events};

/// The largest request body, as documented: 32 MB.
pub const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// Connections served at once; more wait to be accepted.
pub const MAX_CONNECTIONS: usize = 20_000;

/// Connections that may wait to be accepted, so that a burst is not lost in the kernel.
const BACKLOG: u32 = 4096;

/// How long connections may go on after the server was told to stop.
const DRAIN: Duration = Duration::from_secs(5);

/// Bytes in flight each way between the ends of an in-process connection.
const PIPE_BYTES: usize = 64 * 1024;

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
        Router::new()
            .route("/v1/messages", post(messages).fallback(wrong_method))
            .fallback(not_found)
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .with_state(Arc::clone(&self.state))
    }

    /// Opens a connection inside the process; dropping the returned end closes it.
    pub fn connect(&self) -> DuplexStream {
        let (client, server) = tokio::io::duplex(PIPE_BYTES);
        let service = TowerToHyperService::new(self.router());
        tokio::spawn(async move {
            let connection = http1().serve_connection(TokioIo::new(server), service);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended early");
            }
        });
        client
    }

    /// Serves connections from `listener` until `shutdown` is ready, then lets them end.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let graceful = GracefulShutdown::new();
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut shutdown => break,
                accepted = accept(&listener, &places) => accepted,
            };
            let Some((socket, place)) = accepted else {
                continue;
            };
            let service = TowerToHyperService::new(self.router());
            let connection =
                graceful.watch(http1().serve_connection(TokioIo::new(socket), service));
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

async fn messages(
    Extracted(state): Extracted<Arc<State>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let started = Instant::now();
    let body = body.map_err(|_| too_large());
    let answer = state.decide(&headers, body.as_deref().map_err(Clone::clone));
    let Answer { mut headers, request_id, outcome } = answer;
    insert(&mut headers, "request-id", &request_id);
    match outcome {
        Outcome::Refused { error, after_ms } => {
            tracing::info!(request_id, status = error.status, message = error.message, "refused");
            sleep_until(started + Duration::from_millis(after_ms)).await;
            refuse(&error, headers, &request_id)
        }
        Outcome::Replied(replied) => {
            let tokens_out = replied.reply.tokens_out;
            tracing::info!(
                request_id,
                tokens_in = replied.request.tokens_in,
                tokens_out,
                "replied"
            );
            let writing = Writing { state, tokens: tokens_out };
            if replied.request.stream {
                streamed(&replied, headers, &request_id, started, writing)
            } else {
                plain(&replied, headers, &request_id, started, writing).await
            }
        }
    }
}

/// Output tokens on their way: taken from the quota when they are written, or when the client
/// leaves, because the model goes on.
struct Writing {
    state: Arc<State>,
    tokens: u64,
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.state.wrote(self.tokens);
    }
}

async fn plain(
    replied: &Replied,
    mut headers: HeaderMap,
    request_id: &str,
    started: Instant,
    writing: Writing,
) -> Response {
    let ends_ms = replied.schedule.at_ms(replied.reply.tokens_out);
    sleep_until(started + Duration::from_millis(ends_ms)).await;
    drop(writing);
    let message = replied.message(request_id);
    let body = serde_json::to_string(&message).expect("a message serialises");
    insert(&mut headers, header::CONTENT_TYPE.as_str(), "application/json");
    respond(StatusCode::OK, headers, Body::from(body))
}

fn streamed(
    replied: &Replied,
    mut headers: HeaderMap,
    request_id: &str,
    started: Instant,
    writing: Writing,
) -> Response {
    let events = events(&replied.message(request_id), &replied.reply, replied.schedule);
    let sent =
        stream::unfold((events.into_iter(), writing), move |(mut events, writing)| async move {
            let Event { at_ms, text } = events.next()?;
            sleep_until(started + Duration::from_millis(at_ms)).await;
            Some((Ok::<_, Infallible>(Bytes::from(text)), (events, writing)))
        });
    insert(&mut headers, header::CONTENT_TYPE.as_str(), "text/event-stream; charset=utf-8");
    insert(&mut headers, header::CACHE_CONTROL.as_str(), "no-cache");
    respond(StatusCode::OK, headers, Body::from_stream(sent))
}

async fn not_found(Extracted(state): Extracted<Arc<State>>, uri: Uri) -> Response {
    let path = uri.path();
    unrouted(&state, &ApiError::of_status(404, format!("Not found: {path}")))
}

async fn wrong_method(Extracted(state): Extracted<Arc<State>>) -> Response {
    unrouted(&state, &ApiError { status: 405, ..ApiError::invalid_request("Method Not Allowed") })
}

fn unrouted(state: &State, error: &ApiError) -> Response {
    let Answer { mut headers, request_id, .. } =
        state.decide(&HeaderMap::new(), Err(error.clone()));
    insert(&mut headers, "request-id", &request_id);
    refuse(error, headers, &request_id)
}

fn too_large() -> ApiError {
    ApiError::of_status(413, "Request exceeds the maximum allowed number of bytes")
}

fn refuse(error: &ApiError, mut headers: HeaderMap, request_id: &str) -> Response {
    error_headers(error, &mut headers);
    insert(&mut headers, header::CONTENT_TYPE.as_str(), "application/json");
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    respond(status, headers, Body::from(error.body(request_id)))
}

fn respond(status: StatusCode, headers: HeaderMap, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) {
    let name = http::HeaderName::try_from(name).expect("header names are literals");
    let value = HeaderValue::try_from(value).expect("header values are ASCII");
    headers.insert(name, value);
}

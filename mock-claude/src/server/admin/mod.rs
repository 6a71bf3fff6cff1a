//! The admin API: what the mock saw, as JSON, text and a page to look at, and what can be changed
//! while it runs.
//!
//! It has a listener of its own, so no path of it can be confused with one of the API, and its
//! requests are in no journal. Without a token it belongs on a loopback address; who may ask is
//! decided in `access` before anything else.

mod access;
mod faults;
mod journal;
mod limits;
pub(crate) mod live;
mod mask;
mod page;
mod presets;
mod query;
mod respond;
mod seen;
mod state;
mod token;

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{from_fn_with_state, map_request};
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use serde_json::json;
use tokio::io::DuplexStream;
use tokio::net::TcpListener;

pub use self::access::Access;
use self::respond::{json_response, problem};
use self::state::{Admin, Shared};
pub use self::token::Token;
use super::body::IdleTimeout;
use super::listener;
use crate::mock::MockClaude;

/// Connections to the admin API at once; more wait to be accepted. Far more than anybody needs, so
/// that who opens some and falls silent keeps nobody out.
const MAX_CONNECTIONS: usize = 1_024;

/// The largest body that the admin API reads.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Whether an admin API on this address must have a token.
pub fn needs_token(host: IpAddr) -> bool {
    !host.is_loopback()
}

/// What there is, for who asks for something else.
const NO_SUCH_PATH: &str = "there are GET / (the page), /health, /config, /metrics and /live; GET \
                            /journal, /ledger and /verdict, each also with `?job=NAME`; GET \
                            /journal/NUMBER; GET, PUT, POST and DELETE /faults, GET \
                            /faults/shipped; GET, PUT and PATCH /limits; GET and POST /presets; \
                            POST /reset";

/// The routes of the admin API of one mock, for who may ask.
fn router(mock: MockClaude, access: Access) -> Router {
    // From here on, so that a page that is opened later has something to show.
    mock.core().journal.live();
    let admin = Arc::new(Admin { mock });
    Router::new()
        .route("/", get(page::document))
        .route("/health", get(seen::health))
        .route("/live", get(live::snapshot))
        .route("/journal", get(journal::pages))
        .route("/journal/{number}", get(journal::one))
        .route("/ledger", get(seen::ledger))
        .route("/verdict", get(seen::verdict))
        .route("/config", get(seen::config))
        .route("/metrics", get(seen::metrics))
        .route(
            "/faults",
            get(faults::list).put(faults::replace).post(faults::add).delete(faults::remove),
        )
        .route("/faults/shipped", get(faults::shipped))
        .route("/limits", get(limits::show).put(limits::replace).patch(limits::change))
        .route("/presets", get(presets::list).post(presets::apply))
        .route("/reset", post(reset))
        .fallback(async || problem(StatusCode::NOT_FOUND, NO_SUCH_PATH))
        .method_not_allowed_fallback(async || problem(StatusCode::METHOD_NOT_ALLOWED, NO_SUCH_PATH))
        .layer(from_fn_with_state(Arc::new(access), access::guard))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(map_request(async |request: Request| {
            request.map(|body| Body::new(IdleTimeout::new(body)))
        }))
        .with_state(admin)
}

/// Serves the admin API of a mock until `shutdown` is ready: to who has the token, where there is
/// one, or to who has [`Access`].
pub async fn serve(
    mock: MockClaude,
    access: impl Into<Access>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) {
    let address = listener.local_addr().ok().map(|address| address.ip());
    let router = router(mock, access.into().at(address));
    listener::serve(router, listener, MAX_CONNECTIONS, shutdown).await;
}

/// A connection to the admin API inside the process.
pub fn connect(mock: MockClaude, access: impl Into<Access>) -> DuplexStream {
    listener::pipe(router(mock, access.into()))
}

async fn reset(State(admin): Shared) -> Response {
    admin.mock.core().reset();
    json_response(StatusCode::OK, &json!({"status": "reset"}))
}

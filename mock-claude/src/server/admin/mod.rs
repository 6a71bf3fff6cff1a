//! The admin API: what the mock saw, as JSON and text, and the few things that can be changed
//! while it runs.
//!
//! It has a listener of its own, so no path of it can be confused with one of the API, and its
//! requests are in no journal. Without a token it belongs on a loopback address; a browser's
//! requests are refused, because any page can reach a loopback address through one.

mod page;
mod query;
mod respond;
mod token;

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State as Extracted};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post, put};
use http::{StatusCode, Uri};
use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio::net::TcpListener;

use self::query::Query;
use self::respond::{json_response, problem, text_response};
pub use self::token::Token;
use super::listener;
use crate::api::headers::bearer;
use crate::fault::FaultConfig;
use crate::journal::{MAX_JOBS, conduct};
use crate::mock::MockClaude;

/// Connections to the admin API at once; more wait to be accepted.
const MAX_CONNECTIONS: usize = 64;

/// The largest body that the admin API reads.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Whether an admin API on this address must have a token.
pub fn needs_token(host: IpAddr) -> bool {
    !host.is_loopback()
}

/// What the routes share.
#[derive(Debug)]
struct Admin {
    mock: MockClaude,
    token: Option<Token>,
}

type Shared = Extracted<Arc<Admin>>;

/// What there is, for who asks for something else.
const NO_SUCH_PATH: &str = "there are GET /health, /config and /metrics, GET /journal, /ledger \
                            and /verdict, each also with `?job=NAME`, PUT /faults with a list of \
                            faults, and POST /reset";

/// The routes of the admin API of one mock.
pub fn router(mock: MockClaude, token: Option<Token>) -> Router {
    let admin = Arc::new(Admin { mock, token });
    Router::new()
        .route("/health", get(health))
        .route("/journal", get(journal))
        .route("/ledger", get(ledger))
        .route("/verdict", get(judge))
        .route("/config", get(config))
        .route("/metrics", get(metrics))
        .route("/faults", put(set_faults))
        .route("/reset", post(reset))
        .fallback(async || problem(StatusCode::NOT_FOUND, NO_SUCH_PATH))
        .method_not_allowed_fallback(async || problem(StatusCode::METHOD_NOT_ALLOWED, NO_SUCH_PATH))
        .layer(from_fn_with_state(Arc::clone(&admin), guard))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(admin)
}

/// Serves the admin API of a mock until `shutdown` is ready.
pub async fn serve(
    mock: MockClaude,
    token: Option<Token>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) {
    listener::serve(router(mock, token), listener, MAX_CONNECTIONS, shutdown).await;
}

/// A connection to the admin API inside the process.
pub fn connect(mock: MockClaude, token: Option<Token>) -> DuplexStream {
    listener::pipe(router(mock, token))
}

async fn guard(Extracted(admin): Shared, request: Request, next: Next) -> Response {
    if request.headers().contains_key("origin") {
        return problem(StatusCode::FORBIDDEN, "requests of browsers are refused");
    }
    match &admin.token {
        Some(token) if !bearer(request.headers()).is_some_and(|shown| token.is(shown)) => {
            problem(StatusCode::UNAUTHORIZED, "`Authorization: Bearer TOKEN` is required")
        }
        _ => next.run(request).await,
    }
}

async fn health() -> Response {
    json_response(StatusCode::OK, &json!({"status": "ok"}))
}

/// Answers what a query asks for, or says what is wrong with it.
fn asked(
    uri: &Uri,
    known: &[&str],
    answer: impl FnOnce(&Query) -> Result<Response, String>,
) -> Response {
    let answered = Query::of(uri, known).and_then(|query| answer(&query));
    answered.unwrap_or_else(|wrong| problem(StatusCode::BAD_REQUEST, &wrong))
}

async fn ledger(Extracted(admin): Shared, uri: Uri) -> Response {
    asked(&uri, &["job"], |query| {
        let Some(job) = query.job()? else {
            return Ok(json_response(StatusCode::OK, &admin.mock.ledger()));
        };
        Ok(match admin.mock.ledger_of(job) {
            Some(ledger) => json_response(StatusCode::OK, &ledger),
            None => problem(
                StatusCode::INSUFFICIENT_STORAGE,
                &format!(
                    "the ledgers of {MAX_JOBS} jobs are kept, and `{job}` came after them; \
                     `POST /reset` forgets them"
                ),
            ),
        })
    })
}

async fn judge(Extracted(admin): Shared, uri: Uri) -> Response {
    asked(&uri, &["job", "ended", "format"], |query| {
        let judge = if query.is("ended")? { conduct::judge_ended } else { conduct::judge };
        let conduct = match query.job()? {
            Some(job) => admin.mock.core().journal.conduct_of(job, judge),
            None => judge(&admin.mock.records()),
        };
        match query.text("format") {
            None | Some("json") => Ok(json_response(StatusCode::OK, &conduct)),
            Some("text") => Ok(text_response(StatusCode::OK, conduct.text())),
            Some(_) => Err("`format` is `json` or `text`".to_owned()),
        }
    })
}

async fn metrics(Extracted(admin): Shared) -> Response {
    let text = admin.mock.core().journal.metrics().text(&admin.mock.ledger());
    let mut response = text_response(StatusCode::OK, text);
    let kind = http::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert("content-type", kind);
    response
}

async fn config(Extracted(admin): Shared) -> Response {
    let mut config = serde_json::to_value(admin.mock.core().config_now()).unwrap_or_default();
    redact(&mut config);
    json_response(StatusCode::OK, &config)
}

async fn set_faults(Extracted(admin): Shared, body: Bytes) -> Response {
    let faults: Vec<FaultConfig> = match serde_json::from_slice(&body) {
        Ok(faults) => faults,
        Err(error) => return problem(StatusCode::BAD_REQUEST, &format!("not faults: {error}")),
    };
    let number = faults.len();
    if let Err(problems) = admin.mock.set_faults(faults) {
        let problems: Vec<String> = problems
            .iter()
            .map(|problem| format!("`{}` {}", problem.key, problem.message))
            .collect();
        return problem(StatusCode::BAD_REQUEST, &problems.join("; "));
    }
    json_response(StatusCode::OK, &json!({"faults": number}))
}

async fn reset(Extracted(admin): Shared) -> Response {
    admin.mock.core().reset();
    json_response(StatusCode::OK, &json!({"status": "reset"}))
}

async fn journal(Extracted(admin): Shared, uri: Uri) -> Response {
    asked(&uri, &page::NAMES, |query| {
        let records = match query.job()? {
            Some(job) => admin.mock.records_of(job),
            None => admin.mock.records(),
        };
        page::page(records, query)
    })
}

/// Replaces what looks like a secret by its name.
fn redact(value: &mut Value) {
    const ENDINGS: [&str; 5] = ["key", "keys", "token", "secret", "password"];
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let last = name.rsplit(['_', '-']).next().unwrap_or_default();
                if ENDINGS.contains(&last) && !inner.is_null() {
                    *inner = json!("[redacted]");
                } else {
                    redact(inner);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_like_a_secret_is_not_shown() {
        let mut config =
            json!({"api_key": "sk", "limits": {"input_tokens_per_minute": 5, "token": "t"}});
        redact(&mut config);
        assert_eq!(
            config,
            json!({
                "api_key": "[redacted]",
                "limits": {"input_tokens_per_minute": 5, "token": "[redacted]"},
            })
        );
    }
}

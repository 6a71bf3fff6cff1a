//! The routes: each takes a decided answer, waits as long as it takes, and puts it into HTTP.

use std::convert::Infallible;
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
use tokio::time::{Instant, sleep_until};

use crate::answer::{Answer, Outcome, Replied, State, error_headers};
use crate::error::ApiError;
use crate::stream::{Event, events};

/// The largest request body, as documented: 32 MB.
pub const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// Every route of the API.
pub(crate) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/v1/messages", post(messages).fallback(wrong_method))
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(state)
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
            tracing::debug!(request_id, status = error.status, message = ?error.message, "refused");
            sleep_until(started + Duration::from_millis(after_ms)).await;
            refuse(&error, headers, &request_id)
        }
        Outcome::Replied(replied) => {
            let tokens_out = replied.reply.tokens_out;
            tracing::debug!(
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

//! The routes: each takes a decided answer, waits as long as it takes, and puts it into HTTP.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State as Extracted};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use tokio::time::Instant;

use crate::answer::{Answer, Counted, Outcome, Replied, State, error_headers};
use crate::error::ApiError;
use crate::fault::{self, InFlight};
use crate::latency::wait_until;
use crate::limits::Account;
use crate::stream::{Event, events};
use crate::wire::Control;

/// The largest request body, as documented: 32 MB.
pub const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// Every route of the API.
pub(crate) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/v1/messages", post(messages).fallback(wrong_method))
        .route("/v1/messages/count_tokens", post(count_tokens).fallback(wrong_method))
        .merge(crate::api::routes())
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(state)
}

async fn messages(Extracted(state): Extracted<Arc<State>>, mut request: Request) -> Response {
    // Taken, not extracted: an extracted map is a copy of every header.
    let headers = std::mem::take(request.headers_mut());
    let control = request.extensions_mut().remove::<Control>();
    let body = Bytes::from_request(request, &()).await;
    let started = Instant::now();
    let in_flight = state.injector.enter();
    let body = body.map_err(|rejection| unread(&rejection));
    let answer = state.decide(&headers, body.as_deref().map_err(Clone::clone));
    let Answer { mut headers, request_id, outcome, effect, key } = answer;
    let mut spoiled = None;
    if let Some(effect) = effect {
        spoiled = Some(state.injector.spoiled(effect, &request_id, key, control));
    }
    insert(&mut headers, "request-id", &request_id);
    let response = match outcome {
        Outcome::Refused { error, after_ms } => {
            tracing::debug!(request_id, status = error.status, message = ?error.message, "refused");
            wait_until(started, after_ms).await;
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
            let writing = Writing {
                state: Arc::clone(&state),
                account: replied.account,
                class: &replied.request.model.class,
                tokens: tokens_out,
                _in_flight: in_flight,
            };
            if replied.request.stream {
                streamed(&replied, headers, &request_id, started, writing)
            } else {
                plain(&replied, headers, &request_id, started, writing).await
            }
        }
    };
    match spoiled {
        Some(spoiled) => fault::spoil(response, spoiled).await,
        None => response,
    }
}

async fn count_tokens(Extracted(state): Extracted<Arc<State>>, mut request: Request) -> Response {
    let headers = std::mem::take(request.headers_mut());
    let control = request.extensions_mut().remove::<Control>();
    let body = Bytes::from_request(request, &()).await;
    let started = Instant::now();
    let _in_flight = state.injector.enter();
    let body = body.map_err(|rejection| unread(&rejection));
    let counted = state.count(&headers, body.as_deref().map_err(Clone::clone));
    let Counted { mut headers, request_id, result, after_ms, effect, key } = counted;
    insert(&mut headers, "request-id", &request_id);
    wait_until(started, after_ms).await;
    let response = match result {
        Err(error) => refuse(&error, headers, &request_id),
        Ok(input_tokens) => {
            insert(&mut headers, header::CONTENT_TYPE.as_str(), "application/json");
            let body = format!("{{\"input_tokens\":{input_tokens}}}");
            respond(StatusCode::OK, headers, Body::from(body))
        }
    };
    match effect {
        Some(effect) => {
            let spoiled = state.injector.spoiled(effect, &request_id, key, control);
            fault::spoil_made(response, spoiled, started).await
        }
        None => response,
    }
}

/// Output tokens on their way: taken from the quota when they are written, or when the client
/// leaves, because the model goes on.
struct Writing {
    state: Arc<State>,
    account: Account,
    class: &'static str,
    tokens: u64,
    _in_flight: InFlight,
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.state.finished(self.account, self.class, self.tokens);
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
    wait_until(started, ends_ms).await;
    drop(writing);
    let message = replied.message(request_id);
    let mut body = Vec::with_capacity(512 + replied.reply.text.len());
    serde_json::to_writer(&mut body, &message).expect("a message serialises");
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
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
            wait_until(started, at_ms).await;
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

pub(crate) async fn wrong_method(Extracted(state): Extracted<Arc<State>>) -> Response {
    unrouted(&state, &ApiError { status: 405, ..ApiError::invalid_request("Method Not Allowed") })
}

fn unrouted(state: &State, error: &ApiError) -> Response {
    let Answer { mut headers, request_id, .. } =
        state.decide(&HeaderMap::new(), Err(error.clone()));
    insert(&mut headers, "request-id", &request_id);
    refuse(error, headers, &request_id)
}

pub(crate) fn too_large() -> ApiError {
    ApiError::of_status(413, "Request exceeds the maximum allowed number of bytes")
}

/// Why a body could not be read: it is too large, or it broke off.
pub(crate) fn unread(rejection: &BytesRejection) -> ApiError {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        too_large()
    } else {
        ApiError::invalid_request("The request body could not be read: it ended too early")
    }
}

pub(crate) fn refuse(error: &ApiError, mut headers: HeaderMap, request_id: &str) -> Response {
    error_headers(error, &mut headers);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    respond(status, headers, Body::from(error.body(request_id)))
}

pub(crate) fn respond(status: StatusCode, headers: HeaderMap, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

pub(crate) fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    let value = HeaderValue::try_from(value).expect("header values are ASCII");
    headers.insert(http::HeaderName::from_static(name), value);
}

//! The routes, and what their answers have in common. The mock's own connections answer messages
//! before any route is looked for (`service`).

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State as Extracted};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use tokio::time::Instant;

use crate::answer::{Answer, Counted, State, error_headers};
use crate::error::ApiError;
use crate::latency::wait_until;
use crate::wire::Control;
use crate::{fault, messages, names};

/// The largest request body, as documented: 32 MB.
pub const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// The type of nearly every body.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Every route of the API.
pub(crate) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route(messages::PATH, post(messages::by_route).fallback(wrong_method))
        .route("/v1/messages/count_tokens", post(count_tokens).fallback(wrong_method))
        .merge(crate::api::routes())
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(state)
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
    headers.insert(&names::REQUEST_ID, value(&request_id));
    wait_until(started, after_ms).await;
    let response = match result {
        Err(error) => refuse(&error, headers, &request_id),
        Ok(input_tokens) => {
            headers.insert(header::CONTENT_TYPE, JSON);
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
    headers.insert(&names::REQUEST_ID, value(&request_id));
    refuse(error, headers, &request_id)
}

pub(crate) fn too_large() -> ApiError {
    ApiError::of_status(413, "Request exceeds the maximum allowed number of bytes")
}

/// Why a body could not be read: it is too large, or it broke off.
pub(crate) fn unread(rejection: &BytesRejection) -> ApiError {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE { too_large() } else { broken_off() }
}

/// The client left before its request was whole, or sent no HTTP.
pub(crate) fn broken_off() -> ApiError {
    ApiError::invalid_request("The request body could not be read: it ended too early")
}

pub(crate) fn refuse(error: &ApiError, mut headers: HeaderMap, request_id: &str) -> Response {
    error_headers(error, &mut headers);
    headers.insert(header::CONTENT_TYPE, JSON);
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    respond(status, headers, Body::from(error.body(request_id)))
}

pub(crate) fn respond(status: StatusCode, headers: HeaderMap, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// What the mock says itself, as the value of a header.
pub(crate) fn value(text: &str) -> HeaderValue {
    HeaderValue::try_from(text).expect("header values are ASCII")
}

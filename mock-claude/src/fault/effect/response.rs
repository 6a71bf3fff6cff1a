//! Changes to a response that any effect may want: its kind, a header, its body, its JSON document.

use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::{HeaderValue, header};
use serde_json::Value;

/// Whether an answer is a stream of events.
pub(super) fn is_stream(response: &Response) -> bool {
    is_of(response, b"text/event-stream")
}

/// Whether an answer is a list of JSON documents, one a line.
pub(super) fn is_lines(response: &Response) -> bool {
    is_of(response, b"application/x-jsonl")
}

fn is_of(response: &Response, kind: &[u8]) -> bool {
    let found = response.headers().get(header::CONTENT_TYPE);
    found.is_some_and(|found| found.as_bytes().starts_with(kind))
}

/// The response with this header.
pub(super) fn with_header(
    mut response: Response,
    name: header::HeaderName,
    value: HeaderValue,
) -> Response {
    response.headers_mut().insert(name, value);
    response
}

/// The response with this body.
pub(super) fn with_body(mut response: Response, body: impl Into<Body>) -> Response {
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.map(|_| body.into())
}

/// The response with its JSON document changed; one that is none stays as it is.
pub(super) async fn edited(response: Response, edit: impl FnOnce(&mut Value)) -> Response {
    let (head, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let response = Response::from_parts(head, Body::empty());
    match serde_json::from_slice::<Value>(&bytes) {
        Ok(mut value) if value.is_object() => {
            edit(&mut value);
            with_body(response, value.to_string())
        }
        _ => with_body(response, bytes),
    }
}

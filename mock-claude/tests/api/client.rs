//! Requests with good headers on any route.

use http::Request;
use mock_claude::MockClaude;

use crate::support::{Answer, send_raw};

/// A request with good headers.
pub(crate) fn request(method: &str, path: &str, body: impl Into<String>) -> Request<String> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("x-api-key", "key")
        .header("anthropic-version", "2023-06-01")
        .header("content-type", "application/json")
        .body(body.into())
        .expect("the request is valid")
}

/// Sends a request with good headers and no body.
pub(crate) async fn call(mock: &MockClaude, method: &str, path: &str) -> Answer {
    send_raw(mock, request(method, path, "")).await
}

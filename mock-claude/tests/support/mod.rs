//! A client for the tests: one request over a pipe in paused time, read to the end.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use mock_claude::{Config, MockClaude};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

/// What came back, and how long it took.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) took: Duration,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("the body is JSON")
    }

    /// A header's text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("headers are ASCII"))
    }
}

/// A mock from the TOML that a scenario would hold.
pub(crate) fn mock(toml: &str) -> MockClaude {
    let config: Config = toml::from_str(toml).expect("the test's configuration is valid");
    assert_eq!(config.problems(), [], "the test's configuration is valid");
    MockClaude::new(config)
}

/// A good request about some code.
pub(crate) fn asking(code: &str) -> Value {
    json!({
        "model": "claude-sonnet-4-5",
        "max_tokens": 1024,
        "messages": [{"role": "user", "content": format!("Document.\n```python\n{code}```\n")}],
    })
}

/// Sends a body with good headers.
pub(crate) async fn send(mock: &MockClaude, body: &Value) -> Answer {
    let request = Request::post("/v1/messages")
        .header("x-api-key", "key")
        .header("anthropic-version", "2023-06-01")
        .header("content-type", "application/json")
        .body(body.to_string())
        .expect("the request is valid");
    send_raw(mock, request).await
}

/// Sends any request over a connection of its own.
pub(crate) async fn send_raw(mock: &MockClaude, request: Request<String>) -> Answer {
    send_over(mock.connect(), request).await
}

/// Sends any request over this connection.
pub(crate) async fn send_over(
    pipe: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<String>,
) -> Answer {
    send_bytes(pipe, request.map(Bytes::from)).await
}

/// Sends any request, whether its body is text or not.
pub(crate) async fn send_bytes(
    pipe: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Bytes>,
) -> Answer {
    let started = Instant::now();
    let io = TokioIo::new(pipe);
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(io).await.expect("a pipe connects");
    tokio::spawn(connection);
    let mut request = request.map(Full::new);
    let host = http::HeaderValue::from_static("mock");
    request.headers_mut().entry("host").or_insert(host);
    let response = sender.send_request(request).await.expect("there is a response");
    let (head, body) = response.into_parts();
    let body = body.collect().await.expect("the body is whole").to_bytes();
    Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body: String::from_utf8(body.to_vec()).expect("the body is UTF-8"),
        took: started.elapsed(),
    }
}

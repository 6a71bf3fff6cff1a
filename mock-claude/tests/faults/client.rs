//! A client that reports what it saw, good or bad, over a pipe or to a real port.

use std::error::Error as _;
use std::io::ErrorKind;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use mock_claude::{Config, MockClaude, MockServer};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::sse;

/// A mock and the way to it.
pub(crate) struct Reach {
    pub(crate) mock: MockClaude,
    server: Option<MockServer>,
}

/// What a client saw of one request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    /// The status and headers, or why there are none.
    pub(crate) head: Result<(u16, HeaderMap), String>,
    /// What came of the body.
    pub(crate) body: String,
    /// Why no more of it came.
    pub(crate) broke: Option<String>,
}

/// No waiting, so that a real port needs no time.
const QUICK: &str = "[latency]\nfirst_token_ms = 0\nrefusal_ms = 0\n\
                     prefill_tokens_per_second = 1000000000\n\
                     decode_tokens_per_second = 1000000000\n";

/// The configuration with nothing to wait for: top-level keys have to come before any table.
fn quick(config: &str) -> String {
    let tables = config.find('[').unwrap_or(config.len());
    format!("{}{QUICK}{}", &config[..tables], &config[tables..])
}

impl Reach {
    pub(crate) fn pipe(config: &str) -> Self {
        let config: Config = toml::from_str(&quick(config)).expect("valid");
        assert_eq!(config.problems(), [], "the test's configuration is valid");
        Self { mock: MockClaude::new(config), server: None }
    }

    /// The way to a mock that is already there.
    pub(crate) fn around(mock: MockClaude) -> Self {
        Self { mock, server: None }
    }

    pub(crate) async fn port(config: &str) -> Self {
        let server = Self::pipe(config).mock.start().await.expect("a free port");
        Self { mock: server.clone(), server: Some(server) }
    }

    /// Sends a question and reads its answer as far as it comes.
    pub(crate) async fn ask(&self, body: &Value) -> Seen {
        self.ask_with(body, &[]).await
    }

    pub(crate) async fn ask_with(&self, body: &Value, headers: &[(&str, &str)]) -> Seen {
        self.send("POST", "/v1/messages", body.to_string(), headers).await
    }

    /// Sends anything to any route.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        body: String,
        headers: &[(&str, &str)],
    ) -> Seen {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "mock")
            .header("anthropic-version", "2023-06-01");
        if !headers.iter().any(|(name, _)| *name == "x-api-key") {
            request = request.header("x-api-key", "key");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body))).expect("valid");
        match &self.server {
            None => exchange(self.mock.connect(), request).await,
            Some(server) => match TcpStream::connect(&server.url()["http://".len()..]).await {
                Ok(stream) => exchange(stream, request).await,
                Err(error) => Seen::nothing(format!("{:?}", error.kind())),
            },
        }
    }
}

impl Seen {
    fn nothing(error: String) -> Self {
        Self { head: Err(error), body: String::new(), broke: None }
    }

    pub(crate) fn status(&self) -> u16 {
        self.head.as_ref().expect("there is a response").0
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let (_, headers) = self.head.as_ref().expect("there is a response");
        headers.get(name).map(|value| value.to_str().expect("headers are ASCII"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("the body is JSON")
    }

    /// The names of a stream's events.
    pub(crate) fn events(&self) -> Vec<&str> {
        sse::names(&self.body)
    }

    /// The text of a stream's deltas.
    pub(crate) fn text(&self) -> String {
        sse::text(&self.body)
    }

    /// The data of a stream's events, as far as it is JSON.
    pub(crate) fn data(&self) -> Vec<Value> {
        sse::data(&self.body)
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Seen {
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.expect("a handshake sends nothing");
    tokio::spawn(connection);
    let response = match sender.send_request(request).await {
        Ok(response) => response,
        Err(error) => return Seen::nothing(word(&error)),
    };
    let (head, mut body) = response.into_parts();
    let mut seen =
        Seen { head: Ok((head.status.as_u16(), head.headers)), body: String::new(), broke: None };
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => {
                let bytes = frame.into_data().unwrap_or_default();
                seen.body.push_str(&String::from_utf8_lossy(&bytes));
            }
            Err(error) => {
                seen.broke = Some(word(&error));
                break;
            }
        }
    }
    seen
}

/// The kind of an error in one word: of its cause where that is the connection.
fn word(error: &hyper::Error) -> String {
    let cause = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
    match cause.map(std::io::Error::kind) {
        // A client that is still writing hears of a reset as a broken pipe.
        Some(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => "reset".to_owned(),
        Some(ErrorKind::ConnectionRefused) => "refused".to_owned(),
        Some(ErrorKind::UnexpectedEof) => "early end".to_owned(),
        Some(other) => format!("{other:?}"),
        None if error.is_incomplete_message() => "early end".to_owned(),
        None if error.is_parse() => "no HTTP".to_owned(),
        None => format!("{error:?}"),
    }
}

/// A good request about some code.
pub(crate) fn asking(code: &str) -> Value {
    json!({
        "model": "claude-sonnet-4-5",
        "max_tokens": 1024,
        "messages": [{"role": "user", "content": format!("Document.\n```python\n{code}```\n")}],
    })
}

/// The same, streamed.
pub(crate) fn streaming(code: &str) -> Value {
    let mut body = asking(code);
    body["stream"] = json!(true);
    body
}

/// Makes two tests of one claim: over a pipe in paused time, and on a real port.
macro_rules! on_both {
    ($name:ident, $config:expr, $check:expr) => {
        mod $name {
            use super::*;

            #[tokio::test(start_paused = true)]
            async fn over_a_pipe() {
                let check: fn(Reach) -> futures_util::future::BoxFuture<'static, ()> =
                    |reach| Box::pin(($check)(reach));
                check(Reach::pipe($config)).await;
            }

            #[tokio::test]
            async fn on_a_port() {
                let check: fn(Reach) -> futures_util::future::BoxFuture<'static, ()> =
                    |reach| Box::pin(($check)(reach));
                check(Reach::port($config).await).await;
            }
        }
    };
}
pub(crate) use on_both;

//! What the mock's speed is held against in `scripts/bench`: servers that answer every request to
//! `/v1/messages` with the bytes of one reply of the mock, and do less for it.
//!
//! `anchor WHAT` prints its URL and serves until it is killed. WHAT is one of
//! - `axum`: a route that reads the body and looks at nothing,
//! - `hyper`: the same without a router,
//! - `parse`: a route that reads the body as JSON, which is the least that a mock has to do,
//! - `stream`: a route whose reply is a stream of events, each written when it comes,
//! - `slow`: the same with a second between two events.

use std::io::{self, Write};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Json;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use mock_claude::MockClaude;
use tokio::net::TcpStream;
use tokio::time::sleep;

/// A request as far as its reply could depend on it.
#[derive(serde::Deserialize)]
#[expect(dead_code, reason = "it is read, and nothing is done with it")]
struct Asked {
    model: String,
    max_tokens: u64,
    messages: Vec<Message>,
}

#[derive(serde::Deserialize)]
#[expect(dead_code, reason = "it is read, and nothing is done with it")]
struct Message {
    role: String,
    content: String,
}

/// What the mock answers, whole or as events.
async fn replied(stream: bool) -> Bytes {
    let body = serde_json::json!({
        "model": "claude-sonnet-4-6",
        "max_tokens": if stream { 256 } else { 16 },
        "stream": stream,
        "messages": [{"role": "user", "content": "hi"}],
    });
    let request = http::Request::post("/v1/messages")
        .header("x-api-key", "key")
        .header("anthropic-version", "2023-06-01")
        .body(body.to_string().into())
        .expect("the request is valid");
    let response = MockClaude::builder().build().ask(request).await;
    response.into_body().collect().await.expect("the mock replies").to_bytes()
}

/// The events of a stream, each with the empty line at its end.
fn events(stream: &Bytes) -> Vec<Bytes> {
    let text = String::from_utf8_lossy(stream);
    text.split_inclusive("\n\n").map(|event| Bytes::copy_from_slice(event.as_bytes())).collect()
}

fn streamed(events: Vec<Bytes>, every: Duration) -> Response {
    let sent = stream::iter(events).then(move |event| async move {
        if !every.is_zero() {
            sleep(every).await;
        }
        Ok::<_, io::Error>(event)
    });
    ([(CONTENT_TYPE, "text/event-stream; charset=utf-8")], Body::from_stream(sent)).into_response()
}

fn routed(what: &str, reply: Bytes) -> Router {
    let json = [(CONTENT_TYPE, "application/json")];
    let route = match what {
        "axum" => post(async move |_: Bytes| (json, reply)),
        "parse" => post(async move |_: Json<Asked>| (json, reply)),
        "stream" | "slow" => {
            let every = Duration::from_secs(u64::from(what == "slow"));
            let events = events(&reply);
            post(async move |_: Bytes| streamed(events, every))
        }
        _ => panic!("one of axum, hyper, parse, stream, slow"),
    };
    Router::new().route("/v1/messages", route)
}

async fn bare(socket: TcpStream, reply: Bytes) {
    let service = service_fn(move |request: http::Request<Incoming>| {
        let reply = reply.clone();
        async move {
            request.into_body().collect().await?;
            let response = http::Response::builder().header(CONTENT_TYPE, "application/json");
            Ok::<_, hyper::Error>(response.body(Full::new(reply)).expect("the response is valid"))
        }
    });
    let _ = http1().serve_connection(TokioIo::new(socket), service).await;
}

fn http1() -> Builder {
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).auto_date_header(false);
    builder
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let what = std::env::args().nth(1).unwrap_or_else(|| "axum".to_owned());
    let reply = replied(matches!(&*what, "stream" | "slow")).await;
    let router = (what != "hyper").then(|| routed(&what, reply.clone()));
    let listener = mock_claude::internals::listen(([127, 0, 0, 1], 0).into())?;
    writeln!(io::stdout(), "http://{}", listener.local_addr()?)?;
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        match &router {
            None => drop(tokio::spawn(bare(socket, reply.clone()))),
            Some(router) => {
                let service = TowerToHyperService::new(router.clone());
                tokio::spawn(http1().serve_connection(TokioIo::new(socket), service));
            }
        }
    }
}

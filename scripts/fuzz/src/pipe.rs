//! Bytes over a connection inside the process, in paused time, and what every answer has to be.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::body::Body;
use hyper::service::Service;
use mock_claude::{Config, MockClaude};
use scenarios::Document;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::time::timeout;

/// Longer than any answer takes in simulated time: batches end within a day.
const PATIENCE: Duration = Duration::from_hours(48);

/// Runs something to its end on a clock that waits for nothing.
pub(crate) fn in_paused_time<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true);
    runtime.build().expect("a runtime can be made").block_on(work)
}

/// A mock with the sections of this file. A file is read once: what it takes is not what is fed.
pub(crate) fn mock(file: &'static str) -> MockClaude {
    MockClaude::new(config(file))
}

/// The configuration in this file.
pub(crate) fn config(file: &'static str) -> Config {
    static READ: Mutex<BTreeMap<&str, Config>> = Mutex::new(BTreeMap::new());
    let read = || {
        let document = Document::parse("mock.toml", file).expect("the file is TOML");
        document.read().expect("the file is a configuration")
    };
    let mut known = READ.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(file).or_insert_with(read).clone()
}

/// Sends bytes and reads what comes back until the other side hangs up. Where it waits for more
/// than it will ever get, this side hangs up.
pub(crate) async fn talk(
    pipe: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    bytes: &[u8],
) -> Vec<u8> {
    let (mut reading, mut writing) = split(pipe);
    let mut answer = Vec::new();
    let write = async {
        // It may have refused, and hung up, before it has read everything.
        let _ = timeout(PATIENCE, writing.write_all(bytes)).await;
        writing
    };
    let read = timeout(PATIENCE, reading.read_to_end(&mut answer));
    let (mut writing, heard) = join(write, read).await;
    if heard.is_err() {
        let _ = writing.shutdown().await;
        let rest = timeout(PATIENCE, reading.read_to_end(&mut answer)).await;
        assert!(rest.is_ok(), "it does not hang up when the client does");
    }
    answer
}

/// A request with a body, and the end of the connection after it.
pub(crate) fn post(path: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nx-api-key: key\r\n\
         anthropic-version: 2023-06-01\r\ncontent-type: {kind}\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// A request without a body, and the end of the connection after it.
pub(crate) fn get(path: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nx-api-key: key\r\n\
         anthropic-version: 2023-06-01\r\nconnection: close\r\n\r\n"
    )
    .into_bytes()
}

/// The status of an answer and its body as it came.
pub(crate) fn parts(answer: &[u8]) -> (u16, &[u8]) {
    let end = answer.windows(4).position(|end| end == b"\r\n\r\n").expect("an answer has a head");
    let line = answer.strip_prefix(b"HTTP/1.").expect("an answer is HTTP");
    let digits = str::from_utf8(&line[2..5]).expect("a status has digits");
    (digits.parse().expect("a status is a number"), &answer[end + 4..])
}

/// One answer to one whole request: it is there, and it is no failure of the mock.
pub(crate) fn check(answer: &[u8]) -> (u16, &[u8]) {
    let (status, body) = parts(answer);
    assert!(status < 500, "{}", String::from_utf8_lossy(answer));
    (status, body)
}

/// The same of a route whose errors are the API's.
pub(crate) fn check_api(answer: &[u8]) {
    let (status, body) = check(answer);
    if status >= 400 {
        let error: serde_json::Value = serde_json::from_slice(body).expect("an error is JSON");
        assert!(error["error"]["type"].is_string(), "{error}");
    }
}

/// A POST to a service without any connection: its status, and its body as far as it came. None
/// where it never ends.
pub(crate) async fn through<S, B>(
    service: S,
    path: &str,
    body: &'static [u8],
) -> Option<(u16, Vec<u8>)>
where
    S: Service<Request<Full<Bytes>>, Response = http::Response<B>>,
    S::Error: std::fmt::Debug,
    B: Body<Data = Bytes> + Unpin,
{
    let request = Request::post(path)
        .header("host", "localhost")
        .header("x-api-key", "key")
        .header("anthropic-version", "2023-06-01")
        .body(Full::from(body))
        .expect("a request");
    timeout(PATIENCE, async {
        let answer = service.call(request).await.expect("a router always answers");
        let (status, mut heard) = (answer.status().as_u16(), Vec::new());
        let mut body = answer.into_body();
        while let Some(Ok(frame)) = body.frame().await {
            heard.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
        }
        (status, heard)
    })
    .await
    .ok()
}

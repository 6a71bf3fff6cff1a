//! The replay: the same request gets the recorded answer, and any other a refusal that says what
//! is nearest.
//!
//! Requests are the same when method, path with query and body are; a JSON body is compared as
//! JSON. The answers to one request come in the order of the recording, the last one indefinitely.
//! Credentials are masked on both sides: what was recorded with one key is asked for with another.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State as Extracted};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use parking_lot::Mutex;
use redact::Secrets;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep_until};

use super::nearest;
use super::record::{FORMAT, Header, MAX_LINE_BYTES, Recorded};
use crate::api::error::ApiError;
use crate::api::secrets;
use crate::exchange::{self, Origin};
use crate::fault::effect::apply_again;
use crate::fault::effect::touch::Undated;
use crate::fault::effect::wire::WireEffect;
use crate::journal::Journal;
use crate::mock::MockClaude;
use crate::mock::config::Config;
use crate::server::MAX_BODY_BYTES;

/// Why a file is no recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, as a lower-case fragment.
    pub message: String,
}

impl Display for ReplayError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for ReplayError {}

/// What makes two requests the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Question {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) body: String,
}

impl Question {
    /// What is asked for, without credentials.
    fn new(method: &str, path: &str, body: &[u8], secrets: &Secrets) -> Self {
        let masked = secrets.pieces(&[body], redact::Body::default()).map(|pieces| pieces.concat());
        let (path, body) = (secrets.text(path).into_owned(), masked.as_deref().unwrap_or(body));
        // Objects are ordered by key, so that equal ones are equal as text.
        let body = serde_json::from_slice::<Value>(body)
            .map_or_else(|_| String::from_utf8_lossy(body).into_owned(), |json| json.to_string());
        Self { method: method.to_owned(), path, body }
    }
}

/// A recording that answers. Clones share everything.
#[derive(Debug, Clone)]
pub struct Replay(Arc<Loaded>);

#[derive(Debug)]
struct Loaded {
    answers: BTreeMap<Question, Vec<Arc<Answer>>>,
    given: Mutex<BTreeMap<Question, usize>>,
    timing_percent: u32,
}

#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    head_us: u64,
    chunks: Vec<(u64, Bytes)>,
    /// Of an answer that did not come to its end: when it broke off, or the client had left.
    cut_us: Option<u64>,
    wire: Option<WireEffect>,
}

/// The lines of a file without their ends, none of them longer than `most` bytes.
fn bounded(mut file: impl BufRead, most: u64) -> impl Iterator<Item = io::Result<String>> {
    std::iter::from_fn(move || {
        let mut line = String::new();
        match file.by_ref().take(most).read_line(&mut line) {
            Ok(0) => None,
            Ok(read) if read as u64 == most && !line.ends_with('\n') => {
                let message = format!("longer than {most} bytes, as no exchange is");
                Some(Err(io::Error::new(io::ErrorKind::InvalidData, message)))
            }
            Ok(_) => {
                line.truncate(line.trim_end_matches(['\n', '\r']).len());
                Some(Ok(line))
            }
            Err(error) => Some(Err(error)),
        }
    })
}

impl Replay {
    /// Reads a recording. Of its timing `timing_percent` is kept: 100 is all, 0 none.
    pub fn read(file: impl BufRead, timing_percent: u32) -> Result<Self, ReplayError> {
        Self::of_lines(bounded(file, MAX_LINE_BYTES), timing_percent)
    }

    fn of_lines(
        lines: impl Iterator<Item = io::Result<String>>,
        timing_percent: u32,
    ) -> Result<Self, ReplayError> {
        let mut lines = (1..).zip(lines);
        let wrong = |line, message: String| ReplayError { line, message };
        let (line, first) = lines.next().ok_or_else(|| wrong(1, "the file is empty".to_owned()))?;
        let first = first.map_err(|error| wrong(line, error.to_string()))?;
        let header: Header = serde_json::from_str(&first)
            .map_err(|error| wrong(line, format!("not the header of a recording: {error}")))?;
        if header.format != FORMAT {
            let message = format!("format {} is not format {FORMAT}", header.format);
            return Err(wrong(line, message));
        }
        let mut answers: BTreeMap<Question, Vec<Arc<Answer>>> = BTreeMap::new();
        for (line, text) in lines {
            let text = text.map_err(|error| wrong(line, error.to_string()))?;
            let exchange: Recorded = serde_json::from_str(&text)
                .map_err(|error| wrong(line, format!("not an exchange: {error}")))?;
            let (asked, answer) = understood(&exchange)
                .ok_or_else(|| wrong(line, "not an exchange of HTTP".to_owned()))?;
            answers.entry(asked).or_default().push(Arc::new(answer));
        }
        Ok(Self(Arc::new(Loaded { answers, given: Mutex::default(), timing_percent })))
    }

    /// Different requests that have an answer.
    pub fn requests(&self) -> usize {
        self.0.answers.len()
    }

    /// The routes.
    pub fn router(&self) -> Router {
        Router::new().fallback(handle).with_state(self.clone())
    }

    /// Serves connections until `shutdown` is ready.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        // Its connections are those of a mock, so that what a fault did to one is done again.
        let config = Config { contract: true, ..Config::default() };
        let mock = MockClaude::of_proxy(config, 0, Journal::default());
        mock.serve_routes(self.router(), listener, shutdown).await;
    }

    /// The answer to a request that comes next.
    fn next(&self, asked: &Question) -> Option<Arc<Answer>> {
        let answers = self.0.answers.get(asked)?;
        let mut given = self.0.given.lock();
        let count = given.entry(asked.clone()).or_default();
        let number = (*count).min(answers.len() - 1);
        *count = number + 1;
        Some(Arc::clone(&answers[number]))
    }

    fn kept(&self, at_us: u64) -> Duration {
        Duration::from_micros(at_us.saturating_mul(u64::from(self.0.timing_percent)) / 100)
    }
}

async fn handle(Extracted(replay): Extracted<Replay>, request: Request) -> Response {
    let started = Instant::now();
    let (mut head, body) = request.into_parts();
    let origin = head.extensions.remove::<Origin>().unwrap_or_default();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return refuse(&ApiError::of_status(413, "Request exceeds the maximum size"));
    };
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let secrets = secrets::of_request(&head.headers, path);
    let asked = Question::new(head.method.as_str(), path, &body, &secrets);
    let Some(answer) = replay.next(&asked) else {
        let words = nearest::describe(&asked, replay.0.answers.keys());
        return refuse(&ApiError::of_status(404, words));
    };
    let status = answer.status;
    let (headers, wire) = (answer.headers.clone(), answer.wire.clone());
    sleep_until(started + replay.kept(answer.head_us)).await;
    let pieces = stream::unfold(0, move |position| {
        let (replay, answer) = (replay.clone(), Arc::clone(&answer));
        async move {
            let Some((at_us, bytes)) = answer.chunks.get(position) else {
                // What was cut off in the recording is cut off again, and once.
                let cut_us = answer.cut_us.filter(|_| position != usize::MAX);
                sleep_until(started + replay.kept(cut_us.unwrap_or(0))).await;
                // An error that is seen together with data takes the data away.
                tokio::task::yield_now().await;
                return cut_us.map(|_| (Err("the recorded answer ends here"), usize::MAX));
            };
            sleep_until(started + replay.kept(*at_us)).await;
            Some((Ok(bytes.clone()), position + 1))
        }
    });
    let mut response = Response::new(Body::from_stream(pieces));
    *response.status_mut() = status;
    for (name, value) in headers {
        response.headers_mut().append(name, value);
    }
    // Its date is the recorded one, or none.
    response.extensions_mut().insert(Undated);
    match wire {
        Some(effect) => apply_again(response, &effect, origin.control.as_ref()).await,
        None => response,
    }
}

fn understood(exchange: &Recorded) -> Option<(Question, Answer)> {
    let (method, body) = (&exchange.method, exchange.request_body.bytes()?);
    // What an earlier version did not mask yet is masked as in a request.
    let asked = Question::new(method, &exchange.path, &body, &Secrets::default());
    let headers = exchange.headers.iter().map(|(name, value)| {
        Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
    });
    let chunks =
        exchange.chunks.iter().map(|chunk| Some((chunk.at_us, Bytes::from(chunk.data.bytes()?))));
    let answer = Answer {
        status: StatusCode::from_u16(exchange.status).ok()?,
        headers: headers.collect::<Option<_>>()?,
        head_us: exchange.head_us,
        chunks: chunks.collect::<Option<_>>()?,
        cut_us: (!exchange.complete).then(|| exchange.ended_us.unwrap_or(0)),
        wire: exchange.wire.clone(),
    };
    Some((asked, answer))
}

fn refuse(error: &ApiError) -> Response {
    let mut response = exchange::refuse(error, HeaderMap::new(), "req_replay");
    response.extensions_mut().insert(Undated);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<usize, String> {
        Replay::read(text.as_bytes(), 100)
            .map(|replay| replay.requests())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_no_recording_is_refused_with_its_line() {
        assert_eq!(read("").unwrap_err(), "line 1: the file is empty");
        assert!(read("{}").unwrap_err().starts_with("line 1: not the header"));
        let newer = "{\"format\":2,\"upstream\":\"http://a\"}";
        assert_eq!(read(newer).unwrap_err(), "line 1: format 2 is not format 1");
        let cut = "{\"format\":1,\"upstream\":\"http://a\"}\n{\"method\":\"POST\"";
        assert!(read(cut).unwrap_err().starts_with("line 2: not an exchange"));
    }

    #[test]
    fn a_line_without_end_is_not_read_without_end() {
        let endless = io::BufReader::new(io::repeat(b'x'));
        let error = Replay::of_lines(bounded(endless, 1_000), 100).unwrap_err();
        assert_eq!(error.to_string(), "line 1: longer than 1000 bytes, as no exchange is");
        let lines: Vec<_> = bounded(&b"one\r\n\ntwo"[..], 5).map(Result::unwrap).collect();
        assert_eq!(lines, ["one", "", "two"], "as long as the bound, with its end");
    }

    #[test]
    fn bodies_are_the_same_whatever_the_order_of_their_keys() {
        let asked = |body: &str| Question::new("POST", "/", body.as_bytes(), &Secrets::default());
        assert_eq!(asked("{\"a\":1,\"b\":2}"), asked("{ \"b\": 2, \"a\": 1 }"));
        assert_ne!(asked("{\"a\":1}"), asked("{\"a\":2}"));
    }
}

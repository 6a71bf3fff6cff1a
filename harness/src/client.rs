//! A client of the messages API: builds the request, reads the answer, names the failure.
//!
//! It tries once; trying again is the pipeline's business. An answer counts only when it is whole:
//! a body that breaks off or is no message is a failure, whatever the status said.

mod batch;
mod body;

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::HeaderMap;
use reports::Cause;
use serde::Deserialize;

use self::body::encode;
use crate::advice::{Advice, RetryAfter};
use crate::pipeline::answer::Answer;
use crate::transport::{Break, Response, Transport, TransportError};

pub use batch::ASKING_TAG;

/// The largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// The machine codes that say that money has run out, which no retry brings back.
const SPENT: [&str; 3] = [
    "enforced_spend_limit_reached",
    "contract_spend_limit_reached",
    "linked_organization_spend_limit_reached",
];

/// How a limit that the organisation set itself says so: a 400 without a code.
const SPENT_WORDS: [&str; 2] =
    ["You have reached your specified API", "You have reached your specified workspace API"];

/// Characters of a server's message that are kept.
const MAX_DETAIL: usize = 300;

/// One request.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The model's id.
    pub model: &'a str,
    /// The most tokens of the answer.
    pub max_tokens: u32,
    /// Whether to stream.
    pub stream: bool,
    /// What the API is asked to keep for the next call: a system block before the prompt.
    pub cached: Option<&'a str>,
    /// The prompt.
    pub prompt: &'a str,
    /// The mark by which the mock's journal tells attempts apart.
    pub tag: &'a str,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The HTTP status, where there was a response.
    pub status: Option<u16>,
    /// The `request-id` header.
    pub request_id: Option<String>,
    /// What the headers say about trying again.
    pub advice: Advice,
    /// Where the connection broke, where it did.
    pub broke: Option<Break>,
    /// The answer, or why there is none and the server's words for it.
    pub result: Result<Answer, (Cause, String)>,
}

/// The head of a response, known before its body.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The HTTP status.
    pub status: u16,
    /// What its headers say.
    pub advice: &'a Advice,
}

impl Outcome {
    /// An attempt that ended without a response.
    pub fn without_response(cause: Cause, detail: impl Into<String>) -> Self {
        Self {
            status: None,
            request_id: None,
            advice: Advice::default(),
            broke: None,
            result: Err((cause, detail.into())),
        }
    }

    /// An attempt whose connection failed before there was a response.
    pub fn broken(error: &TransportError) -> Self {
        let broke = Some(error.broke);
        Self { broke, ..Self::without_response(Cause::Connection, error.to_string()) }
    }

    /// The `retry-after` header in whole seconds, where it is not a date.
    pub fn retry_after_s(&self) -> Option<u64> {
        self.advice.retry_after.and_then(RetryAfter::whole_seconds)
    }
}

/// A client over some transport.
#[derive(Clone)]
pub struct Client {
    transport: Arc<dyn Transport>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    /// A client that sends through `transport`.
    pub fn new(transport: impl Transport + 'static) -> Self {
        Self { transport: Arc::new(transport) }
    }

    /// Sends one request and reads its answer to the end.
    pub async fn send(&self, request: &Request<'_>) -> Outcome {
        self.send_noting(request, |_| {}).await
    }

    /// The same; `note` is told of the head of the response as soon as it is there.
    pub async fn send_noting(&self, request: &Request<'_>, note: impl FnOnce(Head<'_>)) -> Outcome {
        let response = match self.transport.send(encode(request)).await {
            Ok(response) => response,
            Err(error) => return Outcome::broken(&error),
        };
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let advice = Advice::of(&headers);
        note(Head { status, advice: &advice });
        let mut outcome = match read_body(response).await {
            Err(error) => Outcome::broken(&error),
            Ok(body) if status == 200 => {
                let (cause, detail) = (Cause::MalformedReply, "");
                let result = decode(&headers, &body);
                Outcome { result, ..Outcome::without_response(cause, detail) }
            }
            Ok(body) => refused(status, &body),
        };
        outcome.status = Some(status);
        outcome.request_id = text(&headers, "request-id").map(str::to_owned);
        outcome.advice = advice;
        outcome
    }
}

async fn read_body(response: Response) -> Result<Bytes, TransportError> {
    let mut pieces = response.into_body();
    let mut body = BytesMut::new();
    while let Some(piece) = pieces.next().await {
        body.extend_from_slice(&piece?);
        if body.len() > MAX_ANSWER_BYTES {
            return Err(TransportError::too_large(MAX_ANSWER_BYTES));
        }
    }
    Ok(body.freeze())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Reads an answer of status 200.
fn decode(headers: &HeaderMap, body: &[u8]) -> Result<Answer, (Cause, String)> {
    let streamed = text(headers, "content-type")
        .is_some_and(|kind| kind.trim_start().starts_with("text/event-stream"));
    let decoded = if streamed { decode_events(body) } else { decode_message(body) };
    decoded.map_err(|(cause, detail)| (cause, shorten(&detail)))
}

#[derive(Deserialize)]
struct PlainMessage {
    content: Vec<Block>,
    stop_reason: String,
}

#[derive(Deserialize)]
struct Block {
    #[serde(default)]
    text: String,
}

fn decode_message(body: &[u8]) -> Result<Answer, (Cause, String)> {
    let message: PlainMessage = serde_json::from_slice(body)
        .map_err(|error| (Cause::MalformedReply, format!("not a message: {error}")))?;
    Ok(message.into())
}

impl From<PlainMessage> for Answer {
    fn from(message: PlainMessage) -> Self {
        Self {
            text: message.content.into_iter().map(|block| block.text).collect(),
            truncated: message.stop_reason == "max_tokens",
        }
    }
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    delta: Option<Delta>,
    error: Option<ApiError>,
}

#[derive(Deserialize)]
struct Delta {
    text: Option<String>,
    stop_reason: Option<String>,
}

/// Puts the deltas of a stream together. Unknown events are passed over, as the API asks; a stream
/// without `message_stop` is not whole.
fn decode_events(body: &[u8]) -> Result<Answer, (Cause, String)> {
    let malformed = |detail: String| (Cause::MalformedReply, detail);
    let body = std::str::from_utf8(body)
        .map_err(|error| malformed(format!("the stream is not UTF-8: {error}")))?;
    let mut answer = Answer { text: String::new(), truncated: false };
    for data in body.lines().filter_map(|line| line.strip_prefix("data:")) {
        let event: Event = serde_json::from_str(data.trim_start())
            .map_err(|error| malformed(format!("not an event: {error}")))?;
        if let Some(error) = event.error {
            return Err((cause_of_kind(&error.kind), error.message));
        }
        if let Some(delta) = event.delta {
            answer.text.push_str(&delta.text.unwrap_or_default());
            answer.truncated |= delta.stop_reason.as_deref() == Some("max_tokens");
        }
        if event.kind == "message_stop" {
            return Ok(answer);
        }
    }
    Err(malformed("the stream ended without message_stop".to_owned()))
}

#[derive(Deserialize)]
struct ErrorBody {
    error: ApiError,
}

#[derive(Deserialize)]
struct ApiError {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    message: String,
    /// An object with an `error_code`, null, or nothing at all.
    #[serde(default)]
    details: serde_json::Value,
}

/// A refusal, with what its body says.
fn refused(status: u16, body: &[u8]) -> Outcome {
    let (message, details) = match serde_json::from_slice::<ErrorBody>(body) {
        Ok(body) => (body.error.message, body.error.details),
        Err(_) => (String::from_utf8_lossy(body).into_owned(), serde_json::Value::Null),
    };
    let cause = classify(status, details["error_code"].as_str(), &message);
    Outcome::without_response(cause, shorten(&message))
}

/// Names a refusal by its status and, where one status has several meanings, by the machine code
/// of the error or by its message.
fn classify(status: u16, error_code: Option<&str>, message: &str) -> Cause {
    match status {
        _ if error_code.is_some_and(|code| SPENT.contains(&code)) => Cause::SpendLimit,
        400 if SPENT_WORDS.iter().any(|words| message.starts_with(words)) => Cause::SpendLimit,
        429 => Cause::RateLimited,
        529 => Cause::Overloaded,
        500.. => Cause::ServerError,
        401 | 403 => Cause::Unauthorized,
        404 => Cause::NotFound,
        400 if message.starts_with("prompt is too long") => Cause::PromptTooLong,
        _ => Cause::InvalidRequest,
    }
}

/// Names an error that came inside a stream, after a status of 200.
fn cause_of_kind(kind: &str) -> Cause {
    match kind {
        "rate_limit_error" => Cause::RateLimited,
        "overloaded_error" => Cause::Overloaded,
        "invalid_request_error" => Cause::InvalidRequest,
        _ => Cause::ServerError,
    }
}

fn shorten(message: &str) -> String {
    let mut text: String = message.chars().take(MAX_DETAIL).collect();
    if text.len() < message.len() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(status: u16, message: &str) -> Cause {
        let body = format!(r#"{{"type":"error","error":{{"type":"x","message":"{message}"}}}}"#);
        refused(status, body.as_bytes()).result.unwrap_err().0
    }

    #[test]
    fn a_refusal_is_named_by_its_status_and_its_message() {
        assert_eq!(cause(429, "x"), Cause::RateLimited);
        assert_eq!(cause(529, "x"), Cause::Overloaded);
        assert_eq!(cause(502, "x"), Cause::ServerError);
        assert_eq!(cause(400, "prompt is too long: 9 > 8"), Cause::PromptTooLong);
        assert_eq!(cause(400, "x"), Cause::InvalidRequest);
        let spent = "You have reached your specified API usage limits. You will regain access on";
        assert_eq!(cause(400, spent), Cause::SpendLimit);
        assert_eq!(refused(502, b"<html>").result.unwrap_err().1, "<html>");
    }

    #[test]
    fn a_429_that_says_by_its_code_that_money_has_run_out_is_no_rate_limit() {
        let cause = |details: &str| {
            let body = format!(r#"{{"error":{{"type":"x","message":"m","details":{details}}}}}"#);
            refused(429, body.as_bytes()).result.unwrap_err().0
        };
        assert_eq!(cause(r#"{"error_code":"enforced_spend_limit_reached"}"#), Cause::SpendLimit);
        assert_eq!(cause(r#"{"error_code":"ramp_limit_exceeded"}"#), Cause::RateLimited);
        assert_eq!([cause("null"), cause("{}")], [Cause::RateLimited; 2]);
    }

    #[test]
    fn a_200_without_a_message_is_a_failure() {
        let decoded = |body: &str| decode(&HeaderMap::new(), body.as_bytes()).unwrap_err().0;
        assert_eq!(decoded(""), Cause::MalformedReply);
        assert_eq!(decoded(r#"{"type":"error","error":{}}"#), Cause::MalformedReply);
        assert_eq!(decoded(r#"{"content":[{"type":"te"#), Cause::MalformedReply);
    }

    #[test]
    fn a_stream_counts_only_when_it_is_whole() {
        let delta =
            r#"data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"hi"}}"#;
        let cut = r#"data: {"type":"message_delta","delta":{"stop_reason":"max_tokens"}}"#;
        let stop = r#"data: {"type":"message_stop"}"#;
        let unknown = r#"data: {"type":"news"}"#;
        let whole = decode_events(format!("{delta}\n\n{unknown}\n\n{cut}\n\n{stop}\n").as_bytes());
        assert_eq!(whole, Ok(Answer { text: "hi".into(), truncated: true }));
        let open = decode_events(format!("{delta}\n\n").as_bytes()).unwrap_err();
        assert_eq!(open.0, Cause::MalformedReply);
        let error =
            r#"data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        let broken = decode_events(format!("{delta}\n\n{error}\n").as_bytes()).unwrap_err();
        assert_eq!(broken, (Cause::Overloaded, "Overloaded".to_owned()));
    }
}

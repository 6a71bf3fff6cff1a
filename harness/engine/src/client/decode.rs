//! Reads what the API answered: messages, streams of events, refusals.

use http::HeaderMap;
use reports::Cause;
use serde::Deserialize;
use serde_json::Value;

use super::answer::{Answer, Failure};
use super::frames;
use super::outcome::Outcome;
use super::server_hints::text;
use super::usage::Usage;

/// The machine codes that say that money has run out, which no retry brings back.
const SPENT: [&str; 3] = [
    "enforced_spend_limit_reached",
    "contract_spend_limit_reached",
    "linked_organization_spend_limit_reached",
];

/// How a limit that the organisation set itself says so: a 400 without a code.
const SPENT_WORDS: [&str; 2] =
    ["You have reached your specified API", "You have reached your specified workspace API"];

/// How a prompt that does not fit is refused, by the API and by Bedrock.
const TOO_LONG: [&str; 2] = ["prompt is too long", "Input is too long for requested model"];

/// Characters of a server's message that are kept.
const MAX_DETAIL: usize = 300;

/// An answer of status 200, or why it is none, and the tokens that it tells of either way.
type Decoded = (Result<Answer, Failure>, Option<Usage>);

/// Reads an answer of status 200.
pub(super) fn decode(headers: &HeaderMap, body: &[u8]) -> Decoded {
    let is_stream = is_stream(headers) || is_framed(headers);
    let decoded = if is_stream { decode_events(body) } else { decode_message(body) };
    let (result, usage) = decoded;
    (result.map_err(|failure| Failure::new(failure.cause, shorten(&failure.detail))), usage)
}

/// Whether an answer is a stream of events.
pub(super) fn is_stream(headers: &HeaderMap) -> bool {
    text(headers, "content-type")
        .is_some_and(|kind| kind.trim_start().starts_with("text/event-stream"))
}

/// Whether an answer is a stream of events in AWS's frames.
pub(super) fn is_framed(headers: &HeaderMap) -> bool {
    text(headers, "content-type") == Some(frames::CONTENT_TYPE)
}

/// A whole message, as far as anything of it is needed.
#[derive(Deserialize)]
pub(super) struct PlainMessage {
    content: Vec<Block>,
    stop_reason: String,
    #[serde(default)]
    usage: Value,
    #[serde(default)]
    stop_details: Value,
}

#[derive(Deserialize)]
struct Block {
    #[serde(default)]
    text: String,
}

fn decode_message(body: &[u8]) -> Decoded {
    match serde_json::from_slice::<PlainMessage>(body) {
        Ok(message) => {
            let usage = message.usage();
            (message.answer(), usage)
        }
        Err(error) => {
            let detail = format!("not a message: {error}");
            (Err(Failure::new(Cause::MalformedReply, detail)), None)
        }
    }
}

impl PlainMessage {
    /// The tokens that it tells of.
    pub(super) fn usage(&self) -> Option<Usage> {
        Usage::of(&self.usage)
    }

    /// What the model answered, unless it refused to.
    pub(super) fn answer(self) -> Result<Answer, Failure> {
        if self.stop_reason == REFUSAL {
            return Err(refusal(&self.stop_details));
        }
        Ok(Answer {
            text: self.content.into_iter().map(|block| block.text).collect(),
            truncated: self.stop_reason == "max_tokens",
        })
    }
}

/// The stop reason of a model that refuses to answer.
const REFUSAL: &str = "refusal";

/// The failure of a refusal, in the words of its `stop_details`.
fn refusal(details: &Value) -> Failure {
    let mut detail = "the model refused (stop_reason: refusal)".to_owned();
    if let Some(category) = details["category"].as_str() {
        detail = format!("{detail}, category `{category}`");
    }
    if let Some(explanation) = details["explanation"].as_str() {
        detail = format!("{detail}: {explanation}");
    }
    Failure::new(Cause::Refused, detail)
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    delta: Option<Delta>,
    error: Option<ApiError>,
    message: Option<Begun>,
    #[serde(default)]
    usage: Value,
}

/// A message that has begun.
#[derive(Deserialize)]
struct Begun {
    #[serde(default)]
    usage: Value,
}

#[derive(Deserialize)]
struct Delta {
    text: Option<String>,
    stop_reason: Option<String>,
    #[serde(default)]
    stop_details: Value,
}

/// Puts the deltas of a stream together. Unknown events are passed over, as the API asks; a stream
/// without `message_stop` is not whole.
fn decode_events(body: &[u8]) -> Decoded {
    let mut usage: Option<Usage> = None;
    let result = read_events(body, |told| {
        let mut latest = usage.unwrap_or_default();
        if latest.update(told) {
            usage = Some(latest);
        }
    });
    (result, usage)
}

/// The answer in a stream; `told` gets what its events say of tokens.
fn read_events(body: &[u8], mut told: impl FnMut(&Value)) -> Result<Answer, Failure> {
    let malformed = |detail: String| Failure::new(Cause::MalformedReply, detail);
    let body = std::str::from_utf8(body)
        .map_err(|error| malformed(format!("the stream is not UTF-8: {error}")))?;
    let mut answer = Answer { text: String::new(), truncated: false };
    for data in body.lines().filter_map(|line| line.strip_prefix("data:")) {
        let event: Event = serde_json::from_str(data.trim_start())
            .map_err(|error| malformed(format!("not an event: {error}")))?;
        if let Some(error) = event.error {
            return Err(Failure::new(cause_of_kind(&error.kind), error.message));
        }
        told(&event.message.map_or(event.usage, |message| message.usage));
        if let Some(delta) = event.delta {
            if delta.stop_reason.as_deref() == Some(REFUSAL) {
                return Err(refusal(&delta.stop_details));
            }
            answer.text.push_str(&delta.text.unwrap_or_default());
            answer.truncated |= delta.stop_reason.as_deref() == Some("max_tokens");
        }
        if event.kind == "message_stop" {
            return Ok(answer);
        }
    }
    Err(malformed("the stream ended without message_stop".to_owned()))
}

/// The body of a refusal of AWS, whose type is in a header.
#[derive(Deserialize)]
struct AwsErrorBody {
    message: String,
}

/// The body of a refusal.
#[derive(Deserialize)]
pub(super) struct ErrorBody {
    pub(super) error: ApiError,
}

/// An error, in a body of its own or inside something else.
#[derive(Deserialize)]
pub(super) struct ApiError {
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) message: String,
    /// An object with an `error_code`, null, or nothing at all.
    #[serde(default)]
    details: Value,
}

/// A refusal, with what its body says.
pub(super) fn refused(status: u16, body: &[u8]) -> Outcome {
    let (message, details) = match serde_json::from_slice::<ErrorBody>(body) {
        Ok(body) => (body.error.message, body.error.details),
        Err(_) => match serde_json::from_slice::<AwsErrorBody>(body) {
            Ok(body) => (body.message, Value::Null),
            Err(_) => (String::from_utf8_lossy(body).into_owned(), Value::Null),
        },
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
        408 | 424 | 500.. => Cause::ServerError,
        401 | 403 => Cause::Unauthorized,
        404 => Cause::NotFound,
        400 if TOO_LONG.iter().any(|words| message.starts_with(words)) => Cause::PromptTooLong,
        _ => Cause::InvalidRequest,
    }
}

/// Names an error that came inside a stream, after a status of 200.
pub(super) fn cause_of_kind(kind: &str) -> Cause {
    match kind {
        "rate_limit_error" | "throttlingException" => Cause::RateLimited,
        "overloaded_error" | "serviceUnavailableException" => Cause::Overloaded,
        "invalid_request_error" | "validationException" => Cause::InvalidRequest,
        _ => Cause::ServerError,
    }
}

/// What is kept of a server's message.
pub(super) fn shorten(message: &str) -> String {
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
        refused(status, body.as_bytes()).result.unwrap_err().cause
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
        assert_eq!(refused(502, b"<html>").result.unwrap_err().detail, "<html>");
    }

    #[test]
    fn a_429_that_says_by_its_code_that_money_has_run_out_is_no_rate_limit() {
        let cause = |details: &str| {
            let body = format!(r#"{{"error":{{"type":"x","message":"m","details":{details}}}}}"#);
            refused(429, body.as_bytes()).result.unwrap_err().cause
        };
        assert_eq!(cause(r#"{"error_code":"enforced_spend_limit_reached"}"#), Cause::SpendLimit);
        assert_eq!(cause(r#"{"error_code":"ramp_limit_exceeded"}"#), Cause::RateLimited);
        assert_eq!([cause("null"), cause("{}")], [Cause::RateLimited; 2]);
    }

    #[test]
    fn a_200_without_a_message_is_a_failure() {
        let decoded = |body: &str| decode(&HeaderMap::new(), body.as_bytes()).0.unwrap_err().cause;
        assert_eq!(decoded(""), Cause::MalformedReply);
        assert_eq!(decoded(r#"{"type":"error","error":{}}"#), Cause::MalformedReply);
        assert_eq!(decoded(r#"{"content":[{"type":"te"#), Cause::MalformedReply);
    }

    #[test]
    fn a_refusal_of_the_model_is_no_answer_and_says_why() {
        let details = "\"stop_reason\":\"refusal\",\"stop_details\":{\"type\":\"refusal\",\
            \"category\":\"cyber\",\"explanation\":\"No.\"}";
        let plain = format!(r#"{{"content":[],{details}}}"#);
        let delta = format!(r#"data: {{"type":"message_delta","delta":{{{details}}}}}"#);
        let stream = format!("{delta}\n\ndata: {{\"type\":\"message_stop\"}}\n");
        let said = "the model refused (stop_reason: refusal), category `cyber`: No.";
        let failure = Failure::new(Cause::Refused, said);
        assert_eq!(decode(&HeaderMap::new(), plain.as_bytes()).0, Err(failure.clone()));
        assert_eq!(decode_events(stream.as_bytes()).0, Err(failure));
        let bare = br#"{"content":[],"stop_reason":"refusal"}"#;
        assert_eq!(decode(&HeaderMap::new(), bare).0.unwrap_err().cause, Cause::Refused);
    }

    #[test]
    fn a_stream_counts_only_when_it_is_whole() {
        let delta =
            r#"data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"hi"}}"#;
        let cut = r#"data: {"type":"message_delta","delta":{"stop_reason":"max_tokens"}}"#;
        let stop = r#"data: {"type":"message_stop"}"#;
        let unknown = r#"data: {"type":"news"}"#;
        let decode_events = |body: &[u8]| decode_events(body).0;
        let whole = decode_events(format!("{delta}\n\n{unknown}\n\n{cut}\n\n{stop}\n").as_bytes());
        assert_eq!(whole, Ok(Answer { text: "hi".into(), truncated: true }));
        let open = decode_events(format!("{delta}\n\n").as_bytes()).unwrap_err();
        assert_eq!(open.cause, Cause::MalformedReply);
        let error =
            r#"data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        let broken = decode_events(format!("{delta}\n\n{error}\n").as_bytes()).unwrap_err();
        assert_eq!(broken, Failure::new(Cause::Overloaded, "Overloaded"));
    }
}

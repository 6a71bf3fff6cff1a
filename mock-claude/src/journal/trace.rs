//! The trace of one request as it was seen from outside: who sent it, when it came and went, what
//! it was answered.
//!
//! A trace is open while its request is handled, and whoever knows something about the request
//! notes it here. The API key never gets here, only a short hash of it, and no prompt does unless
//! the configuration asks for it. What only looks like a credential is masked where it is shown.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

use http::{HeaderMap, Method};
use parking_lot::{Mutex, MutexGuard};
use serde::Serialize;
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed, xxh3_128};

use crate::api::headers::{Known, as_text, credential};
use crate::api::request::MessagesRequest;
use crate::api::secrets;
use crate::api::sse::{CONTENT_BLOCK_DELTA, MESSAGE_STOP};
use crate::basis::chance::RequestKey;
use crate::basis::clock::Clock;
use crate::basis::hex::Hex;

/// The longest path, model or user agent that is kept, in characters.
const MAX_TEXT: usize = 200;

/// The longest prompt that is kept where prompts are wanted, in characters.
const MAX_PROMPT: usize = 4_000;

/// Paths that have a name of their own; ids and whatever else clients ask for count together.
const PATHS: [&str; 6] = [
    "/v1/messages",
    "/v1/messages/count_tokens",
    "/v1/messages/batches",
    "/v1/models",
    "/v1/files",
    "/v1/complete",
];

/// The name under which a path is counted, if it has one of its own.
pub(crate) fn known_path(path: &str) -> Option<&'static str> {
    PATHS.into_iter().find(|known| *known == path)
}

/// Whether a path leads to one batch, file or model: as common as polling is, and nothing to look
/// into at length.
fn is_of_id(path: &str) -> bool {
    let begins = |id: &str| ["claude-", "file_", "msgbatch_"].iter().any(|own| id.starts_with(own));
    let mut ids = PATHS.iter().filter_map(|known| path.strip_prefix(known)?.strip_prefix('/'));
    ids.any(begins)
}

/// What was seen of one request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each was seen or was not")]
pub struct Trace {
    /// The HTTP method.
    pub method: Cow<'static, str>,
    /// The path without its query.
    pub path: Cow<'static, str>,
    /// The job that the request belongs to, where its path began with `/job/NAME`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// The model that was asked for.
    pub model: Option<Cow<'static, str>>,
    /// Hash of what the request is about, in hexadecimal.
    pub subject: Option<Hex<8>>,
    /// Hash of the question, in hexadecimal: model, system, messages and tools together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<Hex<8>>,
    /// Hash of the body and of the betas it asks for; 0 where that is not known. What has the same
    /// is the same request.
    #[serde(skip)]
    pub body: u64,
    /// The connection that it came on, counted from 1; 0 where that is not known.
    pub connection: u64,
    /// How many requests about the same came before.
    pub attempt: u32,
    /// A short hash of the API key: tells clients apart, and leads back to no key.
    pub key: Option<Hex<6>>,
    /// The SDK's own count of retries, from `x-stainless-retry-count` or `amz-sdk-request`.
    pub retry_count: Option<u32>,
    /// The client's name for itself.
    pub user_agent: Option<String>,
    /// When it came, in microseconds since the mock was made.
    pub started_us: u64,
    /// When the head of the answer was sent.
    pub answered_us: Option<u64>,
    /// When the first content of a stream was sent; nothing for other answers.
    pub first_token_us: Option<u64>,
    /// When the last byte was sent, or the connection was lost.
    pub ended_us: Option<u64>,
    /// Whether the client was gone before the answer was whole.
    pub client_left: bool,
    /// Whether a fault broke the connection before the answer was whole.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// Whether that was before anything of the answer had come.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unheard: bool,
    /// Whether the answer is a stream of events.
    pub stream: bool,
    /// Whether a stream reached its last event; nothing for other answers.
    pub stream_complete: Option<bool>,
    /// Whether the levels of the limits that the answer announces are counted already.
    #[serde(skip)]
    pub(crate) levels_noted: bool,
    /// Whether whoever makes a stream notes its first token and its last event here.
    #[serde(skip)]
    pub(crate) stream_notes: bool,
    /// Whether the last event of such a stream was made.
    #[serde(skip)]
    pub(crate) last_event: bool,
    /// The machine code of an error.
    pub error_code: Option<String>,
    /// What a 429 says there was too much of.
    pub limit: Option<Limit>,
    /// How long the answer asked the client to wait.
    pub retry_after_ms: Option<u64>,
    /// What the answer said about trying again.
    pub should_retry: Option<bool>,
    /// Whether the answer was a message that ended at its limit of tokens.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// Whether the answer was a message that paused (`pause_turn`) and has to be asked to go on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
    /// Whether the answer was a refusal of the model (`stop_reason: refusal`).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub refused: bool,
    /// Requests under way when it came, itself included.
    pub in_flight: u32,
    /// The prompt; only where the configuration asks for prompts.
    pub prompt: Option<String>,
}

/// What there was too much of: as far as an error's words say, or as the mock itself decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Requests, or something that the words do not name.
    Rate,
    /// Requests at the same time.
    Concurrency,
    /// Money: no retry helps.
    Spend,
    /// Tokens or bytes of the request alone, more than the limit ever has room for. The words are
    /// those of any other rate, so only the mock's own decision can be known to be of this kind.
    Request,
}

impl Trace {
    /// What the head of a request says.
    pub(crate) fn of(method: &Method, path: &str, headers: &HeaderMap) -> Self {
        let known = Known::of(headers);
        let credential = known.credential();
        Self {
            method: match *method {
                Method::POST => "POST".into(),
                Method::GET => "GET".into(),
                _ => cut(method.as_str(), MAX_TEXT).into(),
            },
            path: match known_path(path) {
                Some(known) => known.into(),
                None if is_of_id(path) => cut(secrets::name(path, credential), MAX_TEXT).into(),
                // Before it is cut: half a key looks like none.
                None => cut(&secrets::of_request(headers, path).text(path), MAX_TEXT).into(),
            },
            key: credential.map(hash),
            retry_count: retry_count(&known),
            user_agent: as_text(known.user_agent)
                .map(|agent| cut(secrets::name(agent, credential), MAX_TEXT)),
            ..Self::default()
        }
    }

    /// The request's key, in the words of the journal.
    pub(crate) fn identify(&mut self, key: RequestKey) {
        self.subject = Some(key.subject.into());
        self.attempt = key.attempt;
    }

    /// What is asked, and of which model, by who sent these headers.
    pub(crate) fn asks(&mut self, request: &MessagesRequest, headers: &HeaderMap) {
        let MessagesRequest { model_id, text, tokens_in, .. } = request;
        // System prompt and tools count among the tokens.
        let asked = xxh3_64_with_seed(text.as_bytes(), *tokens_in) ^ xxh3_64(model_id.as_bytes());
        self.question = Some(asked.into());
        self.model = Some(match model_id {
            Cow::Owned(made_up) => {
                cut(secrets::name(made_up, credential(headers)), MAX_TEXT).into()
            }
            Cow::Borrowed(known) => (*known).into(),
        });
    }

    /// The prompt, where the configuration wants it kept.
    pub(crate) fn says(&mut self, prompt: &str) {
        self.prompt = Some(cut(prompt, MAX_PROMPT));
    }
}

/// How many tries the client says came before: the SDK's own count, or the attempt of the AWS SDKs
/// (`amz-sdk-request: attempt=2; max=3`), which is counted from 1.
fn retry_count(known: &Known<'_>) -> Option<u32> {
    if let Some(count) = as_text(known.retry_count) {
        return count.parse().ok();
    }
    let mut fields = as_text(known.aws_attempt)?.split(';').map(str::trim);
    let attempt: u32 = fields.find_map(|field| field.strip_prefix("attempt="))?.parse().ok()?;
    attempt.checked_sub(1)
}

/// The first 48 bits of the key's SHA-256: enough to tell clients apart, too little to confirm a
/// guess about anything but the key itself.
fn hash(key: &[u8]) -> Hex<6> {
    thread_local! {
        /// The latest key and its hash. A client sends the same key with every request.
        static LATEST: Cell<Option<(u128, [u8; 6])>> = const { Cell::new(None) };
    }
    let name = xxh3_128(key);
    let short = match LATEST.get() {
        Some((latest, short)) if latest == name => short,
        _ => {
            let mut short = [0; 6];
            short.copy_from_slice(&Sha256::digest(key)[..6]);
            LATEST.set(Some((name, short)));
            short
        }
    };
    Hex(short)
}

fn cut(text: &str, characters: usize) -> String {
    // No text has more characters than bytes.
    if text.len() <= characters {
        return text.to_owned();
    }
    text.chars().take(characters).collect()
}

/// A trace that is still open, and its place in the journal once it has one.
#[derive(Debug, Default)]
pub(crate) struct Open {
    pub(crate) trace: Trace,
    pub(crate) number: Option<u64>,
}

/// An open trace, shared by those who note things about it. Never locked across an await.
#[derive(Debug, Clone, Default)]
pub(crate) struct Handle(Arc<Mutex<Open>>);

impl Handle {
    pub(crate) fn new(trace: Trace) -> Self {
        Self(Arc::new(Mutex::new(Open { trace, number: None })))
    }

    pub(crate) fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock()
    }

    /// Notes an event of a stream, by its name: the first token, and the last event.
    pub(crate) fn note_event(&self, name: &str, clock: &Clock) {
        match name {
            CONTENT_BLOCK_DELTA => {
                let trace = &mut self.open().trace;
                trace.first_token_us.get_or_insert_with(|| clock.now_us());
            }
            MESSAGE_STOP => self.open().trace.last_event = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(name: &'static str, value: &'static str) -> Trace {
        let mut headers = HeaderMap::new();
        headers.insert(name, http::HeaderValue::from_static(value));
        Trace::of(&Method::POST, "/v1/messages", &headers)
    }

    #[test]
    fn a_key_is_kept_as_a_short_hash_that_is_the_same_in_both_of_its_places() {
        let plain = trace("x-api-key", "sk-ant-secret").key.unwrap();
        assert_eq!(plain.to_string().len(), 12);
        assert_eq!(trace("authorization", "Bearer sk-ant-secret").key, Some(plain));
        assert_ne!(trace("x-api-key", "sk-ant-other").key, Some(plain));
        assert_eq!(trace("x-api-key", "  ").key, None);
    }

    #[test]
    fn no_field_repeats_the_key() {
        let mut headers = HeaderMap::new();
        headers.insert("x-api-key", http::HeaderValue::from_static("opaque-key-1"));
        headers.insert("user-agent", http::HeaderValue::from_static("me/1 opaque-key-1"));
        let path = "/v1/opaque%2Dkey-1/b3BhcXVlLWtleS0x";
        let trace = Trace::of(&Method::GET, path, &headers);
        assert_eq!(trace.path, "/v1/[masked]/[masked]");
        assert_eq!(trace.user_agent.as_deref(), Some("[masked]"));
        let path = |path: &str| Trace::of(&Method::GET, path, &headers).path;
        assert_eq!(path("/v1/files/file_1/content"), "/v1/files/file_1/content");
        assert_eq!(path("/v1/files/file_opaque-key-1"), "[masked]");
    }

    #[test]
    fn retries_are_counted_as_either_family_of_sdks_says_them() {
        assert_eq!(trace("x-stainless-retry-count", "2").retry_count, Some(2));
        assert_eq!(trace("amz-sdk-request", "attempt=1; max=3").retry_count, Some(0));
        assert_eq!(trace("amz-sdk-request", "ttl=x; attempt=3").retry_count, Some(2));
        for wrong in ["", "attempt=0", "attempt=x", "max=3"] {
            assert_eq!(trace("amz-sdk-request", wrong).retry_count, None, "{wrong}");
        }
    }

    #[test]
    fn nothing_that_a_client_sends_is_kept_at_any_length() {
        let long = "x".repeat(10_000);
        let trace = Trace::of(&Method::GET, &long, &HeaderMap::new());
        assert_eq!(trace.path.len(), MAX_TEXT);
    }
}

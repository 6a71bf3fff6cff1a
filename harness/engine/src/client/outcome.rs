//! The outcome of a request: an answer or why there is none, and what the headers said.

use http::HeaderMap;
use reports::Cause;

use super::answer::{Answer, Failure};
use super::server_hints::{RetryAfter, ServerHints, text};
use super::transport::{Break, TransportError};
use super::usage::Usage;

/// The outcome of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The HTTP status, where there was a response.
    pub status: Option<u16>,
    /// The `request-id` header.
    pub request_id: Option<String>,
    /// What the headers say about trying again.
    pub hints: ServerHints,
    /// Where the connection broke, where it did.
    pub broke: Option<Break>,
    /// The tokens that the reply tells of, where it does.
    pub usage: Option<Usage>,
    /// The answer, or why there is none and the server's words for it.
    pub result: Result<Answer, Failure>,
}

/// Something of a response that is seen before it is whole.
#[derive(Debug, Clone, Copy)]
pub enum Sight<'a> {
    /// Its head.
    Head(Head<'a>),
    /// The first content of a stream. An answer that is not streamed shows none.
    FirstToken,
}

/// The head of a response, known before its body.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The HTTP status.
    pub status: u16,
    /// What its headers say.
    pub hints: &'a ServerHints,
}

impl Outcome {
    /// An attempt that ended without a response.
    pub fn without_response(cause: Cause, detail: impl Into<String>) -> Self {
        Self {
            status: None,
            request_id: None,
            hints: ServerHints::default(),
            broke: None,
            usage: None,
            result: Err(Failure::new(cause, detail)),
        }
    }

    /// An attempt whose connection failed before there was a response.
    pub fn broken(error: &TransportError) -> Self {
        let broke = Some(error.broke);
        Self { broke, ..Self::without_response(Cause::Connection, error.to_string()) }
    }

    /// The same outcome under the head of its response.
    #[must_use]
    pub(super) fn under(self, status: u16, headers: &HeaderMap, hints: ServerHints) -> Self {
        let names = ["request-id", "x-amzn-requestid"];
        let request_id = names.iter().find_map(|name| text(headers, name)).map(str::to_owned);
        Self { status: Some(status), request_id, hints, ..self }
    }

    /// The `retry-after` header in whole seconds, where it is not a date.
    pub fn retry_after_s(&self) -> Option<u64> {
        self.hints.retry_after.and_then(RetryAfter::whole_seconds)
    }
}

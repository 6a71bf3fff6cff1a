//! An answer to one part of a file, or why there is none.

use reports::Cause;

/// The answer to one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The text.
    pub text: String,
    /// Whether it was cut at `max_tokens`.
    pub truncated: bool,
}

/// Why a part has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Why.
    pub cause: Cause,
    /// In the words of the server, or of the transport.
    pub detail: String,
}

impl Failure {
    /// A failure in these words.
    pub fn new(cause: Cause, detail: impl Into<String>) -> Self {
        Self { cause, detail: detail.into() }
    }
}

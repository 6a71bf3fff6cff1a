//! What is kept of one request: what was decided, what was seen, and the sum over all.

use serde::Serialize;

use super::trace::Trace;

/// One request, as it was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// When it was decided, in microseconds since the mock was made.
    pub at_us: u64,
    /// The id that the response carries.
    pub request_id: String,
    /// The client's own mark on the request, from the `x-mock-tag` header.
    pub tag: Option<String>,
    /// The HTTP status.
    pub status: u16,
    /// The error type, where it is one.
    pub error: Option<&'static str>,
    /// The fault that was injected, where one was.
    pub fault: Option<String>,
    /// Tokens read and charged.
    pub tokens_in: u64,
    /// Tokens written and charged.
    pub tokens_out: u64,
    /// The charge in micro-dollars.
    pub cost_microusd: u64,
}

/// The sum of all entries, those included that the journal no longer holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Requests decided.
    pub requests: u64,
    /// Requests answered with an error.
    pub errors: u64,
    /// Tokens charged for reading.
    pub tokens_in: u64,
    /// Tokens charged for writing.
    pub tokens_out: u64,
    /// Micro-dollars charged.
    pub cost_microusd: u64,
}

impl Ledger {
    /// Adds a request.
    pub(super) fn add(&mut self, entry: &Entry) {
        self.requests += 1;
        self.errors += u64::from(entry.status >= 400);
        self.tokens_in += entry.tokens_in;
        self.tokens_out += entry.tokens_out;
        self.cost_microusd += entry.cost_microusd;
    }
}

/// One request in full: what was decided, and what was seen of it from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    /// Its number among all that were written, from 0.
    pub number: u64,
    /// What was decided; its status and error are those that were sent, once they were.
    pub entry: Entry,
    /// What was seen.
    #[serde(rename = "visit")]
    pub trace: Trace,
}

impl Entry {
    /// The entry of a request that no decision was made about, such as one without a route.
    pub(super) fn undecided(at_us: u64) -> Self {
        Self {
            at_us,
            request_id: String::new(),
            tag: None,
            status: 0,
            error: None,
            fault: None,
            tokens_in: 0,
            tokens_out: 0,
            cost_microusd: 0,
        }
    }
}

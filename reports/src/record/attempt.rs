//! One request to the API, and one fault that the mock injected.
//!
//! Invariant: what an attempt cost is what the ledger charged for it, whether or not the client
//! saw the answer.

use serde::{Deserialize, Serialize};

use super::cause::Cause;

/// The job of an attempt that belongs to none.
pub const NO_JOB: u64 = 0;

/// One request to the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The pipeline that called.
    pub pipeline: String,
    /// The job, counted from 1; [`NO_JOB`] where the call of a command or a service belongs to
    /// none.
    pub job: u64,
    /// The part of the job's file, counted from 1; 1 where the file is sent whole.
    pub chunk: u64,
    /// The attempt at this part, counted from 1.
    pub attempt: u64,
    /// When the request was sent.
    pub start_us: u64,
    /// When the outcome was known.
    pub end_us: u64,
    /// The HTTP status; absent where no response came.
    pub status: Option<u16>,
    /// Why the attempt failed; absent where it gave a whole answer.
    pub cause: Option<Cause>,
    /// The server's own words for a failure, or the transport's.
    pub detail: Option<String>,
    /// The `request-id` header.
    pub request_id: Option<String>,
    /// The `retry-after` header in seconds.
    pub retry_after_s: Option<u64>,
    /// Input tokens that the ledger charged for this attempt.
    pub tokens_in: u64,
    /// Output tokens that the ledger charged for this attempt.
    pub tokens_out: u64,
    /// What the ledger charged for this attempt, whether or not the client saw the answer.
    pub cost_microusd: u64,
}

/// One fault that the mock injected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The pipeline that met it.
    pub pipeline: String,
    /// When it was injected.
    pub at_us: u64,
    /// The fault's name in the scenario.
    pub name: String,
    /// The HTTP status that it answered with, where it answers with one.
    pub status: Option<u16>,
    /// The request that it hit.
    pub request_id: String,
}

//! One request to the API, and one fault that the mock injected.
//!
//! Invariant: what an attempt cost is what the ledger charged for it, whether or not the client
//! saw the answer.

use serde::{Deserialize, Serialize};

use super::cause::Cause;
use super::name::PipelineName;

/// The job of an attempt that belongs to none.
pub const NO_JOB: u64 = 0;

/// One request to the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The pipeline that called.
    pub pipeline: PipelineName,
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
    /// From the sending to the first content of a stream, which may be several tokens at once.
    /// Absent, in the line as well, where none was seen: of an answer that is not streamed nobody
    /// knows when its first token was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_token_us: Option<u64>,
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
    /// What the reply told its client that it cost, where that is not what the ledger charged: 0
    /// where no reply came. Nothing of commands and services, whose replies nobody else reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_microusd: Option<u64>,
}

impl Attempt {
    /// The mean time from one token of a streamed answer to the next, in whole microseconds rounded
    /// to the nearest. Only of a whole answer with more than one token: what a broken stream was
    /// charged is not what it delivered.
    pub fn between_tokens_us(&self) -> Option<u64> {
        let is_whole = self.cause.is_none_or(|cause| cause == Cause::Truncated);
        let gaps = self.tokens_out.checked_sub(1).filter(|gaps| *gaps > 0 && is_whole)?;
        let took_us = self.end_us.saturating_sub(self.start_us);
        let writing_us = took_us.saturating_sub(self.first_token_us?);
        Some((writing_us + gaps / 2) / gaps)
    }
}

/// One fault that the mock injected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The pipeline that met it.
    pub pipeline: PipelineName,
    /// When it was injected.
    pub at_us: u64,
    /// The fault's name in the scenario.
    pub name: String,
    /// The HTTP status that it answered with, where it answers with one.
    pub status: Option<u16>,
    /// The request that it hit.
    pub request_id: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::record::Record;

    /// 40 tokens in 2 s, the first of them after 50 ms.
    fn streamed() -> Attempt {
        let attempt = fixture::records().into_iter().find_map(|record| match record {
            Record::Attempt(attempt) => Some(attempt),
            _ => None,
        });
        Attempt {
            start_us: 1_000_000,
            end_us: 3_000_000,
            first_token_us: Some(50_000),
            cause: None,
            tokens_out: 40,
            ..attempt.unwrap()
        }
    }

    #[test]
    fn the_time_between_tokens_begins_at_the_first() {
        assert_eq!(streamed().between_tokens_us(), Some(50_000));
        let nearest = Attempt { tokens_out: 41, ..streamed() };
        assert_eq!(nearest.between_tokens_us(), Some(48_750));
        let cut = Attempt { cause: Some(Cause::Truncated), ..streamed() };
        assert_eq!(cut.between_tokens_us(), Some(50_000));
    }

    #[test]
    fn there_is_none_without_a_first_token_a_second_one_or_a_whole_answer() {
        for without in [
            Attempt { first_token_us: None, ..streamed() },
            Attempt { tokens_out: 1, ..streamed() },
            Attempt { tokens_out: 0, ..streamed() },
            Attempt { cause: Some(Cause::Connection), ..streamed() },
        ] {
            assert_eq!(without.between_tokens_us(), None);
        }
    }

    #[test]
    fn a_first_token_that_was_not_seen_is_not_in_the_line() {
        let line = |attempt| Record::Attempt(attempt).to_line();
        assert!(line(streamed()).contains(r#""first_token_us":50000,"#));
        let without = line(Attempt { first_token_us: None, ..streamed() });
        assert!(!without.contains("first_token"));
        let read: Record = serde_json::from_str(&without).unwrap();
        assert_eq!(read.to_line(), without);
    }
}

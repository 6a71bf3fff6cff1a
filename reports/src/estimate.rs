//! An estimate of a run: three cases of one unknown, and where each would break.
//!
//! Invariant: a number is never alone. The middle is what the simulation itself would assume; low
//! and high are the least and the most of all cases, because a case with more tokens may cost less
//! where it fails sooner.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::record::{Cause, Currency};

/// The version of the format that this crate writes.
pub const FORMAT: u32 = 1;

/// The estimate of runs over one source tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// [`FORMAT`].
    pub format: u32,
    /// Files that would be sent.
    pub files: u64,
    /// Files that would not be, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Lines of the files that would be sent.
    pub lines: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Definitions in them.
    pub definitions: u64,
    /// What the range covers, and what it does not, in sentences.
    pub assumptions: Vec<String>,
    /// The pipelines in the order in which they were named.
    pub pipelines: Vec<PipelineEstimate>,
    /// The currency in addition to the dollar.
    pub currency: Currency,
}

/// The estimate of one pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineEstimate {
    /// The pipeline.
    pub pipeline: String,
    /// The model that it asks.
    pub model: String,
    /// Files that would be documented.
    pub documented: Range,
    /// Requests.
    pub calls: Range,
    /// Requests that the rate limits would refuse.
    pub refused: Range,
    /// Parts that an earlier answer would serve.
    pub cache_hits: Range,
    /// Tokens read.
    pub tokens_in: Range,
    /// Tokens written.
    pub tokens_out: Range,
    /// Micro-dollars.
    pub cost_microusd: Range,
    /// From the first request to the end of the last file, as one batch.
    pub elapsed_us: Range,
    /// Files that would fail, by cause.
    pub failures: Vec<Breakage>,
}

/// Files that would fail of one cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breakage {
    /// The cause.
    pub cause: Cause,
    /// How many.
    pub files: Range,
    /// The first of them.
    pub example: String,
}

/// The least, the middle and the most of three cases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The least of the cases.
    pub low: u64,
    /// The middle case.
    pub mid: u64,
    /// The most of the cases.
    pub high: u64,
}

impl Range {
    /// The range of three cases, the middle one second.
    pub fn of([low, mid, high]: [u64; 3]) -> Self {
        Self { low: low.min(mid).min(high), mid, high: low.max(mid).max(high) }
    }

    /// Whether a measured value lies inside, both ends included.
    pub const fn holds(&self, value: u64) -> bool {
        self.low <= value && value <= self.high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_are_the_least_and_the_most_whichever_case_they_come_from() {
        let range = Range::of([5, 9, 2]);
        assert_eq!((range.low, range.mid, range.high), (2, 9, 9));
        assert!(range.holds(2) && range.holds(9) && !range.holds(10));
    }
}

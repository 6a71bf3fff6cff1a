//! What goes wrong with a pipeline's cache while a scenario runs.
//!
//! It is the scenario's and not a pipeline's, because two pipelines have to meet the same faults.
//! No leaf has a cache, so the type stands here; `harness` has one, and acts on it.

use std::num::NonZeroU64;

use mock_claude::internals::chance::Share;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::Problem;

/// A `[[cache_fault]]` section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum CacheFault {
    /// The cache answers with an error; without a `share`, that is an outage.
    Error {
        /// Whether reading or writing fails; both without it.
        #[serde(default)]
        on: Option<CacheOperation>,
        /// When.
        #[serde(default)]
        when: CacheWhen,
    },
    /// The cache takes its time.
    Latency {
        /// How long.
        #[schemars(range(min = 1, max = 3_600_000))]
        ms: u64,
        /// Whether reading or writing takes long; both without it.
        #[serde(default)]
        on: Option<CacheOperation>,
        /// When.
        #[serde(default)]
        when: CacheWhen,
    },
    /// The end of what is read is lost.
    Corruption {
        /// When.
        #[serde(default)]
        when: CacheWhen,
    },
    /// What was written a moment ago is not yet there for those who read.
    StaleRead {
        /// How long it takes to be there.
        within_ms: NonZeroU64,
        /// When.
        #[serde(default)]
        when: CacheWhen,
    },
    /// More writes in one second than the table takes are refused.
    WriteThrottle {
        /// The writes that it takes.
        writes_per_second: NonZeroU64,
        /// When; the `share` is that of the writes beyond.
        #[serde(default)]
        when: CacheWhen,
    },
}

/// What is done with a cache.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CacheOperation {
    /// An answer is looked up.
    Read,
    /// An answer is kept.
    Write,
}

/// The `when` table of a fault. Without any condition, every operation is hit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CacheWhen {
    /// Share of the operations, from 0 to 1, decided by seed, content and attempt.
    pub share: Option<Share>,
    /// From this second of the run on.
    #[schemars(range(max = 315_360_000))]
    pub from_s: Option<u64>,
    /// Until before this second of the run.
    #[schemars(range(max = 315_360_000))]
    pub until_s: Option<u64>,
}

impl CacheFault {
    /// The fault's name in the records.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Error { .. } => "cache error",
            Self::Latency { .. } => "cache latency",
            Self::Corruption { .. } => "cache corruption",
            Self::StaleRead { .. } => "cache stale read",
            Self::WriteThrottle { .. } => "cache write throttle",
        }
    }

    /// When it happens.
    pub const fn when(&self) -> &CacheWhen {
        match self {
            Self::Error { when, .. }
            | Self::Latency { when, .. }
            | Self::Corruption { when }
            | Self::StaleRead { when, .. }
            | Self::WriteThrottle { when, .. } => when,
        }
    }

    /// Whether it can happen to this operation.
    pub fn concerns(&self, operation: CacheOperation) -> bool {
        match self {
            Self::Error { on, .. } | Self::Latency { on, .. } => {
                on.is_none_or(|on| on == operation)
            }
            Self::Corruption { .. } | Self::StaleRead { .. } => operation == CacheOperation::Read,
            Self::WriteThrottle { .. } => operation == CacheOperation::Write,
        }
    }

    /// What no single key's range can say.
    pub fn problems(&self) -> Vec<Problem> {
        let CacheWhen { from_s, until_s, .. } = self.when();
        match (from_s, until_s) {
            (Some(from), Some(until)) if from >= until => {
                let message = format!("must be greater than `from_s` ({from})");
                vec![Problem::new("when.until_s", message)]
            }
            _ => Vec::new(),
        }
    }
}

impl CacheWhen {
    /// Whether this moment is in the window.
    pub fn includes(&self, at_us: u64) -> bool {
        let second = at_us / 1_000_000;
        self.from_s.is_none_or(|from| second >= from)
            && self.until_s.is_none_or(|until| second < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_before_its_end() {
        let when = CacheWhen { share: None, from_s: Some(10), until_s: Some(20) };
        let at_s = [9, 10, 19, 20];
        assert_eq!(at_s.map(|at| when.includes(at * 1_000_000)), [false, true, true, false]);
        assert!(CacheWhen::default().includes(0));
    }
}

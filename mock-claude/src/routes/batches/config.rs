//! The `[batch]` section: how long batches take, and how many requests may wait.

use std::num::{NonZeroU64, NonZeroUsize};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::Problem;

/// How message batches are processed. Each request takes a time of its own, decided by the seed
/// and its content; a batch ends with its last request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BatchConfig {
    /// Milliseconds that a request of a batch takes, at least.
    #[schemars(range(max = 2_592_000_000_u64))]
    pub shortest_ms: u64,
    /// Milliseconds that a request of a batch takes, at most. Over 24 hours, requests expire.
    #[schemars(range(max = 2_592_000_000_u64))]
    pub longest_ms: u64,
    /// Milliseconds from a cancellation to the end: what is done by then still succeeds.
    #[schemars(range(max = 86_400_000))]
    pub cancel_ms: u64,
    /// Requests that may be in processing in all batches together.
    pub queue_requests: NonZeroUsize,
    /// Requests a minute to the routes of batches, polls included, which have this limit of their
    /// own. Without it, the one of the tier in `[limits]`; without a tier, none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<NonZeroU64>,
}

impl Default for BatchConfig {
    /// A quiet day, and the queue of the highest tier.
    fn default() -> Self {
        Self {
            shortest_ms: 30_000,
            longest_ms: 300_000,
            cancel_ms: 10_000,
            queue_requests: NonZeroUsize::MIN.saturating_add(499_999),
            requests_per_minute: None,
        }
    }
}

impl BatchConfig {
    /// What no single key's range can say.
    pub fn problems(&self) -> Vec<Problem> {
        if self.shortest_ms <= self.longest_ms {
            return Vec::new();
        }
        let message = format!("must not be less than `shortest_ms` ({})", self.shortest_ms);
        vec![Problem::new("longest_ms", message)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_time_is_not_less_than_the_shortest() {
        assert_eq!(BatchConfig::default().problems(), []);
        let wrong = BatchConfig { longest_ms: 5, ..BatchConfig::default() };
        assert_eq!(wrong.problems()[0].message, "must not be less than `shortest_ms` (30000)");
    }
}

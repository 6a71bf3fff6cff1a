//! The retry budget: how many retries all jobs of a pipeline may make together.
//!
//! A retry that everybody makes at once is a second load on an API that could not bear the first.
//! The bucket starts full; each first call adds a share of a retry to it, each retry takes one.
//! Invariant: there are never more retries than `burst` and `ratio` of the first calls together.

use std::num::NonZeroU32;

use mock_claude::chance::{MILLION, Share};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `[budget]` section.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "policy", rename_all = "snake_case", deny_unknown_fields)]
pub enum BudgetPolicy {
    /// Every call may be retried, whatever the others do.
    #[default]
    Off,
    /// A bucket of retries that first calls fill.
    TokenBucket {
        /// Retries for each first call.
        ratio: Share,
        /// Retries that the bucket holds, and starts with.
        burst: NonZeroU32,
    },
}

/// The bucket, in millionths of a retry.
#[derive(Debug)]
pub struct Budget {
    each: u64,
    most: u64,
    level: u64,
}

impl Budget {
    /// A full bucket; none where the policy is off.
    pub fn new(policy: &BudgetPolicy) -> Option<Self> {
        let BudgetPolicy::TokenBucket { ratio, burst } = policy else { return None };
        let most = u64::from(burst.get()) * MILLION;
        Some(Self { each: ratio.millionths(), most, level: most })
    }

    /// Notes a first call.
    pub fn called(&mut self) {
        self.level = (self.level + self.each).min(self.most);
    }

    /// Whether there is a retry left.
    pub const fn has_one(&self) -> bool {
        self.level >= MILLION
    }

    /// Takes a retry.
    pub const fn take(&mut self) {
        self.level = self.level.saturating_sub(MILLION);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn retries_never_exceed_the_burst_and_the_share_of_the_calls(
            ratio in 0_u32..=1_000_000,
            burst in 1_u32..50,
            wants_retry in proptest::collection::vec(any::<bool>(), 0..400),
        ) {
            let policy = BudgetPolicy::TokenBucket {
                ratio: Share::of_millionths(ratio),
                burst: NonZeroU32::new(burst).unwrap(),
            };
            let mut budget = Budget::new(&policy).unwrap();
            let (mut calls, mut retries) = (0_u64, 0_u64);
            for retry in wants_retry {
                if !retry {
                    budget.called();
                    calls += 1;
                } else if budget.has_one() {
                    budget.take();
                    retries += 1;
                }
                let allowed = u64::from(burst) * MILLION + calls * u64::from(ratio);
                prop_assert!(retries * MILLION <= allowed);
            }
        }
    }

    #[test]
    fn an_empty_bucket_is_filled_by_first_calls() {
        let policy = BudgetPolicy::TokenBucket {
            ratio: Share::of_millionths(250_000),
            burst: NonZeroU32::MIN,
        };
        let mut budget = Budget::new(&policy).unwrap();
        budget.take();
        for _ in 0..3 {
            budget.called();
            assert!(!budget.has_one());
        }
        budget.called();
        assert!(budget.has_one());
    }
}

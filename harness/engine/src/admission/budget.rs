//! The retry budget: how many retries all jobs of a pipeline may make together.
//!
//! A retry that everybody makes at once is a second load on an API that could not bear the first.
//! The bucket starts full; each first call adds a share of a retry to it, time may add some, and
//! each retry takes one. Invariant: there are never more retries than `burst`, `ratio` of the first
//! calls and `per_minute` of the time together.

use std::num::NonZeroU32;

use mock_claude::internals::chance::{MILLION, Share};
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
        /// Retries for each minute, whatever else is called. With them, a retry for which there is
        /// no room waits for it; without them, it is not made.
        #[serde(default)]
        #[schemars(range(max = 1_000_000))]
        per_minute: u32,
    },
}

/// The bucket, in millionths of a retry by the microseconds of a minute: what a minute's worth
/// refills in a microsecond is then a whole number.
#[derive(Debug)]
pub struct Budget {
    each: u128,
    most: u128,
    per_us: u128,
    level: u128,
    at_us: u64,
}

/// One retry.
const RETRY: u128 = MILLION as u128 * 60_000_000;

/// Whether a retry may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// It may.
    Now,
    /// Not before so many microseconds have passed.
    In(u64),
    /// It may not.
    Never,
}

impl Budget {
    /// A full bucket; none where the policy is off.
    pub fn new(policy: &BudgetPolicy) -> Option<Self> {
        let BudgetPolicy::TokenBucket { ratio, burst, per_minute } = policy else { return None };
        let most = u128::from(burst.get()) * RETRY;
        let each = u128::from(ratio.millionths()) * (RETRY / u128::from(MILLION));
        let per_us = u128::from(*per_minute) * u128::from(MILLION);
        Some(Self { each, most, per_us, level: most, at_us: 0 })
    }

    /// Notes a first call.
    pub fn called(&mut self) {
        self.level = (self.level + self.each).min(self.most);
    }

    /// Whether there is a retry left.
    pub fn room(&mut self, now_us: u64) -> Room {
        let refilled = u128::from(now_us.saturating_sub(self.at_us)) * self.per_us;
        self.level = (self.level + refilled).min(self.most);
        self.at_us = self.at_us.max(now_us);
        match RETRY.saturating_sub(self.level) {
            0 => Room::Now,
            _ if self.per_us == 0 => Room::Never,
            missing => Room::In(u64::try_from(missing.div_ceil(self.per_us)).unwrap_or(u64::MAX)),
        }
    }

    /// Takes a retry.
    pub const fn take(&mut self) {
        self.level = self.level.saturating_sub(RETRY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn budget(ratio_millionths: u32, burst: u32, per_minute: u32) -> Budget {
        let policy = BudgetPolicy::TokenBucket {
            ratio: Share::of_millionths(ratio_millionths),
            burst: NonZeroU32::new(burst).unwrap(),
            per_minute,
        };
        Budget::new(&policy).unwrap()
    }

    proptest! {
        #[test]
        fn retries_never_exceed_the_burst_and_the_shares_of_calls_and_time(
            ratio in 0_u32..=1_000_000,
            burst in 1_u32..50,
            per_minute in 0_u32..100,
            steps in proptest::collection::vec((any::<bool>(), 0_u64..3_000_000), 0..400),
        ) {
            let mut budget = budget(ratio, burst, per_minute);
            let (mut calls, mut retries, mut now_us) = (0_u128, 0_u128, 0_u64);
            for (wants_retry, passes_us) in steps {
                now_us += passes_us;
                if !wants_retry {
                    budget.called();
                    calls += 1;
                } else if budget.room(now_us) == Room::Now {
                    budget.take();
                    retries += 1;
                }
                let allowed = u128::from(burst) * RETRY
                    + calls * u128::from(ratio) * 60_000_000
                    + u128::from(now_us) * u128::from(per_minute) * u128::from(MILLION);
                prop_assert!(retries * RETRY <= allowed);
            }
        }
    }

    #[test]
    fn an_empty_bucket_is_filled_by_first_calls() {
        let mut budget = budget(250_000, 1, 0);
        budget.take();
        for _ in 0..3 {
            budget.called();
            assert_eq!(budget.room(0), Room::Never);
        }
        budget.called();
        assert_eq!(budget.room(0), Room::Now);
    }

    #[test]
    fn waiting_as_long_as_it_says_is_enough_and_a_microsecond_less_is_not() {
        let mut budget = budget(0, 1, 10);
        budget.take();
        assert_eq!(budget.room(0), Room::In(6_000_000), "ten a minute are one in six seconds");
        assert_eq!(budget.room(5_999_999), Room::In(1));
        assert_eq!(budget.room(6_000_000), Room::Now);
    }
}

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

use super::bucket::Bucket;

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
    bucket: Bucket,
    /// What a first call adds to it.
    each: i128,
}

/// One retry.
const RETRY: i128 = MILLION as i128 * 60_000_000;

/// Whether a retry may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// It may.
    Now,
    /// Not before this many microseconds have passed.
    In(u64),
    /// It may not.
    Never,
}

impl Budget {
    /// A full bucket; none where the policy is off.
    pub fn new(policy: &BudgetPolicy) -> Option<Self> {
        let BudgetPolicy::TokenBucket { ratio, burst, per_minute } = policy else { return None };
        let capacity = i128::from(burst.get()) * RETRY;
        let per_us = i128::from(*per_minute) * i128::from(MILLION);
        let each = i128::from(ratio.millionths()) * (RETRY / i128::from(MILLION));
        Some(Self { bucket: Bucket::full(capacity, per_us), each })
    }

    /// Notes a first call.
    pub fn called(&mut self) {
        self.bucket.add(self.each);
    }

    /// Whether there is a retry left.
    pub fn room(&self, now_us: u64) -> Room {
        match self.bucket.wait_us(now_us, RETRY) {
            Some(0) => Room::Now,
            Some(wait_us) => Room::In(wait_us),
            None => Room::Never,
        }
    }

    /// Takes a retry.
    pub fn take(&mut self, now_us: u64) {
        self.bucket.take(now_us, RETRY);
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
            let (mut calls, mut retries, mut now_us) = (0_i128, 0_i128, 0_u64);
            for (wants_retry, passes_us) in steps {
                now_us += passes_us;
                if !wants_retry {
                    budget.called();
                    calls += 1;
                } else if budget.room(now_us) == Room::Now {
                    budget.take(now_us);
                    retries += 1;
                }
                let allowed = i128::from(burst) * RETRY
                    + calls * i128::from(ratio) * 60_000_000
                    + i128::from(now_us) * i128::from(per_minute) * i128::from(MILLION);
                prop_assert!(retries * RETRY <= allowed);
            }
        }
    }

    #[test]
    fn an_empty_bucket_is_filled_by_first_calls() {
        let mut budget = budget(250_000, 1, 0);
        budget.take(0);
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
        budget.take(0);
        assert_eq!(budget.room(0), Room::In(6_000_000), "ten a minute are one in six seconds");
        assert_eq!(budget.room(5_999_999), Room::In(1));
        assert_eq!(budget.room(6_000_000), Room::Now);
    }
}

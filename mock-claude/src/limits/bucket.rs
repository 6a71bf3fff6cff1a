//! The token bucket: refills continuously, holds at most its burst, and may be overdrawn.
//!
//! Levels are kept in units of one by the microseconds of the rate's period, so that what refills
//! in a microsecond is a whole number and no rounding adds up.

use std::num::NonZeroU64;

/// Units of one where the rate is a minute's: what refills in a microsecond is the rate.
const MINUTE_UNITS: i128 = 60_000_000;

/// The same for an hour's.
const HOUR_UNITS: i128 = 60 * MINUTE_UNITS;

/// A limit that refills continuously.
#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) rate: NonZeroU64,
    burst: NonZeroU64,
    units: i128,
    level: i128,
    updated_us: u64,
}

impl Bucket {
    /// A full bucket at time 0.
    pub(super) fn new(per_minute: NonZeroU64, burst: NonZeroU64) -> Self {
        Self::full(per_minute, burst, MINUTE_UNITS)
    }

    /// A full bucket that holds an hour's worth.
    pub(super) fn per_hour(rate: NonZeroU64) -> Self {
        Self::full(rate, rate, HOUR_UNITS)
    }

    fn full(rate: NonZeroU64, burst: NonZeroU64, units: i128) -> Self {
        Self { rate, burst, units, level: i128::from(burst.get()) * units, updated_us: 0 }
    }

    /// Microseconds until `amount` fits; none where it is more than the bucket ever holds.
    pub(super) fn wait_us(&mut self, now_us: u64, amount: u64) -> Option<u64> {
        self.refill(now_us);
        let wanted = i128::from(amount) * self.units;
        (amount <= self.burst.get()).then(|| self.time_to(wanted))
    }

    pub(super) fn take(&mut self, now_us: u64, amount: u64) {
        self.refill(now_us);
        self.level -= i128::from(amount) * self.units;
    }

    /// Gives back what was taken and not used.
    pub(super) fn give(&mut self, now_us: u64, amount: u64) {
        self.refill(now_us);
        let full = i128::from(self.burst.get()) * self.units;
        self.level = (self.level + i128::from(amount) * self.units).min(full);
    }

    pub(super) fn remaining(&mut self, now_us: u64) -> u64 {
        self.refill(now_us);
        u64::try_from(self.level / self.units).unwrap_or(0)
    }

    pub(super) fn reset_us(&mut self, now_us: u64) -> u64 {
        self.refill(now_us);
        self.time_to(i128::from(self.burst.get()) * self.units)
    }

    /// Microseconds until the level is `target`.
    fn time_to(&self, target: i128) -> u64 {
        let missing = (target - self.level).max(0);
        let rate = i128::from(self.rate.get());
        u64::try_from((missing + rate - 1) / rate).unwrap_or(u64::MAX)
    }

    fn refill(&mut self, now_us: u64) {
        let elapsed = i128::from(now_us.saturating_sub(self.updated_us));
        let full = i128::from(self.burst.get()) * self.units;
        self.level = (self.level + elapsed * i128::from(self.rate.get())).min(full);
        self.updated_us = self.updated_us.max(now_us);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bucket(per_minute: u64, burst: u64) -> Bucket {
        Bucket::new(NonZeroU64::new(per_minute).unwrap(), NonZeroU64::new(burst).unwrap())
    }

    const SECOND: u64 = 1_000_000;

    #[test]
    fn fifty_a_minute_with_a_burst_of_four_admits_four_at_once_then_one_every_1200_ms() {
        let mut bucket = bucket(50, 4);
        for _ in 0..4 {
            assert_eq!(bucket.wait_us(0, 1), Some(0));
            bucket.take(0, 1);
        }
        assert_eq!(bucket.wait_us(0, 1), Some(1_200_000));
        assert!(bucket.wait_us(1_199_999, 1) > Some(0));
        assert_eq!(bucket.wait_us(1_200_000, 1), Some(0));
    }

    #[test]
    fn no_wait_makes_room_for_what_is_larger_than_the_bucket() {
        let mut bucket = bucket(60, 10);
        bucket.take(0, 10);
        assert_eq!(bucket.wait_us(0, 10), Some(10 * SECOND));
        assert_eq!([0, 100 * SECOND].map(|now_us| bucket.wait_us(now_us, 11)), [None; 2]);
    }

    proptest! {
        #[test]
        fn never_more_than_burst_plus_rate_is_admitted(
            per_minute in 1_u64..100_000,
            burst in 1_u64..1_000,
            gaps in proptest::collection::vec(0_u64..5_000_000, 1..200),
        ) {
            let mut bucket = bucket(per_minute, burst);
            let (mut now, mut admitted) = (0, 0_u128);
            for gap in gaps {
                now += gap;
                if bucket.wait_us(now, 1) == Some(0) {
                    bucket.take(now, 1);
                    admitted += 1;
                }
                let refilled = u128::from(now) * u128::from(per_minute) / 60_000_000;
                prop_assert!(admitted <= u128::from(burst) + refilled);
            }
        }

        #[test]
        fn waiting_as_long_as_it_says_is_enough_and_a_microsecond_less_is_not(
            per_minute in 1_u64..100_000, burst in 1_u64..1_000, amount in 1_u64..1_000,
        ) {
            let amount = amount.min(burst);
            let mut bucket = bucket(per_minute, burst);
            bucket.take(0, burst);
            let wait = bucket.wait_us(0, amount).expect("no more than the burst");
            prop_assert!(bucket.wait_us(wait - 1, amount) > Some(0));
            prop_assert_eq!(bucket.wait_us(wait, amount), Some(0));
        }
    }
}

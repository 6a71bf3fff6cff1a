//! One limit as a response announced it, what was spent of it since, and what has come back.
//!
//! Levels are kept in units of one by the microseconds of a minute, so that what a limit refills in
//! a microsecond is a whole number and no rounding adds up. A level may be overdrawn; it never
//! holds more than the limit does.

use std::collections::VecDeque;
use std::num::NonZeroU64;

use super::bucket::Bucket;
use crate::client::server_hints::Announced;

/// A level of 1 in the units in which levels are kept: what a limit a minute refills in a
/// microsecond is then a whole number.
const MINUTE_US: u64 = 60_000_000;

/// What a response says of one limit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lesson {
    pub(super) announced: Announced,
    /// The call that is answered.
    pub(super) sequence: u64,
    /// Where it stands among what was spent.
    pub(super) order: u64,
    pub(super) at_us: u64,
    pub(super) reset_us: u64,
    pub(super) rounding: u64,
}

/// One limit as it is known.
#[derive(Debug, Default)]
pub(super) struct Meter {
    known: Option<Known>,
    /// The latest call that was learnt from.
    sequence: u64,
    /// What was spent after that, each with its place in the order.
    spent: VecDeque<(u64, u64)>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    limit: u64,
    capacity: u64,
    /// What was left, in units of one by the microseconds of a minute.
    bucket: Bucket,
}

/// An amount in the units of a level.
const fn units(amount: u64) -> i128 {
    amount as i128 * MINUTE_US as i128
}

impl Known {
    fn new(limit: u64, capacity: u64, level: i128, at_us: u64) -> Self {
        // A limit of zero would never let a call go, whatever the API says next.
        let per_us = i128::from(limit.max(1));
        let bucket = Bucket::new(units(capacity), per_us, level, at_us);
        Self { limit, capacity, bucket }
    }
}

impl Meter {
    /// A limit of which nothing is known but an estimate.
    pub(super) fn estimated(per_minute: NonZeroU64) -> Self {
        // One at a time: nobody has said that the API takes a burst.
        let known = Some(Known::new(per_minute.get(), 1, units(1), 0));
        Self { known, sequence: 0, spent: VecDeque::new() }
    }

    /// Whether anything is known of the limit.
    pub(super) const fn is_known(&self) -> bool {
        self.known.is_some()
    }

    /// Notes what is spent.
    pub(super) fn spend(&mut self, now_us: u64, order: u64, amount: u64) {
        self.spent.push_back((order, amount));
        if let Some(known) = &mut self.known {
            known.bucket.take(now_us, units(amount));
        }
    }

    /// Forgets what was spent up to a place in the order.
    pub(super) fn forget(&mut self, order: u64) {
        while self.spent.pop_front_if(|(spent, _)| *spent <= order).is_some() {}
    }

    /// Learns from a response, unless a later call has been learnt from.
    pub(super) fn learn(&mut self, lesson: Lesson) {
        let Lesson { announced, sequence, order, at_us, reset_us, rounding } = lesson;
        if sequence <= self.sequence {
            return;
        }
        self.sequence = sequence;
        self.forget(order);
        let Announced { limit, remaining, .. } = announced;
        // Rounded up where it was less, it would let a call go too early.
        let remaining =
            if remaining < limit { remaining.saturating_sub(rounding) } else { remaining };
        let refills = u128::from(reset_us.saturating_sub(at_us)) * u128::from(limit);
        let refills = u64::try_from(refills / u128::from(MINUTE_US)).unwrap_or(u64::MAX);
        let mut capacity = remaining.saturating_add(refills).min(limit).max(remaining);
        if let Some(known) = self.known.filter(|known| known.limit == limit && known.capacity > 1) {
            // Resets are rounded up to the second, so the smallest capacity seen is the nearest.
            capacity = capacity.min(known.capacity).max(remaining);
        }
        let spent_since: u64 = self.spent.iter().map(|(_, amount)| amount).sum();
        let level = units(remaining) - units(spent_since);
        self.known = Some(Known::new(limit, capacity, level, at_us));
    }

    /// Microseconds until `amount` fits next to `reserved`; zero where nothing is known.
    pub(super) fn wait_us(&self, now_us: u64, amount: u64, reserved: u64) -> u64 {
        let Some(known) = &self.known else { return 0 };
        // What is larger than the limit itself is sent when the limit is whole.
        let wanted = units(amount.min(known.capacity)) + units(reserved);
        known.bucket.wait_us(now_us, wanted).unwrap_or(u64::MAX)
    }
}

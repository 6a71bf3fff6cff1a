//! Spend caps: money until the end of the calendar month, and no retry before that helps.
//!
//! A request is refused once the cap has been reached, so the request that reaches it is still
//! served, as the price of a reply is known only when it has been written.

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan, tz::Offset};
use parking_lot::Mutex;

/// A cap and what was spent of it this month.
#[derive(Debug)]
pub(super) struct Spend {
    cap_microusd: u64,
    month: Mutex<Month>,
}

#[derive(Debug)]
struct Month {
    spent_microusd: u64,
    ends_ms: i64,
}

impl Spend {
    /// Nothing spent yet.
    pub(super) const fn new(cap_microusd: u64) -> Self {
        let month = Month { spent_microusd: 0, ends_ms: i64::MIN };
        Self { cap_microusd, month: Mutex::new(month) }
    }

    /// Whether the cap is reached at this calendar time.
    pub(super) fn is_reached(&self, unix_ms: i64) -> bool {
        self.month.lock().at(unix_ms).spent_microusd >= self.cap_microusd
    }

    pub(super) fn take(&self, unix_ms: i64, cost_microusd: u64) {
        let mut month = self.month.lock();
        let month = month.at(unix_ms);
        month.spent_microusd = month.spent_microusd.saturating_add(cost_microusd);
    }
}

impl Month {
    /// The month of this calendar time: what was spent is forgotten when a new one has begun.
    fn at(&mut self, unix_ms: i64) -> &mut Self {
        if unix_ms >= self.ends_ms {
            self.spent_microusd = 0;
            let first = midnight(first_of_next_month(unix_ms));
            self.ends_ms = first.map_or(i64::MAX, Timestamp::as_millisecond);
        }
        self
    }
}

/// The day on which a cap that is reached now ends, at 00:00 UTC.
pub(super) fn first_of_next_month(unix_ms: i64) -> Date {
    let now = Timestamp::from_millisecond(unix_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let first = Offset::UTC.to_datetime(now).date().first_of_month();
    first.saturating_add(1.month())
}

fn midnight(day: Date) -> Option<Timestamp> {
    Offset::UTC.to_timestamp(DateTime::from(day)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::basis::clock::SIMULATED_EPOCH_MS as JANUARY_1;

    const DAY_MS: i64 = 86_400_000;

    #[test]
    fn a_reached_cap_holds_until_the_first_of_the_next_month() {
        let spend = Spend::new(100);
        assert!(!spend.is_reached(JANUARY_1));
        spend.take(JANUARY_1, 99);
        assert!(!spend.is_reached(JANUARY_1), "one micro-dollar is left");
        spend.take(JANUARY_1, 50);
        assert!(spend.is_reached(JANUARY_1 + 31 * DAY_MS - 1));
        assert!(!spend.is_reached(JANUARY_1 + 31 * DAY_MS));
    }

    #[test]
    fn december_is_followed_by_january() {
        assert_eq!(first_of_next_month(JANUARY_1 - 1).to_string(), "2026-01-01");
        assert_eq!(first_of_next_month(JANUARY_1).to_string(), "2026-02-01");
        assert_eq!(first_of_next_month(i64::MAX).to_string(), "1970-02-01", "no panic");
    }
}

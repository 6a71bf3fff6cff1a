//! The mock's time: tokio's clock, counted from the moment the mock was made.
//!
//! The calendar date of that moment is an argument, so that a simulated run prints the same reset
//! times on every day.

use std::cell::RefCell;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};

/// 2026-01-01T00:00:00Z in milliseconds since the Unix epoch: where simulated time begins.
pub const SIMULATED_EPOCH_MS: i64 = 1_767_225_600_000;

/// Microseconds in a second.
pub const SECOND_US: u64 = 1_000_000;

/// Time since the mock was made, and the calendar time that goes with it.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    started: Instant,
    epoch_ms: i64,
}

impl Clock {
    /// A clock that starts now, at `epoch_ms` milliseconds after the Unix epoch.
    pub fn starting_at(epoch_ms: i64) -> Self {
        Self { started: Instant::now(), epoch_ms }
    }

    /// Whether its dates are those of simulated time, which no client's clock can agree with.
    pub const fn is_simulated(&self) -> bool {
        self.epoch_ms == SIMULATED_EPOCH_MS
    }

    /// Microseconds since the mock was made.
    pub fn now_us(&self) -> u64 {
        let elapsed = self.started.elapsed();
        elapsed.as_secs().saturating_mul(SECOND_US) + u64::from(elapsed.subsec_micros())
    }

    /// The calendar time of an instant, in milliseconds since the Unix epoch.
    pub fn unix_ms(&self, at_us: u64) -> i64 {
        self.epoch_ms.saturating_add(i64::try_from(at_us / 1000).unwrap_or(i64::MAX))
    }

    /// The time of day, as HTTP writes dates: what an origin server says in `date`.
    pub fn date(&self, now_us: u64) -> http::HeaderValue {
        thread_local! {
            // Written once a second, and not once a response.
            static LAST: RefCell<Option<(i64, http::HeaderValue)>> = const { RefCell::new(None) };
        }
        let second = self.unix_ms(now_us) / 1000;
        LAST.with_borrow_mut(|last| match last {
            Some((of, date)) if *of == second => date.clone(),
            _ => last.insert((second, self.http_date(0))).1.clone(),
        })
    }

    /// The time this many seconds from now, as HTTP writes dates.
    pub fn http_date(&self, in_s: u64) -> http::HeaderValue {
        let at_us = self.now_us().saturating_add(in_s.saturating_mul(SECOND_US));
        let seconds = self.unix_ms(at_us) / 1000;
        let at = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
        let text = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at);
        text.ok()
            .and_then(|text| http::HeaderValue::try_from(text).ok())
            .unwrap_or(http::HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"))
    }

    /// The calendar time of an instant, in whole seconds as the API writes it, rounded up.
    pub fn rfc3339(&self, at_us: u64) -> String {
        rfc3339(self.whole_second_after(at_us))
    }

    /// The first whole second at or after an instant, since the Unix epoch.
    pub(crate) fn whole_second_after(&self, at_us: u64) -> i64 {
        let elapsed_ms = i64::try_from(at_us.div_ceil(1000)).unwrap_or(i64::MAX);
        self.epoch_ms.saturating_add(elapsed_ms).saturating_add(999) / 1000
    }
}

/// A second since the Unix epoch, as the API writes it.
pub(crate) fn rfc3339(second: i64) -> String {
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX).to_string()
}

/// A moment that never comes.
const NEVER_MS: u64 = u64::MAX;

/// Waits until this many milliseconds after `started`, which may be indefinitely. A timer that is
/// due at once would still wait for the next millisecond of a real clock, so no waiting is no
/// timer.
pub(crate) async fn wait_until(started: Instant, at_ms: u64) {
    if at_ms == 0 {
        return;
    }
    match started.checked_add(Duration::from_millis(at_ms)) {
        Some(at) if at_ms != NEVER_MS => sleep_until(at).await,
        _ => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendar_times_are_rounded_up_to_the_second() {
        let clock = Clock::starting_at(SIMULATED_EPOCH_MS);
        assert_eq!(clock.rfc3339(0), "2026-01-01T00:00:00Z");
        assert_eq!(clock.rfc3339(1), "2026-01-01T00:00:01Z");
        assert_eq!(clock.rfc3339(61 * SECOND_US), "2026-01-01T00:01:01Z");
    }
}

//! The fixed window: everything used up in one window is back when the next one begins.
//!
//! Twice the limit can pass around the end of a window; that is the algorithm's known weakness,
//! and the reason to have it here.

use std::num::NonZeroU64;

use crate::basis::clock::SECOND_US;

/// A limit that refills all at once.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) per_minute: NonZeroU64,
    length_us: u64,
    quota: u64,
    number: u64,
    used: u64,
}

impl Window {
    /// An unused window that begins at time 0.
    pub(super) fn new(per_minute: NonZeroU64, length_s: NonZeroU64) -> Self {
        let quota = (per_minute.get().saturating_mul(length_s.get()) / 60).max(1);
        Self {
            per_minute,
            length_us: length_s.get().saturating_mul(SECOND_US),
            quota,
            number: 0,
            used: 0,
        }
    }

    /// Microseconds until `amount` may fit; none where it is more than a window has.
    pub(super) fn wait_us(&mut self, now_us: u64, amount: u64) -> Option<u64> {
        self.roll(now_us);
        let fits = self.used.saturating_add(amount) <= self.quota;
        let wait_us = if fits { 0 } else { self.length_us - now_us % self.length_us };
        (amount <= self.quota).then_some(wait_us)
    }

    pub(super) fn take(&mut self, now_us: u64, amount: u64) {
        self.roll(now_us);
        self.used = self.used.saturating_add(amount);
    }

    /// Gives back what was taken and not used, as far as it was taken in this window.
    pub(super) fn give(&mut self, now_us: u64, amount: u64) {
        self.roll(now_us);
        self.used = self.used.saturating_sub(amount);
    }

    pub(super) fn remaining(&mut self, now_us: u64) -> u64 {
        self.roll(now_us);
        self.quota.saturating_sub(self.used)
    }

    pub(super) fn reset_us(&mut self, now_us: u64) -> u64 {
        self.roll(now_us);
        if self.used == 0 { 0 } else { self.length_us - now_us % self.length_us }
    }

    /// Starts the window that `now_us` falls into; what was overdrawn is carried over.
    fn roll(&mut self, now_us: u64) {
        let number = now_us / self.length_us;
        let passed = number.saturating_sub(self.number);
        if passed > 0 {
            let overdrawn = self.used.saturating_sub(self.quota);
            self.used = overdrawn.saturating_sub((passed - 1).saturating_mul(self.quota));
            self.number = number;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(per_minute: u64, length_s: u64) -> Window {
        Window::new(NonZeroU64::new(per_minute).unwrap(), NonZeroU64::new(length_s).unwrap())
    }

    #[test]
    fn a_new_window_gives_everything_back_at_once() {
        let mut window = window(25, 60);
        for _ in 0..25 {
            assert_eq!(window.wait_us(59 * SECOND_US, 1), Some(0));
            window.take(59 * SECOND_US, 1);
        }
        assert_eq!(window.wait_us(59 * SECOND_US, 1), Some(SECOND_US));
        assert_eq!(window.wait_us(59 * SECOND_US, 26), None);
        assert_eq!(window.remaining(60 * SECOND_US), 25, "50 pass within two seconds");
    }

    #[test]
    fn what_was_overdrawn_is_still_owed_in_the_next_window() {
        let mut window = window(100, 60);
        window.take(0, 250);
        assert_eq!(window.remaining(60 * SECOND_US), 0);
        assert_eq!(window.remaining(120 * SECOND_US), 50);
    }
}

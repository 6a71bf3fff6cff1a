//! The acceleration limit: requests may not come much faster than in the minute before.
//!
//! The API documents that sharp growth is refused, not by how much. This model counts whole
//! seconds: the requests of the last 60 may be at most the given share more than those of the 60
//! before them, and a floor is always allowed, or nobody could begin.

use std::num::NonZeroU64;

use crate::basis::clock::SECOND_US;

/// Seconds in each of the two compared stretches.
const STRETCH_S: u64 = 60;

/// Seconds that are remembered: both stretches.
const SLOTS: usize = 120;

/// Requests a minute that are never too many, unless configured.
pub(super) const FLOOR: NonZeroU64 = NonZeroU64::new(10).expect("10 is not 0");

/// Requests of the last two minutes, by second.
#[derive(Debug)]
pub(super) struct Ramp {
    growth_percent: u64,
    floor: u64,
    by_second: [u32; SLOTS],
    second: u64,
}

impl Ramp {
    pub(super) fn new(growth_percent: u64, floor: NonZeroU64) -> Self {
        Self { growth_percent, floor: floor.get(), by_second: [0; SLOTS], second: 0 }
    }

    /// Microseconds until one more request is no sharp growth; 0 when it is none now.
    pub(super) fn wait_us(&mut self, now_us: u64) -> u64 {
        self.roll(now_us);
        // After a whole stretch without requests the floor alone admits one.
        let seconds = (0..=STRETCH_S).find(|&later| self.admits(later)).unwrap_or(STRETCH_S);
        if seconds == 0 {
            return 0;
        }
        (self.second + seconds) * SECOND_US - now_us
    }

    /// Counts a request.
    pub(super) fn take(&mut self, now_us: u64) {
        self.roll(now_us);
        let slot = slot(self.second);
        self.by_second[slot] = self.by_second[slot].saturating_add(1);
    }

    /// Whether one more request fits this many seconds later, if none comes until then.
    fn admits(&self, later_s: u64) -> bool {
        let current = self.sum(0, STRETCH_S.saturating_sub(later_s));
        let before =
            self.sum(STRETCH_S.saturating_sub(later_s), (2 * STRETCH_S).saturating_sub(later_s));
        let allowed = u128::from(before) * (100 + u128::from(self.growth_percent)) / 100;
        u128::from(current) < allowed.max(u128::from(self.floor))
    }

    /// Requests of the seconds that ended at least `from` and less than `until` seconds ago.
    fn sum(&self, from: u64, until: u64) -> u64 {
        let until = until.min(self.second + 1);
        (from..until).map(|ago| u64::from(self.by_second[slot(self.second - ago)])).sum()
    }

    /// Moves on to the second of `now_us` and forgets what is older than both stretches.
    fn roll(&mut self, now_us: u64) {
        let second = now_us / SECOND_US;
        let passed = second.saturating_sub(self.second);
        for ahead in 1..=passed.min(SLOTS as u64) {
            self.by_second[slot(second - passed + ahead)] = 0;
        }
        if passed > SLOTS as u64 {
            self.by_second = [0; SLOTS];
        }
        self.second = self.second.max(second);
    }
}

fn slot(second: u64) -> usize {
    usize::try_from(second % SLOTS as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ramp(growth_percent: u64, floor: u64) -> Ramp {
        Ramp::new(growth_percent, NonZeroU64::new(floor).unwrap())
    }

    fn burst(ramp: &mut Ramp, at_s: u64, wanted: u64) -> u64 {
        let mut admitted = 0;
        for _ in 0..wanted {
            if ramp.wait_us(at_s * SECOND_US) == 0 {
                ramp.take(at_s * SECOND_US);
                admitted += 1;
            }
        }
        admitted
    }

    #[test]
    fn each_minute_may_be_half_as_much_again_as_the_one_before() {
        let mut ramp = ramp(50, 10);
        let admitted: Vec<u64> = (0..5).map(|minute| burst(&mut ramp, minute * 60, 1000)).collect();
        assert_eq!(admitted, [10, 15, 22, 33, 49]);
    }

    #[test]
    fn after_a_quiet_time_growth_begins_at_the_floor_again() {
        let mut ramp = ramp(50, 10);
        burst(&mut ramp, 0, 1000);
        burst(&mut ramp, 60, 1000);
        assert_eq!(burst(&mut ramp, 500, 1000), 10);
    }

    proptest! {
        #[test]
        fn waiting_as_long_as_it_says_is_enough_and_a_second_less_is_not(
            growth in 0_u64..200, floor in 1_u64..30,
            gaps in proptest::collection::vec(0_u64..20_000_000, 1..120),
        ) {
            let mut ramp = ramp(growth, floor);
            let mut now = 0;
            for gap in gaps {
                now += gap;
                let wait = ramp.wait_us(now);
                if wait == 0 {
                    ramp.take(now);
                } else {
                    prop_assert!(wait <= 60 * SECOND_US);
                    prop_assert!(ramp.admits((now + wait) / SECOND_US - now / SECOND_US));
                    prop_assert!(!ramp.admits(0));
                }
            }
        }
    }
}

//! Bursts correlated in time: the two-state model of Gilbert and Elliott.
//!
//! Time is cut into slots. In each the API is good or bad; at a slot's beginning a good state
//! turns bad with probability `enter` and a bad one good with probability `leave`, so that a burst
//! lasts `slot_ms / leave` on average and `enter / (enter + leave)` of the time is bad. A fault
//! hits with probability `share_when_bad` in bad slots and `share_when_good` in good ones.
//!
//! The state is a function of seed and time alone, whatever was asked before: every slot draws one
//! number from its own hash. Below `enter` it makes the slot bad and from `1 - leave` on good,
//! whatever came before; between them the state stays. So the state is that of the latest slot
//! that was decided, and looking back for it is all that has to be done; the first slot is good.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::Problem;

use crate::basis::chance::{Chance, MILLION, RequestKey, Share};

/// The `burst` table of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// The length of a slot in milliseconds.
    #[serde(default = "second")]
    #[schemars(range(min = 1, max = 3_600_000))]
    pub slot_ms: std::num::NonZeroU32,
    /// The probability that a good slot is followed by a bad one.
    pub enter: Share,
    /// The probability that a bad slot is followed by a good one.
    pub leave: Share,
    /// The share of attempts that is hit in a bad slot.
    #[serde(default = "all")]
    pub share_when_bad: Share,
    /// The share of attempts that is hit in a good slot.
    #[serde(default)]
    pub share_when_good: Share,
}

const fn second() -> std::num::NonZeroU32 {
    std::num::NonZeroU32::MIN.saturating_add(999)
}

fn all() -> Share {
    Share::try_from(1.0).unwrap_or_default()
}

/// The least sum of `enter` and `leave`: it bounds how far has to be looked back.
const LEAST_CHANGE_MILLIONTHS: u64 = 1_000;

/// Slots looked back at, at most. Where that is not enough, once in 10^13 at the least change, the
/// state counts as good.
const MAX_LOOK_BACK: u64 = 30_000;

impl Burst {
    pub(super) fn problems(&self) -> Vec<Problem> {
        let change = self.enter.millionths() + self.leave.millionths();
        if (LEAST_CHANGE_MILLIONTHS..=MILLION).contains(&change) {
            return Vec::new();
        }
        let message = "and `leave` must add up to something from 0.001 to 1";
        vec![Problem::new("when.burst.enter", message)]
    }

    /// Whether the API is bad at this moment.
    pub fn is_bad(&self, decision: &str, chance: Chance, at_us: u64) -> bool {
        let slot = at_us / 1000 / u64::from(self.slot_ms.get());
        let stays_from = self.enter.millionths();
        let good_from = MILLION.saturating_sub(self.leave.millionths());
        let decision = format!("{decision} burst");
        let oldest = slot.saturating_sub(MAX_LOOK_BACK).max(1);
        for slot in (oldest..=slot).rev() {
            let key = RequestKey { subject: slot, attempt: 0 };
            let drawn = chance.between(&decision, key, 0, MILLION - 1);
            if drawn < stays_from {
                return true;
            }
            if drawn >= good_from {
                return false;
            }
        }
        false
    }

    /// Whether an attempt is hit.
    pub(super) fn hits(&self, decision: &str, chance: Chance, key: RequestKey, at_us: u64) -> bool {
        let bad = self.is_bad(decision, chance, at_us);
        let share = if bad { self.share_when_bad } else { self.share_when_good };
        chance.happens(&format!("{decision} in burst"), key, share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn burst(enter: f64, leave: f64) -> Burst {
        Burst {
            slot_ms: second(),
            enter: Share::try_from(enter).unwrap(),
            leave: Share::try_from(leave).unwrap(),
            share_when_bad: all(),
            share_when_good: Share::default(),
        }
    }

    fn states(burst: &Burst, seed: u64, slots: u64) -> Vec<bool> {
        (0..slots)
            .map(|slot| burst.is_bad("fault 0", Chance::new(seed), slot * 1_000_000))
            .collect()
    }

    #[test]
    fn the_share_of_bad_time_and_the_length_of_bursts_are_those_of_the_model() {
        let states = states(&burst(0.02, 0.2), 7, 100_000);
        let bad = states.iter().filter(|bad| **bad).count();
        let entered = states.windows(2).filter(|pair| !pair[0] && pair[1]).count();
        // 0.02 / 0.22 of 100,000 slots, in bursts of five.
        assert!((8_300..9_900).contains(&bad), "{bad}");
        assert!((1_650..1_980).contains(&entered), "{entered}");
    }

    #[test]
    fn the_state_is_the_same_whichever_moment_is_asked_for_first() {
        let burst = burst(0.05, 0.3);
        let forward = states(&burst, 3, 1_000);
        let backward: Vec<bool> = (0..1_000)
            .rev()
            .map(|slot| burst.is_bad("fault 0", Chance::new(3), slot * 1_000_000))
            .collect();
        assert!(forward.iter().eq(backward.iter().rev()) && forward.contains(&true));
        assert_ne!(forward, states(&burst, 4, 1_000), "another seed has other bursts");
    }

    #[test]
    fn a_chain_that_hardly_moves_or_must_flip_is_a_problem() {
        assert_eq!(burst(0.0, 0.0).problems()[0].key, "when.burst.enter");
        assert_eq!(burst(0.6, 0.5).problems().len(), 1);
        assert_eq!(burst(0.5, 0.5).problems().len(), 0);
    }
}

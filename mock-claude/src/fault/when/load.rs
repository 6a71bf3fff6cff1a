//! Brownout by load: the more requests are under way, the more of them are hit.
//!
//! The probability is 0 up to `from` requests in flight and grows in a straight line to `share` at
//! `full`. It depends on what else is going on, so it is the one condition, with `every` and
//! `nth`, whose outcome the order of arrival can change.

use std::num::NonZeroU64;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::Problem;

use crate::basis::chance::{Chance, RequestKey, Share};

/// The `load` table of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Requests in flight, this one included, up to which none is hit.
    #[serde(default)]
    pub from: u64,
    /// Requests in flight from which on the full share is hit.
    pub full: NonZeroU64,
    /// The share of attempts that is hit at full load.
    #[serde(default = "all")]
    pub share: Share,
}

fn all() -> Share {
    Share::try_from(1.0).unwrap_or_default()
}

impl Load {
    pub(super) fn problems(&self) -> Vec<Problem> {
        if self.full.get() > self.from {
            return Vec::new();
        }
        let message = format!("must be greater than `from` ({})", self.from);
        vec![Problem::new("when.load.full", message)]
    }

    /// The share that is hit at this load.
    pub fn share_at(&self, in_flight: u64) -> Share {
        let width = self.full.get().saturating_sub(self.from).max(1);
        let above = in_flight.saturating_sub(self.from).min(width);
        let share = u128::from(self.share.millionths()) * u128::from(above) / u128::from(width);
        Share::of_millionths(u32::try_from(share).unwrap_or(u32::MAX))
    }

    pub(super) fn hits(
        &self,
        decision: &str,
        chance: Chance,
        key: RequestKey,
        in_flight: u64,
    ) -> bool {
        chance.happens(&format!("{decision} by load"), key, self.share_at(in_flight))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_grows_in_a_straight_line_and_stays_at_its_most() {
        let load = Load {
            from: 10,
            full: NonZeroU64::new(50).unwrap(),
            share: Share::try_from(0.8).unwrap(),
        };
        let shares = [0, 10, 20, 30, 50, 900].map(|load_now| load.share_at(load_now).millionths());
        assert_eq!(shares, [0, 0, 200_000, 400_000, 800_000, 800_000]);
    }

    #[test]
    fn full_load_below_its_beginning_is_a_problem() {
        let load = Load { from: 10, full: NonZeroU64::new(10).unwrap(), share: all() };
        assert_eq!(load.problems()[0].key, "when.load.full");
    }
}

//! How a number is shown that was measured several times: what the chance is, and how large a
//! difference would have been seen.

use super::amount::exact_or_dash;
use crate::compare::{GateRow, Repeats, Unit};
use crate::judge::Verdict;
use crate::text::{duration, percent, usd};

impl Repeats {
    /// Whether nothing scattered, so that any difference would have been seen.
    pub(super) fn is_exact(&self) -> bool {
        self.seen_from_ppm == Some(0)
    }

    /// Whether it held.
    pub(super) const fn word(verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::Pass => "not worse",
            Verdict::Fail => "worse",
            Verdict::Inconclusive => "unknown",
        }
    }

    /// The change in the middle, with its sign.
    fn change(&self) -> String {
        let sign = match self.change_ppm {
            ..0 => "−",
            0 => "",
            1.. => "+",
        };
        format!("{sign}{}", percent(self.change_ppm.unsigned_abs()))
    }

    /// The chance of an accident.
    pub(super) fn chance(&self) -> String {
        match self.chance_ppm {
            0..500 => "< 0.05 %".to_owned(),
            chance => percent(chance),
        }
    }

    /// What would have been seen.
    pub(super) fn seen_from(&self) -> String {
        match self.seen_from_ppm {
            _ if self.is_exact() => "any".to_owned(),
            Some(share) => percent(share),
            None => "—".to_owned(),
        }
    }

    /// The same in words.
    pub(super) fn words(&self) -> String {
        format!(
            "n = {} and {}, tolerance {}, chance of an accident {}, seen from {}",
            self.base.len(),
            self.head.len(),
            percent(self.tolerance_ppm),
            self.chance(),
            self.seen_from()
        )
    }
}

impl GateRow {
    /// Base, head and what lies between them, to the digit that repeats bear, and what they say.
    pub(super) fn repeated(&self) -> Vec<String> {
        let scatters = self.repeats.as_ref().is_some_and(|repeats| !repeats.is_exact());
        let amount = |value: Option<u64>| match (self.unit, value) {
            (Unit::Microseconds, Some(value)) => duration(value),
            (Unit::Microusd, Some(value)) if scatters => usd(value),
            _ => exact_or_dash(self.unit, value),
        };
        let of = |said: fn(&Repeats) -> String| self.repeats.as_ref().map_or("—".to_owned(), said);
        vec![
            amount(self.base),
            amount(self.head),
            of(Repeats::change),
            of(Repeats::chance),
            of(Repeats::seen_from),
        ]
    }
}

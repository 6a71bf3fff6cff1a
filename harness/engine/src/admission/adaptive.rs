//! Adaptive concurrency: how many calls are under way at once, found out by trying.
//!
//! Additive increase, multiplicative decrease, as TCP does it: doubling until the first sign of
//! strain, then one more call for each round that went well, and a cut when the API shows strain. A
//! cut counts once for everything that was sent before it.

use std::num::{NonZeroU32, NonZeroU64};

use mock_claude::internals::chance::{MILLION, Share};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::Problem;

/// The `[schedule.adaptive]` section.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "policy", rename_all = "snake_case", deny_unknown_fields)]
pub enum AdaptivePolicy {
    /// As many calls at once as there are workers.
    #[default]
    Off,
    /// Additive increase, multiplicative decrease.
    Aimd {
        /// Calls at once to begin with, and after an outage.
        start: NonZeroU32,
        /// Calls at once, at least.
        min: NonZeroU32,
        /// Calls at once, at most.
        max: NonZeroU32,
        /// What is left of the limit after a sign of strain: a 529, a timeout, a slow answer, or
        /// a 429 that the pacing has not seen to.
        keep: Share,
        /// Milliseconds to the head of a response above which it is a sign of strain.
        #[serde(default)]
        slow_ms: Option<NonZeroU64>,
    },
}

impl AdaptivePolicy {
    /// What no single key's range can say.
    pub fn problems(&self) -> Vec<Problem> {
        let Self::Aimd { start, min, max, keep, .. } = self else { return Vec::new() };
        let wrong = [
            (min > max, "max", "must not be less than `min`"),
            (start < min || start > max, "start", "must be from `min` to `max`"),
            (keep.millionths() == MILLION, "keep", "must be less than 1, or nothing is cut"),
        ];
        let wrong = wrong.into_iter().filter(|(wrong, ..)| *wrong);
        wrong.map(|(_, key, message)| Problem::new(key, message)).collect()
    }
}

/// The limit, in thousandths of a call.
#[derive(Debug)]
pub struct Adaptive {
    start: u64,
    min: u64,
    max: u64,
    keep_millionths: u64,
    slow_us: u64,
    limit: u64,
    /// Below it the limit doubles, above it grows by one a round.
    threshold: u64,
    /// What was sent up to here has been paid for with a cut.
    cut_for: u64,
}

/// One call.
const CALL: u64 = 1_000;

impl Adaptive {
    /// A limit at its start; none where the policy is off.
    pub fn new(policy: &AdaptivePolicy) -> Option<Self> {
        let AdaptivePolicy::Aimd { start, min, max, keep, slow_ms } = policy else { return None };
        let calls = |number: &NonZeroU32| u64::from(number.get()) * CALL;
        Some(Self {
            start: calls(start),
            min: calls(min),
            max: calls(max),
            keep_millionths: keep.millionths(),
            slow_us: slow_ms.map_or(u64::MAX, |slow_ms| slow_ms.get().saturating_mul(1000)),
            limit: calls(start),
            threshold: calls(max),
            cut_for: 0,
        })
    }

    /// Calls that may be under way at once.
    pub const fn limit(&self) -> u64 {
        self.limit / CALL
    }

    /// Notes a response that took so long to begin; `sequence` numbers the calls as they were
    /// sent, from 1, and `last` is the latest one.
    pub fn answered(&mut self, took_us: u64, sequence: u64, last: u64) {
        if took_us > self.slow_us {
            return self.strained(sequence, last);
        }
        let more = if self.limit < self.threshold { CALL } else { CALL * CALL / self.limit };
        self.limit = (self.limit + more).min(self.max);
    }

    /// Notes a sign of strain.
    pub fn strained(&mut self, sequence: u64, last: u64) {
        if sequence > self.cut_for {
            self.limit = (self.limit * self.keep_millionths / MILLION).max(self.min);
            self.threshold = self.limit;
            self.cut_for = last;
        }
    }

    /// Begins anew: after an outage, what was learnt before it says nothing.
    pub const fn restart(&mut self) {
        self.limit = self.start;
        self.threshold = self.max;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adaptive(slow_ms: Option<u64>) -> Adaptive {
        let calls = |number| NonZeroU32::new(number).unwrap();
        Adaptive::new(&AdaptivePolicy::Aimd {
            start: calls(4),
            min: calls(2),
            max: calls(64),
            keep: Share::of_millionths(500_000),
            slow_ms: slow_ms.map(|slow_ms| NonZeroU64::new(slow_ms).unwrap()),
        })
        .unwrap()
    }

    #[test]
    fn it_doubles_until_the_first_strain_and_then_grows_by_one_a_round() {
        let mut limit = adaptive(None);
        for _ in 0..4 {
            limit.answered(0, 1, 4);
        }
        assert_eq!(limit.limit(), 8);
        limit.strained(5, 12);
        assert_eq!(limit.limit(), 4);
        for _ in 0..5 {
            limit.answered(0, 13, 13);
        }
        assert_eq!(limit.limit(), 5, "four answers make one more, nearly");
    }

    #[test]
    fn one_cut_pays_for_everything_that_was_sent_before_it() {
        let mut limit = adaptive(None);
        for sequence in 1..=4 {
            limit.strained(sequence, 4);
        }
        assert_eq!(limit.limit(), 2);
        limit.restart();
        limit.strained(5, 5);
        assert_eq!(limit.limit(), 2, "a later one is cut again");
    }

    #[test]
    fn it_stays_within_its_bounds() {
        let mut limit = adaptive(None);
        for sequence in 1..100 {
            limit.strained(sequence, sequence);
        }
        assert_eq!(limit.limit(), 2);
        limit.restart();
        for _ in 0..1000 {
            limit.answered(0, 1, 1);
        }
        assert_eq!(limit.limit(), 64);
    }

    #[test]
    fn a_slow_answer_is_a_sign_of_strain() {
        let mut limit = adaptive(Some(100));
        limit.answered(100_000, 1, 1);
        assert_eq!(limit.limit(), 5);
        limit.answered(100_001, 2, 2);
        assert_eq!(limit.limit(), 2);
    }
}

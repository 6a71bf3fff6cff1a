//! Chance without a random number generator: every decision is a hash of the seed, the decision's
//! name, the request and its attempt.
//!
//! A shared generator would be drawn from in order of arrival, so one more request would reshuffle
//! every later fault. Keyed decisions make two pipelines that send the same text meet the same
//! faults.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// One in a million: the unit of every share.
pub const MILLION: u64 = 1_000_000;

/// Identifies one attempt at one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestKey {
    /// Hash of what the request is about.
    pub subject: u64,
    /// How many requests about the same came before.
    pub attempt: u32,
}

/// The source of every decision of one mock.
#[derive(Debug, Clone, Copy)]
pub struct Chance {
    seed: u64,
}

impl Chance {
    /// Decisions that follow from `seed` alone.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// 64 bits that depend on the seed, the decision's name and the request.
    pub fn bits(self, decision: &str, key: RequestKey) -> u64 {
        // Every decision of a request asks here, and nearly every name fits on the stack.
        let mut short = [0; 64];
        let mut long = Vec::new();
        let end = decision.len();
        let input = if let Some(input) = short.get_mut(..end + 12) {
            input
        } else {
            long.resize(end + 12, 0);
            &mut long[..]
        };
        input[..end].copy_from_slice(decision.as_bytes());
        input[end..end + 8].copy_from_slice(&key.subject.to_le_bytes());
        input[end + 8..].copy_from_slice(&key.attempt.to_le_bytes());
        xxh3_64_with_seed(input, self.seed)
    }

    /// Whether something that happens to this share of the requests happens to this one.
    pub fn happens(self, decision: &str, key: RequestKey, share: Share) -> bool {
        scale(self.bits(decision, key), MILLION) < share.millionths()
    }

    /// A whole number from `low` to `high`, both included.
    pub fn between(self, decision: &str, key: RequestKey, low: u64, high: u64) -> u64 {
        debug_assert!(low <= high, "an empty range has no member");
        let width = (high - low).saturating_add(1);
        low + scale(self.bits(decision, key), width)
    }
}

/// Maps 64 random bits to `0..width` by multiplication, which has no modulo bias worth the name.
fn scale(bits: u64, width: u64) -> u64 {
    u64::try_from((u128::from(bits) * u128::from(width)) >> 64).unwrap_or(u64::MAX)
}

/// A share between 0 and 1, kept in parts per million so that it is compared as an integer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Share(u32);

impl Share {
    /// The share in parts per million.
    pub fn millionths(self) -> u64 {
        u64::from(self.0)
    }

    /// A share of this many parts per million; more than a million is all.
    pub fn of_millionths(millionths: u32) -> Self {
        Self(millionths.min(1_000_000))
    }
}

impl TryFrom<f64> for Share {
    type Error = &'static str;

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most a million, checked just before"
    )]
    fn try_from(share: f64) -> Result<Self, Self::Error> {
        if (0.0..=1.0).contains(&share) {
            Ok(Self((share * 1_000_000.0).round() as u32))
        } else {
            Err("a share is a number from 0 to 1")
        }
    }
}

impl From<Share> for f64 {
    fn from(share: Share) -> Self {
        Self::from(share.0) / 1_000_000.0
    }
}

impl JsonSchema for Share {
    fn schema_name() -> Cow<'static, str> {
        "Share".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: RequestKey = RequestKey { subject: 11, attempt: 0 };

    #[test]
    fn decisions_never_change_between_releases() {
        // These values are a contract: recorded runs and baselines depend on them.
        assert_eq!(Chance::new(7).bits("latency", KEY), 2_201_476_739_157_100_356);
        assert_eq!(Chance::new(7).between("latency", KEY, 0, 999), 119);
    }

    #[test]
    fn seed_name_subject_and_attempt_each_change_the_decision() {
        let base = Chance::new(7).bits("a", KEY);
        assert_ne!(base, Chance::new(8).bits("a", KEY));
        assert_ne!(base, Chance::new(7).bits("b", KEY));
        assert_ne!(base, Chance::new(7).bits("a", RequestKey { subject: 12, ..KEY }));
        assert_ne!(base, Chance::new(7).bits("a", RequestKey { attempt: 1, ..KEY }));
    }

    #[test]
    fn a_share_outside_of_zero_and_one_cannot_be_made() {
        assert!(Share::try_from(1.0).is_ok() && Share::try_from(0.0).is_ok());
        for wrong in [-0.1, 1.000_001, f64::NAN, f64::INFINITY] {
            assert!(Share::try_from(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_share_of_a_tenth_hits_a_tenth_of_the_requests() {
        let chance = Chance::new(1);
        let tenth = Share::try_from(0.1).unwrap();
        let hits = (0..100_000)
            .filter(|&subject| chance.happens("fault", RequestKey { subject, attempt: 0 }, tenth))
            .count();
        assert!((9_700..=10_300).contains(&hits), "{hits} of 100,000");
    }
}

//! What a pipeline asks of its cache, and what that means for one answer.
//!
//! `documented` is what phase 3's documents and code say, with every flaw; `full` keeps what a
//! cache promises. The two differ only in the [`Rules`] that follow from them, so that there is
//! one cache and not two.

use std::num::NonZeroU64;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::key::KeyRule;
use crate::client::answer::Answer;

/// The `[cache]` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "policy", rename_all = "snake_case", deny_unknown_fields)]
pub enum CachePolicy {
    /// Every answer is paid for.
    Off,
    /// As phase 3 is documented. The key is the content of a whole file, or path, number and
    /// content of a part; neither model nor prompt is in it. An expired answer is served until
    /// it is swept away, a cut one is kept like any other, a damaged one is served as it is, an
    /// answer of more than 400 KB is silently not kept, and equal requests at once all pay.
    Documented {
        /// Seconds for which an answer is meant to be good.
        ttl_s: NonZeroU64,
        /// Seconds after which an expired answer is swept away.
        #[serde(default = "two_days")]
        sweep_s: u64,
    },
    /// The key is content, prompt, model and `max_tokens`, never the number of a part, so that
    /// parts that moved are found again. Expired, cut and damaged answers are not served.
    Full {
        /// Seconds for which an answer is good.
        ttl_s: NonZeroU64,
        /// Whether equal files at different paths are asked for one by one.
        path: bool,
        /// Whether those who ask for the same at the same moment wait for one call.
        #[serde(default = "yes")]
        single_flight: bool,
        /// Whether an answer is compared with its checksum before it is served.
        #[serde(default = "yes")]
        checksum: bool,
        /// Milliseconds after which a cache that does not answer is passed over; no limit
        /// without it.
        #[serde(default)]
        patience_ms: Option<NonZeroU64>,
    },
}

/// The time that `DynamoDB` may take to delete what has expired, as its older documents put it.
const fn two_days() -> u64 {
    172_800
}

const fn yes() -> bool {
    true
}

/// The largest item of `DynamoDB`, in bytes: keys, names and numbers count.
const LARGEST_ITEM: usize = 409_600;

/// What an item of phase 3 holds apart from the answer, in bytes, about.
const ITEM_OVERHEAD: usize = 400;

/// What a policy means for one answer.
#[derive(Debug, Clone)]
pub struct Rules {
    pub(super) key: KeyRule,
    /// The age from which an answer is no longer served.
    pub(super) served_ms: u64,
    pub(super) checksum: bool,
    pub(super) single_flight: bool,
    pub(super) patience: Option<Duration>,
    keeps_cut: bool,
    largest_bytes: usize,
}

impl CachePolicy {
    /// The rules of a cache; none where the stage is off.
    pub fn rules(&self) -> Option<Rules> {
        match self {
            Self::Off => None,
            Self::Documented { ttl_s, sweep_s } => Some(Rules {
                key: KeyRule::Documented,
                served_ms: ttl_s.get().saturating_add(*sweep_s).saturating_mul(1000),
                checksum: false,
                single_flight: false,
                patience: None,
                keeps_cut: true,
                largest_bytes: LARGEST_ITEM - ITEM_OVERHEAD,
            }),
            Self::Full { ttl_s, path, single_flight, checksum, patience_ms } => Some(Rules {
                key: KeyRule::Full { path: *path },
                served_ms: ttl_s.get().saturating_mul(1000),
                checksum: *checksum,
                single_flight: *single_flight,
                patience: patience_ms.map(|limit| Duration::from_millis(limit.get())),
                keeps_cut: false,
                largest_bytes: usize::MAX,
            }),
        }
    }
}

impl Rules {
    /// What identifies an answer.
    pub const fn key(&self) -> KeyRule {
        self.key
    }

    /// Whether those who ask for the same at the same moment wait for one call.
    pub const fn single_flight(&self) -> bool {
        self.single_flight
    }

    /// Whether an answer is kept that was cut at `max_tokens`.
    pub const fn keeps_cut(&self) -> bool {
        self.keeps_cut
    }

    /// The age from which an answer is no longer served, in milliseconds.
    pub const fn served_ms(&self) -> u64 {
        self.served_ms
    }

    /// Whether an answer may be kept.
    pub fn keeps(&self, answer: &Answer) -> bool {
        (self.keeps_cut || !answer.truncated) && answer.text.len() <= self.largest_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: NonZeroU64 = NonZeroU64::new(86_400).unwrap();

    fn rules() -> [Rules; 2] {
        let documented = CachePolicy::Documented { ttl_s: DAY, sweep_s: two_days() };
        let full = CachePolicy::Full {
            ttl_s: DAY,
            path: false,
            single_flight: true,
            checksum: true,
            patience_ms: None,
        };
        [documented.rules().unwrap(), full.rules().unwrap()]
    }

    #[test]
    fn only_the_documented_cache_keeps_a_cut_answer() {
        let cut = Answer { text: "# Docu".into(), truncated: true };
        assert_eq!(rules().map(|rules| rules.keeps(&cut)), [true, false]);
    }

    #[test]
    fn the_documented_cache_silently_drops_what_its_table_cannot_hold() {
        let large = Answer { text: "x".repeat(LARGEST_ITEM), truncated: false };
        assert_eq!(rules().map(|rules| rules.keeps(&large)), [false, true]);
    }

    #[test]
    fn the_documented_cache_serves_what_expired_until_it_is_swept_away() {
        assert_eq!(rules().map(|rules| rules.served_ms / 3_600_000), [24 + 48, 24]);
    }
}

//! What a cache holds under a key: an answer, its age, and a sum to know it by.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::client::answer::Answer;

/// An answer as it is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheEntry {
    /// When it was made, in milliseconds since the Unix epoch, simulated or real.
    pub created_ms: u64,
    /// The text of the answer.
    pub text: String,
    /// Whether the answer was cut at `max_tokens`.
    pub truncated: bool,
    /// The checksum of the answer as it was made.
    pub checksum: String,
}

impl CacheEntry {
    /// The entry of an answer that was made now.
    pub fn of(answer: &Answer, now_ms: u64) -> Self {
        let Answer { text, truncated } = answer.clone();
        let checksum = checksum(&text, truncated);
        Self { created_ms: now_ms, text, truncated, checksum }
    }

    /// Whether the answer is the one that was put in.
    pub fn is_sound(&self) -> bool {
        self.checksum == checksum(&self.text, self.truncated)
    }

    /// How old it is.
    pub const fn age_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.created_ms)
    }

    /// The answer.
    pub fn into_answer(self) -> Answer {
        Answer { text: self.text, truncated: self.truncated }
    }
}

fn checksum(text: &str, truncated: bool) -> String {
    const_hex::encode(Sha256::new_with_prefix([u8::from(truncated)]).chain_update(text).finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_changed_in_an_entry_is_noticed() {
        let entry = CacheEntry::of(&Answer { text: "Über alles".into(), truncated: false }, 7);
        assert!(entry.is_sound());
        assert!(!CacheEntry { text: "Uber alles".into(), ..entry.clone() }.is_sound());
        assert!(!CacheEntry { truncated: true, ..entry.clone() }.is_sound());
        assert!(!CacheEntry { checksum: String::new(), ..entry }.is_sound());
    }
}

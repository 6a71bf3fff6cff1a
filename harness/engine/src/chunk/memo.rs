//! Cuts that were made before: a text that comes again, as most files of an edited tree do in each
//! round, is parsed once.
//!
//! Where a text is cut follows from its content, its language and the policy alone, so what is
//! remembered is what would be found again.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use super::{Chunk, ChunkPolicy, chunks};
use crate::source::{Facts, Language};

/// Texts whose cuts are remembered, at most; then all of them are forgotten.
const MAX_TEXTS: usize = 10_000;

/// The cuts of the texts of one pipeline, which has one policy.
#[derive(Debug, Default)]
pub struct Memo {
    known: Mutex<BTreeMap<[u8; 32], Vec<Chunk>>>,
}

impl Memo {
    /// The parts of a file, as [`chunks`] gives them.
    pub fn chunks(
        &self,
        policy: &ChunkPolicy,
        language: Language,
        text: &str,
        facts: &Facts,
    ) -> Vec<Chunk> {
        if !policy.cuts(facts, text) {
            return chunks(policy, language, text, facts);
        }
        let hash = Sha256::new_with_prefix(language.fence()).chain_update([0]).chain_update(text);
        let key: [u8; 32] = hash.finalize().into();
        if let Some(known) = self.known.lock().get(&key) {
            return known.clone();
        }
        let found = chunks(policy, language, text, facts);
        let mut known = self.known.lock();
        if known.len() >= MAX_TEXTS {
            known.clear();
        }
        known.insert(key, found.clone());
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::{Preset, shipped};
    use crate::source::read;

    #[test]
    fn a_text_is_cut_the_second_time_as_the_first_and_another_one_as_itself() {
        let policy = Preset::parse("hardened", shipped("hardened").unwrap()).unwrap().chunk;
        let text = |lines: usize| {
            let body = |n| format!("def f{n}(a):\n    return a + {n}\n\n\n");
            (0..lines / 4).map(body).collect::<String>()
        };
        let memo = Memo::default();
        for lines in [4_000, 4_000, 6_000, 20, 4_000] {
            let text = text(lines);
            let facts = read(Language::Python, &text);
            let fresh = chunks(&policy, Language::Python, &text, &facts);
            assert_eq!(memo.chunks(&policy, Language::Python, &text, &facts), fresh);
        }
        assert_eq!(memo.known.lock().len(), 2, "small files are sent whole and not remembered");
    }
}

//! Cuts that were made before: a text that comes again, as most files of an edited tree do in each
//! round and every file does in each pipeline, is parsed once.
//!
//! Where a text is cut follows from its content, its language and the policy alone, so what is
//! remembered is what would be found again, whoever asks first and whatever was thrown out.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use super::{Chunk, ChunkPolicy, chunks};
use crate::source::{Facts, Language};

/// The bytes that are remembered, at most; then all of them are forgotten.
const MAX_BYTES: usize = 16 << 20;

/// What an entry takes besides its parts: its key, its cell, and its place in the map.
const ENTRY_BYTES: usize = 256;

/// The cuts of texts, for all pipelines that may meet the same ones.
#[derive(Debug)]
pub struct Cuts {
    max_bytes: usize,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    cells: BTreeMap<Key, Cell>,
    bytes: usize,
}

/// The policy, and a hash of the language and the text.
type Key = (ChunkPolicy, [u8; 32]);

/// Filled by whoever asks first; who asks meanwhile waits for it and does not parse as well.
type Cell = Arc<OnceLock<Arc<[Chunk]>>>;

impl Default for Cuts {
    fn default() -> Self {
        Self { max_bytes: MAX_BYTES, known: Mutex::default() }
    }
}

impl Cuts {
    /// The parts of a file, as [`chunks`] gives them.
    pub fn chunks(
        &self,
        policy: &ChunkPolicy,
        language: Language,
        text: &str,
        facts: &Facts,
    ) -> Arc<[Chunk]> {
        let fresh = || Arc::from(chunks(policy, language, text, facts));
        if !policy.cuts(facts, text) {
            return fresh();
        }
        let hash = Sha256::new_with_prefix(language.fence()).chain_update([0]).chain_update(text);
        let cell = self.cell((policy.clone(), hash.finalize().into()));
        let mut is_new = false;
        let found = cell.get_or_init(|| {
            is_new = true;
            fresh()
        });
        if is_new {
            self.count(ENTRY_BYTES + size_of_val(&**found));
        }
        Arc::clone(found)
    }

    fn cell(&self, key: Key) -> Cell {
        Arc::clone(self.known.lock().cells.entry(key).or_default())
    }

    /// Notes that this much more is remembered.
    fn count(&self, bytes: usize) {
        let mut known = self.known.lock();
        known.bytes += bytes;
        if known.bytes > self.max_bytes {
            *known = Known::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::{Preset, shipped};
    use crate::source::read;

    fn policy() -> ChunkPolicy {
        Preset::parse("hardened", shipped("hardened").unwrap()).unwrap().chunk
    }

    fn text(lines: usize) -> String {
        let body = |n| format!("def f{n}(a):\n    return a + {n}\n\n\n");
        (0..lines / 4).map(body).collect()
    }

    /// Cuts texts of these many lines as often as they are named; each as it is cut for itself.
    fn check(cuts: &Cuts, lines: &[usize]) {
        let policy = policy();
        for lines in lines {
            let text = text(*lines);
            let facts = read(Language::Python, &text);
            let fresh = chunks(&policy, Language::Python, &text, &facts);
            assert_eq!(*cuts.chunks(&policy, Language::Python, &text, &facts), *fresh);
        }
    }

    #[test]
    fn a_text_is_cut_the_second_time_as_the_first_and_another_one_as_itself() {
        let cuts = Cuts::default();
        check(&cuts, &[4_000, 4_000, 6_000, 20, 4_000]);
        assert_eq!(cuts.known.lock().cells.len(), 2, "small files are sent whole, not remembered");
    }

    #[test]
    fn policies_and_languages_do_not_get_each_other_s_cuts() {
        let (cuts, text) = (Cuts::default(), text(4_000));
        let facts = read(Language::Python, &text);
        let phase3 = Preset::parse("phase3", shipped("phase3").unwrap()).unwrap().chunk;
        for policy in [policy(), phase3] {
            for language in [Language::Python, Language::Rust] {
                let fresh = chunks(&policy, language, &text, &facts);
                assert_eq!(*cuts.chunks(&policy, language, &text, &facts), *fresh);
            }
        }
        assert_eq!(cuts.known.lock().cells.len(), 4);
    }

    #[test]
    fn what_takes_too_many_bytes_is_forgotten_and_found_again() {
        let cuts = Cuts { max_bytes: 2 * ENTRY_BYTES, known: Mutex::default() };
        check(&cuts, &[4_000, 6_000, 4_000, 6_000]);
        assert!(cuts.known.lock().bytes <= cuts.max_bytes);
        assert!(cuts.known.lock().cells.len() < 2);
    }

    #[test]
    fn who_asks_while_a_text_is_parsed_waits_for_it() {
        let (cuts, text, policy) = (Cuts::default(), text(40_000), policy());
        let facts = read(Language::Python, &text);
        let ask = || cuts.chunks(&policy, Language::Python, &text, &facts);
        let found = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
            asking.into_iter().map(|asking| asking.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(found.iter().all(|parts| Arc::ptr_eq(parts, &found[0])), "it was parsed once");
    }
}

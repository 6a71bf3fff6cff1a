//! Goal: what phase 3's chunker loses is lost as it was measured on the original, and what the
//! stable one promises holds on real sources of every language.
//! Method: cut files whose cuts are known, edited files, and whatever is installed here.

mod deep;
mod documented;
mod languages;
mod stable;
mod standard_library;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use engine::chunk::{Chunk, ChunkPolicy, Lines, chunks};
use engine::source::{self, Language};

/// As phase 3 cuts.
fn documented() -> ChunkPolicy {
    ChunkPolicy::Documented { max_lines: size(2000), overlap_lines: 50 }
}

/// Parts of `min` to `max` lines.
fn stable(min: usize, max: usize, overlap_lines: usize) -> ChunkPolicy {
    ChunkPolicy::Stable { min_lines: size(min), max_lines: size(max), overlap_lines }
}

fn size(lines: usize) -> NonZeroUsize {
    NonZeroUsize::new(lines).expect("a size")
}

fn cut(policy: &ChunkPolicy, language: Language, text: &str) -> Vec<Chunk> {
    chunks(policy, language, text, &source::read(language, text))
}

/// What is sent of each part.
fn texts<'a>(policy: &ChunkPolicy, language: Language, text: &'a str) -> Vec<&'a str> {
    let lines = Lines::new(text);
    cut(policy, language, text).iter().map(|chunk| lines.text(&chunk.sent)).collect()
}

/// The parts put together are the file, and each begins where the one before ends.
fn assert_partition(text: &str, chunks: &[Chunk]) {
    let lines = Lines::new(text);
    let own: String = chunks.iter().map(|chunk| lines.text(&chunk.own)).collect();
    assert!(own == text, "the parts are not the file");
    for pair in chunks.windows(2) {
        assert_eq!(pair[0].own.end, pair[1].own.start);
    }
}

/// The files below a folder, in the order of their paths.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => found.push(entry.path()),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

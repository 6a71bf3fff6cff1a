//! Cuts between definitions, where their text says so.
//!
//! A part ends before the first definition whose text has the smallest hash of all around it. That
//! depends on those definitions alone, so that an edit moves no cut but those next to it; a cut
//! after a number of lines would move with every line that is added. Where no such definition is
//! near enough, the best of the others is taken. Parts are a partition by construction: each begins
//! where the one before ends.

use super::lines::Lines;
use super::outline::Outline;
use super::part::{Chunk, Size};
use crate::source::language::Language;

/// The parts of a file of more lines than a part may have.
pub(super) fn cut(language: Language, text: &str, size: Size, overlap: usize) -> Vec<Chunk> {
    let lines = Lines::new(text);
    let mut outline = Outline::new(language, &lines);
    let mut chunks = Vec::new();
    let mut start = 0;
    while lines.count() - start > size.max {
        let end = outline.cut(start, size);
        chunks.push(Chunk::new(start..end, overlap));
        start = end;
    }
    chunks.push(Chunk::new(start..lines.count(), overlap));
    chunks
}

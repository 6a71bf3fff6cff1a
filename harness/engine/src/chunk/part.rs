//! A part of a file, and how long one may be.

use std::ops::Range;

use crate::source::Facts;

/// A part of a file, in lines counted from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The lines that this part is responsible for.
    pub own: Range<usize>,
    /// The lines that are sent: its own, and the overlap before them.
    pub sent: Range<usize>,
}

impl Chunk {
    /// A part that is sent with up to `overlap` lines before it.
    pub(super) fn new(own: Range<usize>, overlap: usize) -> Self {
        let sent = own.start.saturating_sub(overlap)..own.end;
        Self { own, sent }
    }
}

/// How long a part may be, in lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    /// The fewest.
    pub(super) min: usize,
    /// The most.
    pub(super) max: usize,
}

/// The lines of a file.
pub(super) fn line_count(facts: &Facts) -> usize {
    usize::try_from(facts.lines).unwrap_or(usize::MAX)
}

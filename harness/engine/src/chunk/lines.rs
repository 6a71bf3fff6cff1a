//! The lines of a text, and the cut by lines alone, for what has no better place to be cut.

use std::ops::Range;

use super::part::Chunk;

/// A text that can be cut by lines without being read again each time.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// The lines of `text`.
    pub fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        Self { text, starts: starts.collect() }
    }

    /// How many there are; a last line without an end counts.
    pub fn count(&self) -> usize {
        self.starts.len() - usize::from(self.text.is_empty() || self.text.ends_with('\n'))
    }

    /// The text of some lines, their ends included.
    pub fn text(&self, lines: &Range<usize>) -> &'a str {
        &self.text[self.offset(lines.start)..self.offset(lines.end)]
    }

    /// The line after the last one that ends within `bytes` from the start of line `from`.
    pub fn within(&self, from: usize, bytes: usize) -> usize {
        let limit = self.offset(from).saturating_add(bytes);
        if limit >= self.text.len() {
            return self.count();
        }
        self.starts.partition_point(|start| *start <= limit).saturating_sub(1).max(from)
    }

    fn offset(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or(self.text.len())
    }
}

/// Windows of `max_lines` of which each repeats the end of the one before.
pub fn windows(lines: usize, max_lines: usize, overlap: usize) -> Vec<Chunk> {
    // A window that is all overlap would never get on.
    let overlap = overlap.min(max_lines - 1);
    let mut chunks = Vec::new();
    let mut start = 0;
    while start < lines {
        let sent_from = start - overlap.min(start);
        let end = (sent_from + max_lines).min(lines);
        chunks.push(Chunk { own: start..end, sent: sent_from..end });
        start = end;
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_as_editors_count_them() {
        let count = |text: &str| Lines::new(text).count();
        assert_eq!(
            [count(""), count("a"), count("a\n"), count("\n\n"), count("a\nb")],
            [0, 1, 1, 2, 2]
        );
    }

    #[test]
    fn the_lines_within_some_bytes_are_whole_lines() {
        let lines = Lines::new("aa\nbb\ncc");
        let within = |from, bytes| lines.within(from, bytes);
        assert_eq!([within(0, 2), within(0, 3), within(0, 7), within(0, 8)], [0, 1, 2, 3]);
        assert_eq!([within(1, 1), within(1, 4), within(1, 5), within(2, 2)], [1, 2, 3, 3]);
    }
}

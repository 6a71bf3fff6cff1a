//! Lines of the summary that are only the echo of a message shown above.
//!
//! Where the summary prints whole messages, a message may hold lines that look like summary
//! lines. But it stands in a failure's block as well, line for line. So every line that
//! looks like a summary line is remembered together with the line before it, and where the
//! same two lines come in a row again, the second one is the message's.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hasher};

use super::summary::SummaryLine;
use crate::bytes::trim_end;

/// The pairs that are remembered, 8 bytes each.
const MOST: usize = 1 << 16;
/// The bytes of a line that are compared.
const COMPARED: usize = 512;

/// Pairs of lines that were seen.
#[derive(Debug, Default)]
pub(crate) struct Echo {
    pairs: BTreeSet<u64>,
    previous: Vec<u8>,
}

impl Echo {
    /// Looks at one line; says whether it echoes an earlier one.
    pub(crate) fn line(&mut self, line: &[u8], is_candidate: bool) -> bool {
        let bare = bare(line);
        let mut echoed = false;
        if is_candidate || starts_as_candidate(bare) {
            // The line before may be the first one of the message, behind its test's id.
            let starts = memchr::memmem::find_iter(&self.previous, b" - ").map(|at| at + 3);
            echoed = is_candidate
                && std::iter::once(0)
                    .chain(starts.take(16))
                    .any(|start| self.pairs.contains(&pair(&self.previous[start..], bare)));
            if self.pairs.len() < MOST {
                self.pairs.insert(pair(&self.previous, bare));
            }
        }
        self.previous.clear();
        self.previous.extend_from_slice(bare);
        echoed
    }
}

/// A line without margin, and without the mark that blocks put before an exception's lines.
fn bare(line: &[u8]) -> &[u8] {
    let line = match line.strip_prefix(b"E") {
        Some(rest) if rest.starts_with(b"   ") => rest,
        _ => line,
    };
    trim_end(line[..line.len().min(COMPARED)].trim_ascii_start())
}

fn starts_as_candidate(line: &[u8]) -> bool {
    matches!(line.first(), Some(b'F' | b'E' | b'P' | b'S' | b'X' | b'R' | b'['))
        && SummaryLine::read(line, 0, 0).is_some()
}

fn pair(first: &[u8], second: &[u8]) -> u64 {
    // Keys are fixed: the same log gives the same answer.
    let mut hasher = DefaultHasher::new();
    hasher.write(first);
    hasher.write_u8(b'\n');
    hasher.write(second);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_line_of_a_message_is_an_echo_and_the_next_test_is_not() {
        let mut echo = Echo::default();
        echo.line(b"E   RuntimeError: see", false);
        echo.line(b"E   FAILED a.py::last - x", false);
        assert!(!echo.line(b"FAILED a.py::t - b - RuntimeError: see", true));
        assert!(echo.line(b"FAILED a.py::last - x", true));
        assert!(!echo.line(b"FAILED a.py::last - x", true));
    }
}

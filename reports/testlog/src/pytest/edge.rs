//! The edges of a run: what it can begin with, where its beginning is gone as well, and what can
//! be read of a log's very last line.

use super::progress::{self, Mark};
use super::summary::Line;
use super::{Place, Reader, body, rule, sugar};

/// What pytest says instead of a session where a `conftest.py` cannot be loaded.
pub(crate) const CONFTEST: &str = "ImportError while loading conftest '";

/// What pytest says where it was asked for what is not there.
const ABSENT: [&[u8]; 3] =
    [b"file or directory not found: ", b"not found: ", b"Unknown config option: "];

impl Reader {
    /// Whether a line can only be the beginning of a run.
    pub(crate) fn begins(line: &[u8]) -> bool {
        match line.first() {
            Some(b'=') => rule::title(line, b'=') == Some(b"test session starts"),
            Some(b'T') => sugar::begins(line),
            _ => false,
        }
    }

    /// Whether a line can be a part of a run that has no beginning: `-q`, or a log that was cut.
    ///
    /// `silent` says that nothing was read before; behind a run that has ended only results count.
    pub(crate) fn resumes(line: &[u8], silent: bool) -> bool {
        match line.first() {
            Some(b'=') if silent => match rule::title(line, b'=') {
                Some(b"FAILURES" | b"ERRORS" | b"short test summary info") => true,
                _ => rule::last(line).is_some(),
            },
            Some(b'0'..=b'9' | b'n') if silent => rule::last(line).is_some(),
            Some(b'I') if silent => {
                line.starts_with(b"INTERNALERROR> ") || line.starts_with(CONFTEST.as_bytes())
            }
            Some(_) => match progress::read(line).0 {
                Mark::Result { .. } => true,
                // One letter alone may be a word of anything.
                Mark::Letters { file, letters } => !file.is_empty() || letters.len() > 1,
                _ => false,
            },
            None => false,
        }
    }

    /// Whether a line at the very end of a log can be read though nothing ends it: the final
    /// line, or one of the summary of which a message or a header says where its id ends.
    pub(crate) fn is_whole(&self, line: &[u8]) -> bool {
        let message = memchr::memmem::find(line, b" - ").is_some();
        let whole = |found: Line| {
            message || self.bodies.iter().any(|body| found.split_by(&body.title).is_some())
        };
        let told = Line::read(line, 0, 0).filter(|_| self.in_summary);
        // Letters are results of their own, so those before the cut are whole.
        let mark = progress::read(line).0;
        let letters = self.place == Place::Progress
            && matches!(mark, Mark::Letters { file, .. } if !file.is_empty());
        rule::last(line).is_some() || letters || told.is_some_and(whole)
    }

    /// Whether a line is one that announces counts.
    pub(crate) fn is_last(line: &[u8]) -> bool {
        rule::last(line).is_some()
    }

    /// A line before a run: where pytest cannot find what it was asked for, it says so first.
    pub(crate) fn before(&mut self, line: &[u8]) {
        // A terminal is told of the search on the same line.
        let line = line.strip_prefix(b"collecting ... ").unwrap_or(line);
        if let Some(rest) = line.strip_prefix(b"ERROR: ")
            && ABSENT.iter().any(|said| rest.starts_with(said))
        {
            self.absent = Some(body::lossy(&line[..line.len().min(500)]));
        }
    }
}

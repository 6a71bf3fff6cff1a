//! The boundaries of a session: what it can begin with, where its beginning is gone as well, and
//! what can only be its end.

use super::syntax::progress::{self, Mark};
use super::syntax::rule;

/// What pytest says instead of a session where a `conftest.py` cannot be loaded.
pub(crate) const CONFTEST: &str = "ImportError while loading conftest '";

/// What pytest says where it was asked for what is not there.
const ABSENT: [&[u8]; 3] =
    [b"file or directory not found: ", b"not found: ", b"Unknown config option: "];

/// Whether a line can only be the beginning of a session.
pub(crate) fn begins(line: &[u8]) -> bool {
    match line.first() {
        Some(b'=') => rule::title(line, b'=') == Some(b"test session starts"),
        Some(b'T') => begins_with_sugar(line),
        _ => false,
    }
}

/// Whether a line begins a session that pytest-sugar reports.
pub(super) fn begins_with_sugar(line: &[u8]) -> bool {
    line.starts_with(b"Test session starts (platform: ")
}

/// Whether a session can only have begun in a test of one that says nothing at its beginning:
/// `F==== test session starts ====`.
pub(crate) fn begins_inside(line: &[u8]) -> bool {
    let letters = letters_before_title(line);
    letters > 0 && begins(&line[letters..])
}

/// How many letters stand before the rule of a title.
pub(super) fn letters_before_title(line: &[u8]) -> usize {
    let letters = line.iter().take_while(|byte| b".FEsxXR".contains(*byte)).count();
    if line.get(letters) == Some(&b'=') { letters } else { 0 }
}

/// Whether a line can be a part of a session that has no beginning: `-q`, or a log that was cut.
///
/// `silent` says that nothing was read before; behind a session that has ended only results
/// count.
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

/// Whether a line is one that announces counts.
pub(crate) fn announces_counts(line: &[u8]) -> bool {
    rule::last(line).is_some()
}

/// Whether a line says that pytest cannot find what it was asked for. It comes before a session.
pub(super) fn is_absence(line: &[u8]) -> bool {
    let rest = line.strip_prefix(b"ERROR: ");
    rest.is_some_and(|rest| ABSENT.iter().any(|said| rest.starts_with(said)))
}

//! The lines under `short test summary info`: a word, an id, and the first line of a message.
//!
//! Where CI is detected or with `-vv` the whole message follows, over many lines that may look
//! like summary lines themselves. And both ids and messages may hold ` - `, which separates
//! them. So a line is only a candidate until a header's title says where its id ends.

use memchr::memmem;

use super::id::Shape;
use super::word::{WORDS, Word};

/// A line that may be one of the summary's.
#[derive(Debug)]
pub(crate) struct SummaryLine {
    /// Which summary it stands in: a test may have printed one of its own.
    pub(crate) group: u32,
    /// Which line of the log it is.
    pub(crate) at: u64,
    pub(crate) word: Word,
    /// Whether it stands inside a message: a block above has the same two lines in a row.
    pub(crate) forged: bool,
    /// What stands after the word.
    pub(crate) rest: Vec<u8>,
}

impl SummaryLine {
    pub(crate) fn read(line: &[u8], group: u32, at: u64) -> Option<Self> {
        for (text, word) in WORDS {
            if let Some(rest) = line.strip_prefix(text) {
                let rest = match rest.first()? {
                    b' ' => &rest[1..],
                    b'[' | b'(' if word.is_of_part() => rest,
                    _ => return None,
                };
                return Some(Self { group, at, forged: false, word, rest: rest.to_vec() });
            }
        }
        // The plugin for parts writes the part before the word.
        if matches!(line.first(), Some(b'[' | b'('))
            && let Some(end) = memmem::find(line, b" SUBFAIL ")
        {
            let rest = [&line[..end], &line[end + 8..]].concat();
            return Some(Self { group, at, forged: false, word: Word::SubFailed, rest });
        }
        None
    }

    pub(crate) const fn cost(&self) -> usize {
        self.rest.len() + 48
    }

    /// Whether it is about a test that failed, by its word.
    pub(crate) const fn is_failed(&self) -> bool {
        matches!(self.word, Word::Failed | Word::SubFailed)
    }

    /// The id and the message, if the id is the one that a header names.
    pub(crate) fn split_by(&self, title: &[u8]) -> Option<(&[u8], &[u8])> {
        if let Some(file) = title.strip_prefix(b"ERROR collecting ") {
            return after(&self.rest, self.rest.strip_prefix(file)?.len());
        }
        let title = [&b"ERROR at setup of "[..], b"ERROR at teardown of "]
            .iter()
            .find_map(|prefix| title.strip_prefix(*prefix))
            .unwrap_or(title);
        if self.word == Word::SubFailed {
            return self.split_part(title);
        }
        split(&self.rest, title)
    }

    /// Whether a header can be that of the failure: it names the test, or the test's file where
    /// a worker died in it.
    pub(crate) fn is_titled(&self, title: &[u8]) -> bool {
        let in_file = || self.rest.strip_prefix(title).is_some_and(|rest| rest.starts_with(b"::"));
        self.split_by(title).is_some() || in_file()
    }

    /// A part's header names the test and the part; its line, the part and the test.
    fn split_part(&self, title: &[u8]) -> Option<(&[u8], &[u8])> {
        let ends = memchr::memchr_iter(b' ', title)
            .filter(|at| matches!(title.get(at + 1), Some(b'[' | b'(')));
        for at in ends.take(64) {
            let (domain, part) = (&title[..at], &title[at + 1..]);
            let rest = self.rest.strip_prefix(part).unwrap_or(&self.rest);
            let rest = rest.strip_prefix(b" ").unwrap_or(rest);
            if let Some(found) = split(rest, domain) {
                return Some(found);
            }
        }
        None
    }

    /// The id and the message by the looks of them, where no header helps.
    pub(crate) fn guess(&self) -> (&[u8], &[u8]) {
        let rest = match self.word {
            Word::SubFailed => id_and_more_after_part(&self.rest),
            _ => &self.rest,
        };
        guess(rest)
    }
}

/// The id at the start of a line whose domain is known: `::` in the id is `.` in a title, except
/// in parameters.
fn split<'a>(rest: &'a [u8], domain: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let names = memmem::find(rest, b"::")?;
    let mut at = names + 2;
    let mut parameters = false;
    // A doctest's title says what it is.
    let domain = domain.strip_prefix(b"[doctest] ").unwrap_or(domain);
    for &byte in domain {
        let here = rest.get(at)?;
        parameters |= byte == b'[';
        if *here == byte {
            at += 1;
        } else if byte == b'.' && !parameters && rest[at..].starts_with(b"::") {
            at += 2;
        } else {
            return None;
        }
    }
    after(rest, rest.len() - at)
}

/// Cuts a line before its last `left` bytes, if a message or nothing stands there.
fn after(rest: &[u8], left: usize) -> Option<(&[u8], &[u8])> {
    let (id, tail) = rest.split_at(rest.len() - left);
    if tail.is_empty() {
        return Some((id, tail));
    }
    tail.strip_prefix(b" - ").map(|message| (id, message))
}

/// Whether a title is that of a test: its domain, its file where a worker died in it, or, for a
/// part, the domain and the part.
pub(crate) fn names(title: &[u8], id: &[u8], part: bool) -> bool {
    let bare = [&b"ERROR at setup of "[..], b"ERROR at teardown of "]
        .iter()
        .find_map(|prefix| title.strip_prefix(*prefix))
        .unwrap_or(title);
    if part {
        let mut ends = memchr::memchr_iter(b' ', bare).take(64);
        return ends.any(|at| is_domain(&bare[..at], id)) || is_domain(bare, id);
    }
    is_domain(bare, id)
        || memmem::find(id, b"::").is_some_and(|names| &id[..names] == bare)
        || title.strip_prefix(b"ERROR collecting ") == Some(id)
}

fn is_domain(domain: &[u8], id: &[u8]) -> bool {
    split(id, domain).is_some_and(|(found, message)| found.len() == id.len() && message.is_empty())
}

/// The first place at which an id can end before ` - `, brackets closed if possible.
fn guess(rest: &[u8]) -> (&[u8], &[u8]) {
    if memmem::find(rest, b"::").is_none() {
        // A file that could not be collected.
        let end = memmem::find(rest, b" - ").unwrap_or(rest.len());
        return (&rest[..end], rest.get(end + 3..).unwrap_or_default());
    }
    let shape = Shape::of(rest);
    let (mut depth, mut counted, mut first) = (0_i64, 0, None);
    for at in memmem::find_iter(rest, b" - ") {
        for byte in &rest[counted..at] {
            depth += i64::from(*byte == b'[') - i64::from(*byte == b']');
        }
        counted = at;
        if !shape.is_whole(at) {
            continue;
        }
        first = first.or(Some(at));
        if depth == 0 {
            first = Some(at);
            break;
        }
    }
    // Parameters may hold ` - ` after a bracket, as in `t[x] - y[z] - boom`: what follows them
    // there ends with a bracket as well, and opened none behind a blank, as a list would.
    let first = first.map(|at| longer(rest, &shape, at));
    match first {
        Some(at) => (&rest[..at], &rest[at + 3..]),
        None => (rest, &[]),
    }
}

/// The end of an id that goes on after a bracket: `t[x] - y[z] - boom`. A message that happens
/// to end so before another ` - ` opens its bracket behind a blank, or has blanks of its own.
fn longer(rest: &[u8], shape: &Shape<'_>, at: usize) -> usize {
    if rest[at - 1] != b']' {
        return at;
    }
    let more = &rest[at + 3..];
    let next = memmem::find(more, b" - ").filter(|next| shape.is_whole(at + 3 + next));
    match next {
        Some(next) if !more[..next].contains(&b' ') && more.first() != Some(&b'[') => at + 3 + next,
        _ => at,
    }
}

/// The id in `[msg] (i=1) path::test - message`, with what follows it.
fn id_and_more_after_part(rest: &[u8]) -> &[u8] {
    if !matches!(rest.first(), Some(b'[' | b'(')) {
        return rest;
    }
    for names in memmem::find_iter(rest, b"::").take(64) {
        let Some(space) = memchr::memrchr(b' ', &rest[..names]) else { continue };
        if matches!(rest[..space].last(), Some(b']' | b')')) {
            return &rest[space + 1..];
        }
    }
    rest
}

/// The id in `[msg] (i=1) path::test`.
pub(crate) fn id_after_part(rest: &[u8]) -> &[u8] {
    id_and_more_after_part(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> SummaryLine {
        SummaryLine::read(text.as_bytes(), 1, 1).expect("a summary line")
    }

    fn check(text: &str, title: &str, id: &str, message: &str) {
        let line = line(text);
        let found = line.split_by(title.as_bytes()).expect("the title's line");
        assert_eq!(found, (id.as_bytes(), message.as_bytes()), "{text}");
    }

    #[test]
    fn a_title_says_where_an_id_ends() {
        check("FAILED a.py::t[a] - b] - boom", "t[a] - b]", "a.py::t[a] - b]", "boom");
        check("FAILED a.py::T::t[x::y]", "T.t[x::y]", "a.py::T::t[x::y]", "");
        check("ERROR a.py::t - x", "ERROR at setup of t", "a.py::t", "x");
        check("ERROR a b.py - x", "ERROR collecting a b.py", "a b.py", "x");
        check("SUBFAILED[m] (i=1) a.py::T::t - x", "T.t [m] (i=1)", "a.py::T::t", "x");
        check("SUBFAIL a.py::T::t - x", "T.t [m] (i=1)", "a.py::T::t", "x");
        check("[m] (i=1) SUBFAIL a.py::T::t - x", "T.t [m] (i=1)", "a.py::T::t", "x");
    }

    #[test]
    fn a_line_about_another_test_is_refused() {
        assert_eq!(line("FAILED a.py::test_b - x").split_by(b"test_a"), None);
        assert_eq!(line("FAILED a.py::test_ab - x").split_by(b"test_a"), None);
        assert!(SummaryLine::read(b"FAILEDx", 1, 1).is_none());
        assert!(SummaryLine::read(b"nothing", 1, 1).is_none());
    }

    #[test]
    fn without_a_title_closed_brackets_say_where_an_id_ends() {
        let check = |text: &str, id: &str| {
            assert_eq!(String::from_utf8_lossy(line(text).guess().0), id, "{text}");
        };
        check("FAILED a.py::t[[a] - b] - x - y", "a.py::t[[a] - b]");
        check("FAILED a.py::t - [x] - y", "a.py::t");
        check("FAILED a.py::t[a[] - x", "a.py::t[a[]");
        check("FAILED a.py::t[x] - y[z] - boom", "a.py::t[x] - y[z]");
        check("FAILED a.py::t[x] - KeyError: a[z] - boom", "a.py::t[x]");
        check("SUBFAILED[m] (i=1) a.py::t - x", "a.py::t");
        check("ERROR a.py - x", "a.py");
    }
}

//! What pytest prints while tests run: a line for each test (`-v`), or a letter.
//!
//! Ids hold anything: spaces, brackets, status words, even a forged end of line. So a line is read
//! from its right end, where pytest and not the test decides what stands there; only a status
//! with a reason after it has to be looked for, and there the first place wins at which what
//! stands before is a whole id.

use memchr::memmem;

use super::id::{self, Shape};
use super::letters;
use super::tail::{self, Tail};
use super::word::{self, WORDS, Word};
use crate::bytes::trim_start;

/// One line of progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark<'a> {
    /// A test's result, and which part of it where it is a part.
    Result { id: &'a [u8], word: Word, part: Option<&'a [u8]> },
    /// A result whose id and part cannot be told apart without knowing which tests run.
    Worker { rest: &'a [u8], word: Word },
    /// A test begins; its result comes on another line.
    Start(&'a [u8]),
    /// A result alone: that of the test that began last.
    Alone(Word),
    /// A result whose reason goes on over the next lines.
    Open { id: &'a [u8], word: Word },
    /// A letter for each result, after the file's name where the line has it.
    Letters { file: &'a [u8], letters: &'a [u8] },
    /// Nothing of the kind.
    None,
}

/// Reads one line.
pub(crate) fn read(line: &[u8]) -> (Mark<'_>, Tail) {
    if line.starts_with(b"[gw") {
        return (worker(line), Tail::None);
    }
    let (text, tail) = tail::without_tail(line);
    let mark = verbose(line, text).or_else(|| {
        let (file, letters) = letters::read(text, tail != Tail::None)?;
        Some(Mark::Letters { file, letters })
    });
    (mark.unwrap_or(Mark::None), tail)
}

fn verbose<'a>(line: &'a [u8], text: &'a [u8]) -> Option<Mark<'a>> {
    if let Some((word, before)) = word::trailing(text) {
        if before.is_empty() {
            return Some(Mark::Alone(word));
        }
        let id = before.strip_suffix(b" ")?;
        if !id::is_begun(id) {
            return None;
        }
        let (id, part) = if word.is_of_part() { id::part_after(id) } else { (id, None) };
        return Some(Mark::Result { id: id::without_origin(id), word, part });
    }
    if !id::is_begun(text) {
        return None;
    }
    if let Some((id, word, part)) = inner_word(text) {
        let id = id::without_origin(id);
        let ended = part.is_some() || text.ends_with(b")");
        return Some(if ended { Mark::Result { id, word, part } } else { Mark::Open { id, word } });
    }
    line.strip_suffix(b" ").map(|id| Mark::Start(id::without_origin(id)))
}

/// A line of a worker: `[gw0] [  3%] FAILED path::node `.
fn worker(line: &[u8]) -> Mark<'_> {
    let Some(close) = memchr::memchr(b']', line) else { return Mark::None };
    if !line[3..close].iter().all(u8::is_ascii_digit) {
        return Mark::None;
    }
    let mut rest = trim_start(&line[close + 1..]);
    if rest.starts_with(b"[") {
        let Some(close) = memchr::memchr(b']', rest) else { return Mark::None };
        if tail::count(&rest[1..close]) != Tail::None {
            rest = trim_start(&rest[close + 1..]);
        }
    }
    // The plugin for parts puts the part before the word.
    for (text, word) in WORDS {
        if let Some(after) = rest.strip_prefix(text) {
            let rest = after.strip_suffix(b" ").unwrap_or(after);
            return match rest.strip_prefix(b" ") {
                Some(id) => Mark::Result { id: id::without_origin(id), word, part: None },
                None if word.is_of_part() => Mark::Worker { rest, word },
                None => Mark::None,
            };
        }
    }
    for (text, word) in &WORDS[..8] {
        let place = memmem::find(rest, text).filter(|at| {
            *at > 0 && rest[at - 1] == b' ' && rest.get(at + text.len()) == Some(&b' ')
        });
        if place.is_some() {
            let rest = rest.strip_suffix(b" ").unwrap_or(rest);
            return Mark::Worker { rest, word: *word };
        }
    }
    Mark::None
}

/// An id, a status word, and the part that it is about.
type Inner<'a> = (&'a [u8], Word, Option<&'a [u8]>);

/// A status word inside a text, with a reason or a part after it, and the whole id before it.
fn inner_word(text: &[u8]) -> Option<Inner<'_>> {
    let shape = Shape::of(text);
    let mut best: Option<(usize, Word, Option<usize>)> = None;
    let mut consider = |at: usize, word: Word, part: Option<usize>| {
        if best.is_none_or(|(known, ..)| at < known) {
            best = Some((at, word, part));
        }
    };
    let reasons: [(&[u8], Word); 3] =
        [(b" SKIPPED (", Word::Skipped), (b" XFAIL (", Word::Xfail), (b" XPASS (", Word::Xpass)];
    for (needle, word) in reasons {
        if let Some(at) = memmem::find_iter(text, needle).find(|at| shape.is_whole(*at)) {
            consider(at, word, None);
        }
    }
    for (word, meaning) in &WORDS[..4] {
        let place = memmem::find_iter(text, word).find(|at| {
            let after = &text[at + word.len()..];
            let opens = matches!(after.first(), Some(b'[' | b'(')) || after.starts_with(b" [");
            *at > 0 && text[at - 1] == b' ' && opens && shape.is_whole(at - 1)
        });
        if let Some(at) = place {
            consider(at - 1, *meaning, Some(at + word.len()));
        }
    }
    // Where a reason is wrapped and a long id leaves no room, only its end is printed: `SKIPPED)`.
    if best.is_none() && text.ends_with(b")") {
        for (needle, word) in reasons {
            let needle = &needle[..needle.len() - 2];
            let glued = |at: &usize| text.get(at + needle.len()).is_some_and(|byte| *byte != b' ');
            let mut places = memmem::find_iter(text, needle).filter(glued);
            best = best.or(places.find(|at| shape.is_whole(*at)).map(|at| (at, word, None)));
        }
    }
    let (at, word, part) = best?;
    Some((&text[..at], word, part.map(|from| trim_start(&text[from..]))))
}

#[cfg(test)]
mod tests;

//! What pytest prints while tests run: a line for each test (`-v`), or a letter.
//!
//! Ids hold anything: spaces, brackets, status words, even a forged end of line. So a line is read
//! from its right end, where pytest and not the test decides what stands there; only a status
//! with a reason after it has to be looked for, and there the first place wins at which what
//! stands before is a whole id.

use memchr::memmem;

/// What a line or a letter says about a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Passed,
    Failed,
    Error,
    Skipped,
    Xfail,
    Xpass,
    Rerun,
    SubPassed,
    SubFailed,
    SubSkipped,
}

/// Every word, longest first where one is the end of another.
pub(super) const WORDS: [(&[u8], Word); 15] = [
    (b"SUBPASSED", Word::SubPassed),
    (b"SUBFAILED", Word::SubFailed),
    (b"SUBSKIPPED", Word::SubSkipped),
    (b"SUBXFAIL", Word::SubSkipped),
    (b"SUBXPASS", Word::SubPassed),
    (b"SUBPASS", Word::SubPassed),
    (b"SUBFAIL", Word::SubFailed),
    (b"SUBSKIP", Word::SubSkipped),
    (b"PASSED", Word::Passed),
    (b"FAILED", Word::Failed),
    (b"ERROR", Word::Error),
    (b"SKIPPED", Word::Skipped),
    (b"XFAIL", Word::Xfail),
    (b"XPASS", Word::Xpass),
    (b"RERUN", Word::Rerun),
];

/// One line of progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark<'a> {
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
    /// A letter for each result, after the file's name where it is told.
    Letters { file: &'a [u8], letters: &'a [u8] },
    /// Nothing of the kind.
    None,
}

/// How far the run is, by the end of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// ` [ 45%]`.
    Percent(u64),
    /// ` [ 1/19]`.
    Count(u64),
    /// ` 563.1us`.
    Time,
    None,
}

/// Reads one line.
pub(super) fn read(line: &[u8]) -> (Mark<'_>, Tail) {
    if line.starts_with(b"[gw") {
        return (worker(line), Tail::None);
    }
    let (text, tail) = without_tail(line);
    let mark = verbose(line, text).unwrap_or_else(|| letters(text, tail != Tail::None));
    (mark, tail)
}

fn verbose<'a>(line: &'a [u8], text: &'a [u8]) -> Option<Mark<'a>> {
    if let Some((word, before)) = trailing_word(text) {
        if before.is_empty() {
            return Some(Mark::Alone(word));
        }
        let id = before.strip_suffix(b" ")?;
        if !begins_as_id(id) {
            return None;
        }
        return Some(match word {
            Word::SubPassed | Word::SubFailed | Word::SubSkipped => {
                let (id, part) = part_after(id);
                Mark::Result { id: without_origin(id), word, part }
            }
            _ => Mark::Result { id: without_origin(id), word, part: None },
        });
    }
    if !begins_as_id(text) {
        return None;
    }
    if let Some((id, word, part)) = inner_word(text) {
        let id = without_origin(id);
        let ended = part.is_some() || text.ends_with(b")");
        return Some(if ended { Mark::Result { id, word, part } } else { Mark::Open { id, word } });
    }
    line.strip_suffix(b" ").map(|id| Mark::Start(without_origin(id)))
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
        if count(&rest[1..close]) != Tail::None {
            rest = trim_start(&rest[close + 1..]);
        }
    }
    // The plugin for parts puts the part before the word.
    for (text, word) in WORDS {
        if let Some(after) = rest.strip_prefix(text) {
            let rest = after.strip_suffix(b" ").unwrap_or(after);
            let part = matches!(word, Word::SubPassed | Word::SubFailed | Word::SubSkipped);
            return match rest.strip_prefix(b" ") {
                Some(id) => Mark::Result { id: without_origin(id), word, part: None },
                None if part => Mark::Worker { rest, word },
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

/// Cuts ` [ 45%]`, ` [ 1/19]` or ` 563.1us` off.
fn without_tail(line: &[u8]) -> (&[u8], Tail) {
    let text = trim_end(line);
    if let Some(inner) = text.strip_suffix(b"]")
        && let Some(open) = memchr::memrchr(b'[', &inner[inner.len().saturating_sub(24)..])
    {
        let open = inner.len().saturating_sub(24) + open;
        let tail = count(&inner[open + 1..]);
        if tail != Tail::None && (open == 0 || inner[open - 1] == b' ') {
            return (trim_end(&inner[..open]), tail);
        }
    }
    if text.last().is_some_and(|last| matches!(last, b's' | b'm'))
        && let Some(shorter) = without_time(text)
    {
        return (shorter, Tail::Time);
    }
    (text, Tail::None)
}

/// What stands in the brackets of a tail: ` 45%`, `100%`, ` 1/19`.
fn count(inner: &[u8]) -> Tail {
    let inner = trim_start(inner);
    let digits = inner.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = std::str::from_utf8(&inner[..digits]).ok().and_then(|text| text.parse().ok());
    match (number, &inner[digits..]) {
        (Some(number), b"%") if digits <= 3 => Tail::Percent(number),
        (Some(number), [b'/', total @ ..])
            if !total.is_empty() && total.iter().all(u8::is_ascii_digit) =>
        {
            Tail::Count(number)
        }
        _ => Tail::None,
    }
}

/// The line before a duration in the `times` style, if a result stands before it.
fn without_time(text: &[u8]) -> Option<&[u8]> {
    let mut text = text;
    for _ in 0..2 {
        let space = memchr::memrchr(b' ', &text[text.len().saturating_sub(12)..])?;
        let token = &text[text.len().saturating_sub(12) + space + 1..];
        if !token.first()?.is_ascii_digit() {
            return None;
        }
        text = trim_end(&text[..text.len() - token.len()]);
        if trailing_word(text).is_some() || text.ends_with(b")") || text.ends_with(b"]") {
            return Some(text);
        }
    }
    None
}

/// The status word at the end of a text, and what stands before it.
fn trailing_word(text: &[u8]) -> Option<(Word, &[u8])> {
    // All words end with one of six letters, so most lines are settled by their last byte.
    if !matches!(text.last()?, b'D' | b'R' | b'L' | b'S' | b'N' | b'P') {
        return None;
    }
    WORDS.iter().find_map(|(word, meaning)| {
        let before = text.strip_suffix(*word)?;
        (before.is_empty() || before.ends_with(b" ")).then_some((*meaning, before))
    })
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

/// Where in a text an id can end, found out once, so that asking for many places is cheap.
pub(super) struct Shape<'a> {
    text: &'a [u8],
    /// The first `::`, before which the file stands.
    names: Option<usize>,
    /// The first bracket after it, where parameters open.
    open: usize,
}

impl<'a> Shape<'a> {
    pub(super) fn of(text: &'a [u8]) -> Self {
        let names = memmem::find(text, b"::");
        let open = names.and_then(|names| Some(names + memchr::memchr(b'[', &text[names..])?));
        Self { text, names, open: open.unwrap_or(usize::MAX) }
    }

    /// Whether what stands before a place can be an id: its parameters are closed.
    pub(super) fn is_whole(&self, end: usize) -> bool {
        let Some(last) = end.checked_sub(1).and_then(|last| self.text.get(last)) else {
            return false;
        };
        let named = self.names.is_some_and(|names| names + 2 < end);
        named && if self.open < end { *last == b']' } else { *last != b' ' }
    }
}

/// An id and the part that stands after it: `path::test [msg] (i=1)`.
fn part_after(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    let shape = Shape::of(text);
    let mut ends = memchr::memchr_iter(b' ', text)
        .filter(|at| matches!(text.get(at + 1), Some(b'[' | b'(')) && shape.is_whole(*at));
    match ends.next() {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

/// An id without ` <- other/file.py`, which says where an inherited test stands.
fn without_origin(id: &[u8]) -> &[u8] {
    match memmem::rfind(id, b" <- ") {
        Some(at) if !id.ends_with(b"]") && Shape::of(id).is_whole(at) => &id[..at],
        _ => id,
    }
}

/// How far the run is at the line that ends a reason that was wrapped.
pub(super) fn closes(line: &[u8]) -> Option<Tail> {
    let (text, tail) = without_tail(line);
    text.ends_with(b")").then_some(tail)
}

/// What may be an id at the start of a line that goes on with a test's own output.
pub(super) fn leading_id(line: &[u8]) -> &[u8] {
    let shape = Shape::of(line);
    let mut spaces = memchr::memchr_iter(b' ', line);
    let end = spaces.find(|at| shape.is_whole(*at)).unwrap_or(line.len());
    &line[..end]
}

/// Whether a line opens as an id does: a path, then `::`.
fn begins_as_id(text: &[u8]) -> bool {
    !matches!(text.first(), None | Some(b' ' | b'=' | b'-' | b'_' | b'!' | b'>'))
        && memmem::find(text, b"::").is_some_and(|at| at > 0)
}

const LETTERS: &[u8] = b".FEsxXRPu,-yY";

fn letters(text: &[u8], tail: bool) -> Mark<'_> {
    let text = without_banner(text);
    // A result that came after the last one was thought to be in: `.F [100%]F [100%]`.
    if let Some(close) = memchr::memrchr(b']', text)
        && close + 1 < text.len()
        && text[close + 1..].iter().all(|byte| LETTERS.contains(byte))
        && let (before, Tail::Percent(_)) = without_tail(&text[..=close])
        && let Mark::Letters { file, .. } = plain_letters(before, true)
    {
        let start = memchr::memrchr(b' ', before).map_or(0, |space| space + 1);
        return Mark::Letters { file, letters: &text[start..] };
    }
    plain_letters(text, tail)
}

fn plain_letters(text: &[u8], tail: bool) -> Mark<'_> {
    let start = memchr::memrchr(b' ', text).map_or(0, |space| space + 1);
    let (file, letters) = (&text[..start], &text[start..]);
    if letters.is_empty() || !letters.iter().all(|byte| LETTERS.contains(byte)) {
        return Mark::None;
    }
    let file = trim_end(file);
    let named = file.is_empty() || file.ends_with(b".py") || tail;
    // A rule of dashes, or an ellipsis after words, is no progress.
    let noise = letters.iter().all(|byte| *byte == b'-') || (file.is_empty() && letters == b"...");
    if named && (!noise || tail) { Mark::Letters { file, letters } } else { Mark::None }
}

/// Whether a line ends with the banner of the time-out plugin.
pub(super) fn has_banner(line: &[u8]) -> bool {
    without_banner(line).len() < line.len()
}

/// Letters before the banner that the time-out plugin writes into the middle of a line.
fn without_banner(text: &[u8]) -> &[u8] {
    if !text.ends_with(b"++++ ") && !text.ends_with(b"++++") {
        return text;
    }
    let banner = memmem::find(text, b"+ Timeout +").and_then(|_| memmem::find(text, b"++++"));
    banner.map_or(text, |start| &text[..start])
}

/// What a letter says, if it is one. Parts that hold are only shown where they are asked for.
pub(super) fn letter(byte: u8) -> Option<Word> {
    let word = match byte {
        b'F' => Word::Failed,
        b'E' => Word::Error,
        b's' => Word::Skipped,
        b'x' => Word::Xfail,
        b'X' => Word::Xpass,
        b'R' => Word::Rerun,
        b',' | b'Y' => Word::SubPassed,
        b'-' | b'y' => Word::SubSkipped,
        b'.' | b'P' => Word::Passed,
        // `u` is a part: one that failed, or, quietly in version 9, any.
        _ => return None,
    };
    Some(word)
}

pub(super) fn trim_end(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    &text[..end]
}

fn trim_start(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| *byte != b' ').unwrap_or(text.len());
    &text[start..]
}

#[cfg(test)]
mod tests;

//! What a session says about itself: its version, how many tests it has, and what ended it.

use memchr::memmem;

use super::boundaries::begins;
use crate::bytes::lossy;

/// What a session said about itself so far.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that was seen or was not")]
pub(super) struct Facts {
    pub(super) version: Option<String>,
    /// Whether it says what runs it, as only a session does that shows results by name.
    pub(super) named: bool,
    /// How many tests there are.
    pub(super) total: Option<u64>,
    /// How many tests were announced, where results showed that there are not as many, or where
    /// they come from workers and cannot show it.
    pub(super) planned: Option<u64>,
    /// Files that could not be collected, and files that were skipped as a whole: no result
    /// stands for either. Known where the log says what was collected.
    pub(super) collection_errors: Option<u64>,
    pub(super) collection_skips: Option<u64>,
    /// What ended or broke it as a whole.
    pub(super) error: Option<String>,
    /// What it was asked for and could not find.
    pub(super) absent: Option<String>,
    /// Whether another session was seen to begin inside it, which may have said anything.
    pub(super) nested: bool,
    /// Whether its first line had letters of its own before another session's title.
    pub(super) glued: bool,
    /// Whether pytest-sugar reports, which shows no progress that could be read, and names
    /// failures under its counts where there is no summary.
    pub(super) sugar: bool,
}

impl Facts {
    /// How many tests there should be, where the log says it; with `-q` it does not.
    pub(super) fn size(&self) -> Option<u64> {
        self.total.or(self.planned)
    }

    /// Whether it says why a final line would not account for all tests.
    pub(super) const fn is_stopped(&self) -> bool {
        self.error.is_some() || self.absent.is_some()
    }

    /// Keeps what ended the session, in its own words.
    pub(super) fn ended_by(&mut self, said: &[u8]) {
        self.error = Some(lossy(&said[..said.len().min(500)]));
    }

    /// Reads a line that is about the session; says whether it was one.
    pub(super) fn line(&mut self, line: &[u8]) -> bool {
        if let Some(at) = memmem::find(line, b", pytest-")
            && line.starts_with(b"platform ")
        {
            let version = line[at + 9..].split(|byte| matches!(byte, b',' | b' ')).next();
            self.version = version.map(lossy);
            self.named = memmem::find(&line[at..], b" -- ").is_some();
            return true;
        }
        if self.size().is_none() && planned(line).is_some() {
            self.planned = planned(line);
            return true;
        }
        if self.collected(line) {
            self.total = total(line);
            return true;
        }
        let died = line.starts_with(b"[gw") && memmem::find(line, b" node down: ").is_some();
        if died {
            self.ended_by(line);
        }
        died
    }

    /// Notices the title of another session, behind what was on its line already.
    pub(super) fn notice_title(&mut self, line: &[u8]) {
        self.nested |= line.last() == Some(&b'=')
            && memmem::find(line, b"== test session starts ==").is_some_and(|at| at > 0)
            && !begins(line);
    }

    /// Reads how many files were not collected; says whether the line was about that.
    pub(super) fn collected(&mut self, line: &[u8]) -> bool {
        if total(line).is_none() || self.collection_skips.is_some() {
            // Another session collects, in a test of this one.
            self.nested |= total(line).is_some();
            return false;
        }
        if self.glued {
            return false;
        }
        let Some(text) = collected(line) else { return false };
        let count = |kind: &str| {
            text.split(" / ").find_map(|part| part.trim_end().strip_suffix(kind)?.parse().ok())
        };
        self.collection_errors = count(" errors").or_else(|| count(" error"));
        self.collection_skips = Some(count(" skipped").unwrap_or(0));
        true
    }
}

/// `collected 92 items / 1 error / 60 deselected / 32 selected`, where a line says it.
fn collected(line: &[u8]) -> Option<String> {
    let at = memmem::find(line, b"collected ")?;
    let own = at == 0 || line.starts_with(b"collecting");
    own.then(|| lossy(&line[at..line.len().min(at + 200)]))
}

/// `2 workers [4 items]`: how many tests there are, where workers collect them.
fn planned(line: &[u8]) -> Option<u64> {
    let at = memmem::find(line, b" workers [").or_else(|| memmem::find(line, b" worker ["))?;
    let rest =
        line[at..].strip_suffix(b" items]").or_else(|| line[at..].strip_suffix(b" item]"))?;
    let count = &rest[memchr::memchr(b'[', rest)? + 1..];
    std::str::from_utf8(count).ok()?.parse().ok().filter(|total| *total < 1 << 40)
}

/// The tests that will run. Old versions print a wrong `selected` next to errors, so it is not
/// what is read.
fn total(line: &[u8]) -> Option<u64> {
    let text = collected(line)?;
    let mut parts = text.trim_end().split(" / ");
    let items: u64 = parts.next()?.split(' ').nth(1)?.parse().ok()?;
    let left: Option<u64> = parts.find_map(|part| part.strip_suffix(" deselected")?.parse().ok());
    // More than any machine has tests is no count, and would overflow.
    items.checked_sub(left.unwrap_or(0)).filter(|total| *total < 1 << 40)
}

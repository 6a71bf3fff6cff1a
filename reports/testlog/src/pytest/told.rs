//! What the end of a log says by itself: headers, summary and final line of one session.
//!
//! With `-s` a test's output stands among the results, and may look like one. But the end of the
//! log tells of the same failures three times. Where these agree, they are the truth, and
//! results that disagree were printed by a test.

use std::collections::BTreeSet;

use super::list::{self, Evidence, Listed};
use super::rule::Final;
use super::summary::Line;
use super::{Failing, Reader, Word, body, settle};
use crate::run::quiet;
use crate::{Counts, Quiet};

/// Whether a final line accounts for every test that was collected, or, where the log does not
/// say how many these are, for all that the summary names.
pub(super) fn accounts(reader: &Reader, last: &Final) -> bool {
    let counts = &last.counts;
    let told = counts.tests().saturating_add(counts.errors).saturating_add(counts.deselected);
    // A file that was skipped as a whole is no test.
    let files = reader.collection_skips.unwrap_or(0);
    match reader.total.or(reader.planned).filter(|total| *total > 0) {
        Some(total) => told >= total && counts.tests() <= total.saturating_add(files),
        // With `-q` only the summary says how many there are.
        None => reader.summed != (0, 0) && reader.summed == (settle::failed(counts), counts.errors),
    }
}

/// The failures and the errors as the end of the log tells them, where it fits together and the
/// results that were read do not fit it.
pub(super) fn both(
    reader: &Reader,
    failing: &[Failing],
    evidence: [&Evidence<'_>; 2],
) -> Option<[Vec<Listed>; 2]> {
    let last = reader.last.filter(|last| accounts(reader, last))?;
    let agree = if reader.verbose {
        let of = |error: bool| -> Vec<&Failing> {
            let own = failing.iter().filter(|known| known.word != Word::Passed);
            own.filter(|known| (known.word == Word::Error) == error).collect()
        };
        same(&of(false), evidence[0], reader.group) && same(&of(true), evidence[1], reader.group)
    } else {
        let parts = evidence[0].lines.iter().any(|line| line.word == Word::SubFailed);
        let fewer = !parts && reader.read.failed < last.counts.failed;
        let none = settle::failed(&last.counts) == 0 && last.counts.errors == 0;
        settle::agrees(reader, &last) && !fewer || none || !reader.lettered
    };
    // An attempt that did not count is told nowhere else.
    if agree || reader.read.reruns > 0 {
        return None;
    }
    Some([told(evidence[0], reader.group)?, told(evidence[1], reader.group)?])
}

/// The failures of one kind by the last summary, if it names as many as there must be, and every
/// header that there is agrees.
pub(super) fn told(evidence: &Evidence<'_>, group: u32) -> Option<Vec<Listed>> {
    let own = own(evidence, group);
    if evidence.wanted != Some(own.len()) {
        return None;
    }
    let found = list::paired(own, evidence);
    (found.len() == own.len()).then_some(found)
}

/// Whether the tests that were read are those that the last summary tells of. Parts are not
/// compared: not every version shows them while tests run.
fn same(failing: &[&Failing], evidence: &Evidence<'_>, group: u32) -> bool {
    let ids: BTreeSet<&[u8]> = failing.iter().map(|known| known.id.as_slice()).collect();
    let known = |line: &&&Line| {
        let mut ends = memchr::memmem::find_iter(&line.rest, b" - ").take(ENDS);
        ids.contains(line.rest.as_slice()) || ends.any(|end| ids.contains(&line.rest[..end]))
    };
    let own = own(evidence, group).iter().filter(|line| is_test(line));
    own.clone().count() == failing.iter().filter(|known| known.word != Word::SubFailed).count()
        && own.filter(|line| !known(line)).count() == 0
}

/// The places of a line at which an id may end.
const ENDS: usize = 64;

/// Whether a line is about a test, not about a file that could not be collected.
fn is_test(line: &Line) -> bool {
    line.word == Word::Failed
        || line.word == Word::Error && memchr::memmem::find(&line.rest, b"::").is_some()
}

fn own<'a, 'b>(evidence: &'b Evidence<'a>, group: u32) -> &'b [&'a Line] {
    let first = evidence.lines.partition_point(|line| line.group < group);
    &evidence.lines[first..]
}

impl Reader {
    /// Whether a session can only have begun in a test of one that says nothing at its begin:
    /// `F==== test session starts ====`.
    pub(crate) fn begins_inside(line: &[u8]) -> bool {
        let letters = glued(line);
        letters > 0 && Self::begins(&line[letters..])
    }

    /// Letters of this session before the header of another one.
    pub(super) fn glue(&mut self, line: &[u8]) {
        let letters = glued(line);
        if letters > 0 && Self::begins(&line[letters..]) {
            self.glued |= !self.begun;
            self.nested = true;
            if self.glued {
                self.letters(b"", &line[..letters]);
            }
        }
    }

    /// Whether a final line is that of a session in a test: a session that says nothing at its
    /// begin rules no line at its end, and one that shows names has shown some.
    pub(super) fn is_inner(&self, line: &[u8], last: &Final) -> bool {
        let counts = &last.counts;
        let ruled = line.first() == Some(&b'=');
        let less = self.read.failed > counts.failed || self.read.passed > counts.passed;
        let unnamed = self.is_unnamed() && !accounts(self, last);
        // A session that says its version at the begin rules its final line.
        let bare = self.version.is_some() && !ruled;
        bare || self.glued && (ruled || less) || unnamed && counts.tests() > 0
    }

    /// Whether results were to be shown by name, and none was.
    pub(super) const fn is_unnamed(&self) -> bool {
        let foreign = self.lettered && self.session_error.is_none();
        self.named && foreign && self.total.is_some() && !self.verbose && !self.sugar
    }

    /// The interpreter died in the middle of a line of results.
    pub(super) fn died(&mut self, line: &[u8], at: usize) {
        if at > 0 {
            self.progress(&line[..at]);
        }
        let said = &line[at..line.len().min(at + 500)];
        self.session_error = Some(body::lossy(said));
    }

    /// Forgets what is seen, now that all was read, to be of a session in a test.
    pub(super) fn disown(&mut self) {
        if self.is_unnamed() {
            self.distrust();
            let last = self.last.take();
            self.last = last.filter(|last| accounts(self, last));
        }
        // A summary stands before the final line. One that stands behind it and names more is
        // that of a session that ended without such a line, as it does with `-qq`.
        let (failed, errors) = self.summed;
        let fewer =
            |last: &Final| failed > settle::failed(&last.counts) || errors > last.counts.errors;
        // Nor has a session's own final line fewer failures than its letters had. Only how many
        // tests there are can show that some letters were another session's.
        let seen = self.lettered && self.read.reruns == 0;
        let failed = self.read.failed;
        let less = |last: &Final| {
            let accounted = !self.is_of_unknown_size() && accounts(self, last);
            failed > settle::failed(&last.counts) && !accounted
        };
        let less = seen && !self.verbose && self.last.as_ref().is_some_and(less);
        if less || self.awaits_summary() || self.is_summing_up() {
            self.last = None;
        }
        if self.resumed && self.last.as_ref().is_some_and(fewer) {
            self.last = None;
            self.distrust();
        }
    }

    /// Whether the first failure that was shown is in no summary yet, though there is one: then
    /// the summary, and the final line below it, are of a session that this failure's test shows.
    ///
    /// What was captured only stands under a header, so the first header of each kind is the
    /// session's own, or, with `-s`, of a session in a test, which sums it up itself.
    fn awaits_summary(&self) -> bool {
        let unnamed = |error: bool| {
            let of_kind = |line: &&Line| match line.word {
                Word::Error => error,
                _ => !error && line.is_failed(),
            };
            let first = self.bodies.iter().find(|body| settle::is_error(body) == error);
            let mut lines = self.lines.iter().filter(of_kind).peekable();
            lines.peek().is_some()
                && first.is_some_and(|body| !lines.any(|line| line.is_titled(&body.title)))
        };
        unnamed(false) || unnamed(true)
    }

    /// Whether a summary still awaits its final line, and the one that was read does not agree
    /// with what was shown of the tests: then it ends a session that a message in the summary
    /// shows. Where the log says how many tests there are, that number decides.
    fn is_summing_up(&self) -> bool {
        let shown = self.lettered || self.verbose;
        let other = |last: &Final| !settle::agrees(self, last);
        let unsure = self.is_of_unknown_size() && shown && self.unended > 0;
        unsure && self.last.as_ref().is_some_and(other)
    }

    /// Whether the log does not say how many tests there are, as with `-q`.
    fn is_of_unknown_size(&self) -> bool {
        self.total.or(self.planned).is_none()
    }

    /// Forgets what was read while tests ran.
    pub(super) fn distrust(&mut self) {
        self.read = Counts::ZERO;
        self.quiet = Quiet::with_budget(quiet::BUDGET);
        (self.verbose, self.lettered) = (false, false);
    }
}

/// How many letters stand before the rule of a header.
fn glued(line: &[u8]) -> usize {
    let letters = line.iter().take_while(|byte| b".FEsxXR".contains(*byte)).count();
    if line.get(letters) == Some(&b'=') { letters } else { 0 }
}

#[cfg(test)]
mod tests;

//! The part of a session in which tests run: each line as pytest shows it.
//!
//! A test may print what looks like a result while it runs. But pytest says behind each result how
//! far the run is, so a result that stands at the wrong place is the test's own output.

use memchr::memmem;

use super::budget::Budget;
use super::facts::Facts;
use super::results::Results;
use super::syntax::progress::{self, Mark};
use super::syntax::tail::{self, Tail};
use super::syntax::word::Word;
use super::syntax::{has_banner, id};

/// The most lines that a wrapped reason is followed over.
const WRAPPED: u32 = 200;
/// How many hundredths of a run may be missing between two results.
const MISSED: u64 = 5;

impl Results {
    /// Reads a line among the results.
    pub(super) fn line(&mut self, line: &[u8], facts: &mut Facts, budget: &mut Budget) {
        if let Some((id, word, lines)) = self.open.take() {
            // A reason that goes on: it ends where a bracket closes it, before the tail.
            let end = tail::closes(line).filter(|tail| *tail != Tail::None || !self.tailed);
            match end {
                Some(tail) if self.fits(&id, tail, facts) => self.result(&id, word, None, budget),
                _ if lines < WRAPPED => self.open = Some((id, word, lines + 1)),
                _ => {}
            }
            return;
        }
        let (mark, tail) = progress::read(line);
        match mark {
            Mark::Result { id, word, part } => {
                // With workers there is no order to check a result against, but no `collected`
                // line either.
                let worker = line.starts_with(b"[gw");
                let reasoned = matches!(word, Word::Skipped | Word::Xfail | Word::Xpass);
                if reasoned && self.tailed && tail == Tail::None && line.ends_with(b")") {
                    // A bracket inside the reason, which goes on.
                    self.open = Some((id.to_vec(), word, 0));
                    return;
                }
                if worker && facts.total.is_none() || !worker && self.fits(id, tail, facts) {
                    self.named();
                    let id = if worker { self.begun(id) } else { id };
                    self.result(id, word, part, budget);
                }
            }
            Mark::Worker { rest, word } => {
                self.named();
                self.worker(rest, word, budget);
            }
            Mark::Start(id) => {
                self.start(id);
                self.runs(id, budget);
            }
            Mark::Alone(word) => {
                let id = std::mem::take(&mut self.started);
                if !id.is_empty() && self.fits(&id, tail, facts) {
                    self.named();
                    self.result(&id, word, None, budget);
                }
                self.started = id;
            }
            Mark::Open { id, word } => self.open = Some((id.to_vec(), word, 0)),
            Mark::Letters { file, letters } if !self.verbose && !facts.glued => {
                self.letters(file, letters, budget);
            }
            Mark::Letters { .. } => {}
            Mark::None => self.between(line, facts, budget),
        }
    }

    /// What stands before the first result, or between results.
    fn between(&mut self, line: &[u8], facts: &mut Facts, budget: &mut Budget) {
        facts.notice_title(line);
        if let Some(at) = memmem::find(line, b"Fatal Python error: ") {
            // The interpreter died in the middle of a line of results.
            if at > 0 {
                self.line(&line[..at], facts, budget);
            }
            facts.ended_by(&line[at..]);
        } else if !facts.line(line)
            && (!self.tailed || has_banner(line))
            && memmem::find(line, b"::").is_some_and(|at| at > 0)
            && !line.starts_with(b" ")
        {
            // With `-s`, what the test prints first stands on the line on which it began.
            self.start(id::leading(line));
        }
    }

    /// Whether a line is the next result of a session of known size, by how far it says the
    /// run is.
    pub(super) fn continues(&self, line: &[u8], total: u64) -> bool {
        let next = self.reported + 1;
        if next > total {
            return false;
        }
        let (mark, tail) = progress::read(line);
        let alone = matches!(mark, Mark::Alone(_)) && !self.started.is_empty();
        let fits = match tail {
            Tail::Percent(percent) => percent == next * 100 / total,
            Tail::Count(count) => count == next,
            // With `-s` nothing says how far it is; a word alone ends what a test printed.
            Tail::None => alone && !self.tailed,
            Tail::Time => false,
        };
        fits && (alone || matches!(mark, Mark::Result { .. }))
    }

    /// Whether a line is a result that stands where this run is.
    pub(super) fn accepts(&self, line: &[u8], total: Option<u64>) -> bool {
        match progress::read(line) {
            (Mark::Result { id, .. }, tail) => self.reached(id, tail, total).is_some(),
            (Mark::Alone(_), tail) => self.reached(&self.started, tail, total).is_some(),
            _ => false,
        }
    }

    /// Takes a result that stands where this run is. What a test prints while it runs may look
    /// like a result, but not at the right percentage.
    fn fits(&mut self, id: &[u8], tail: Tail, facts: &mut Facts) -> bool {
        if self.reported == 0 && self.previous.is_empty() && is_shrunk(tail, facts.total) {
            facts.planned = facts.total.take();
        }
        let Some(reported) = self.reached(id, tail, facts.total) else { return false };
        self.tailed |= tail != Tail::None;
        self.reported = reported;
        true
    }

    /// How many tests have a result with this one, if it stands where this run is.
    fn reached(&self, id: &[u8], tail: Tail, total: Option<u64>) -> Option<u64> {
        let next = self.reported + u64::from(self.previous != id);
        // Either all results say how far the run is, or none does.
        if tail != Tail::None && !self.tailed && self.reported > 0 {
            return None;
        }
        let Some(total) = total.filter(|total| *total > 0) else { return Some(next) };
        // A result may have been missed, so a little further on is right as well.
        match tail {
            Tail::Percent(percent) => {
                let expected = next.min(total) * 100 / total;
                let missed = percent.checked_sub(expected)?;
                let further = (percent * total).div_ceil(100).max(next);
                (missed <= MISSED).then_some(if missed == 0 { next } else { further })
            }
            Tail::Count(count) => (count.checked_sub(next)? <= MISSED).then_some(count),
            Tail::Time => Some(next),
            Tail::None => (!self.tailed).then_some(next),
        }
    }
}

/// Whether the first result is further on than it can be: a `conftest.py` has left out tests
/// that were collected, without a word. How many there are is not known then.
fn is_shrunk(tail: Tail, total: Option<u64>) -> bool {
    let (Tail::Percent(percent), Some(total)) = (tail, total) else { return false };
    // Past the half, results before it may as well be ones that could not be read.
    total > 0 && (100 / total + MISSED + 1..=50).contains(&percent)
}

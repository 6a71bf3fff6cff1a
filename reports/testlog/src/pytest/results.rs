//! What was shown while tests ran: each result by its name, or by a letter.

use std::collections::{BTreeMap, BTreeSet};

use super::budget::{Budget, CASE};
use super::syntax::summary;
use super::syntax::word::{Word, of_letter};
use crate::bytes::trim_end;
use crate::{Counts, Quiet, Status};

/// Tests that run at the same time, far above what any machine does.
const RUNNING: usize = 4096;
/// The spaces of a line at which an id may begin or end.
const SPACES: usize = 64;

/// A failure as it was shown while tests ran.
#[derive(Debug)]
pub(super) struct Failing {
    pub(super) id: Vec<u8>,
    pub(super) word: Word,
    pub(super) part: Option<Vec<u8>>,
    pub(super) attempts: u32,
    /// Whether the test had a result already: then this one is about its teardown.
    pub(super) after_result: bool,
}

/// The results that were read so far.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that was seen or was not")]
pub(super) struct Results {
    /// Results by name, and by letter with the file of each failure.
    pub(super) verbose: bool,
    pub(super) lettered: bool,
    /// Whether letters stand for parts of tests, of which they do not say whether they failed.
    pub(super) parts: bool,
    pub(super) failing: Vec<Failing>,
    pub(super) failed_files: Vec<Vec<u8>>,
    file: Vec<u8>,
    pub(super) quiet: Quiet,
    pub(super) read: Counts,
    reruns: BTreeMap<Vec<u8>, u32>,
    running: BTreeSet<Vec<u8>>,
    /// The test that began last, and the last one with a result.
    pub(super) started: Vec<u8>,
    pub(super) previous: Vec<u8>,
    /// Whether the last one is run again.
    again: bool,
    /// A result whose reason goes on over the next lines, and how many lines it has so far.
    pub(super) open: Option<(Vec<u8>, Word, u32)>,
    /// How many tests have a result, and whether lines say how far the run is.
    pub(super) reported: u64,
    pub(super) tailed: bool,
    /// Failures without room for their ids.
    pub(super) dropped: u64,
}

impl Results {
    pub(super) fn new(quiet: usize) -> Self {
        Self {
            verbose: false,
            lettered: false,
            parts: false,
            failing: Vec::new(),
            failed_files: Vec::new(),
            file: Vec::new(),
            quiet: Quiet::with_budget(quiet),
            read: Counts::ZERO,
            reruns: BTreeMap::new(),
            running: BTreeSet::new(),
            started: Vec::new(),
            previous: Vec::new(),
            again: false,
            open: None,
            reported: 0,
            tailed: false,
            dropped: 0,
        }
    }

    /// The first result by name. Letters before it were a session's in a test's output.
    pub(super) fn named(&mut self) {
        if !self.verbose && self.lettered {
            (self.lettered, self.parts) = (false, false);
            self.read = Counts::ZERO;
            self.failed_files.clear();
        }
        self.verbose = true;
    }

    /// One result of one test.
    pub(super) fn result(
        &mut self,
        id: &[u8],
        word: Word,
        part: Option<&[u8]>,
        budget: &mut Budget,
    ) {
        if !self.running.is_empty() && self.running.remove(id) {
            budget.names += cost(id);
        }
        let attempts = match word {
            Word::Rerun => {
                self.read.reruns += 1;
                self.forget_parts(id);
                self.rerun(id, budget);
                self.pass_on(id, true);
                return;
            }
            Word::Passed | Word::Failed | Word::Error if !self.reruns.is_empty() => {
                let reruns = self.reruns.remove(id);
                budget.names += reruns.map_or(0, |_| cost(id));
                reruns.unwrap_or(0).saturating_add(1)
            }
            _ => 1,
        };
        let status = word.status();
        self.read.add(status);
        if status.is_failure() || attempts > 1 {
            let cost = id.len() * 3 + CASE;
            if budget.names < cost {
                self.dropped += 1;
                return;
            }
            budget.names -= cost;
            let part = part.map(<[u8]>::to_vec);
            let after_result = self.previous == id && !self.again;
            self.failing.push(Failing { id: id.to_vec(), word, part, attempts, after_result });
        } else {
            self.quiet.push(status, id);
        }
        self.pass_on(id, false);
    }

    fn pass_on(&mut self, id: &[u8], again: bool) {
        self.previous.clear();
        self.previous.extend_from_slice(id);
        self.again = again;
    }

    /// A test begins, and may print something on its line.
    pub(super) fn start(&mut self, id: &[u8]) {
        self.started.clear();
        self.started.extend_from_slice(id);
    }

    /// A test that runs, where there is room to know it.
    pub(super) fn runs(&mut self, id: &[u8], budget: &mut Budget) {
        let room = self.running.len() < RUNNING && budget.names >= cost(id);
        if room && self.running.insert(id.to_vec()) {
            budget.names -= cost(id);
        }
    }

    /// One attempt that did not count; without room, only the sum knows of it.
    fn rerun(&mut self, id: &[u8], budget: &mut Budget) {
        if let Some(attempts) = self.reruns.get_mut(id) {
            *attempts = attempts.saturating_add(1);
        } else if budget.names >= cost(id) {
            budget.names -= cost(id);
            self.reruns.insert(id.to_vec(), 1);
        }
    }

    /// Parts that failed before a test is run again do not count.
    fn forget_parts(&mut self, id: &[u8]) {
        if self.read.subtests_failed == 0 {
            return;
        }
        let recent = self.failing.len().saturating_sub(RUNNING);
        let mut at = recent;
        while at < self.failing.len() {
            let known = &self.failing[at];
            if known.word == Word::SubFailed && known.id == id {
                self.failing.remove(at);
                self.read.subtests_failed -= 1;
            } else {
                at += 1;
            }
        }
    }

    /// The id of a test that runs, where a worker printed something behind it on its line.
    pub(super) fn begun<'a>(&self, id: &'a [u8]) -> &'a [u8] {
        if self.running.is_empty() || self.running.contains(id) {
            return id;
        }
        // Looked up, not searched for: very many tests may never have had a result.
        let ends = memchr::memchr_iter(b' ', id).take(SPACES);
        let known = ends.filter(|end| self.running.contains(&id[..*end]));
        known.last().map_or(id, |end| &id[..end])
    }

    /// A result of which only the running tests say where its part ends and its id begins.
    pub(super) fn worker(&mut self, rest: &[u8], word: Word, budget: &mut Budget) {
        let starts = memchr::memrchr_iter(b' ', rest).take(SPACES).map(|space| &rest[space + 1..]);
        let known = starts.filter(|id| self.running.contains(*id)).last();
        let id = known.unwrap_or_else(|| summary::id_after_part(rest)).to_vec();
        let part = trim_end(&rest[..rest.len() - id.len()]).to_vec();
        self.result(&id, word, Some(&part), budget);
        // The test goes on after its part.
        self.runs(&id, budget);
    }

    /// One result for each letter.
    pub(super) fn letters(&mut self, file: &[u8], letters: &[u8], budget: &mut Budget) {
        self.lettered = true;
        if !file.is_empty() {
            self.file.clear();
            self.file.extend_from_slice(file);
        }
        for letter in letters {
            self.parts |= *letter == b'u';
            let Some(word) = of_letter(*letter) else { continue };
            if word == Word::Rerun {
                self.read.reruns += 1;
                continue;
            }
            let status = word.status();
            self.read.add(status);
            if matches!(status, Status::Failed | Status::SubtestFailed)
                && budget.details > self.file.len() + 24
            {
                budget.details -= self.file.len() + 24;
                self.failed_files.push(self.file.clone());
            }
        }
    }
}

/// What a test takes that is known by its id alone.
const fn cost(id: &[u8]) -> usize {
    id.len() + 64
}

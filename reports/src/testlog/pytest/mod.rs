//! pytest's text, versions 6 to 9, line by line.
//!
//! While lines come in, everything that could be a result, a header, a summary line or a final
//! line is only collected: a test may have printed it. At the end [`settle`] holds these lists
//! against each other. Pytest tells of the same failures several times in one order, and what a
//! test forged fits into one of them but not into all.

mod align;
mod body;
mod echo;
mod progress;
mod rule;
mod settle;
mod summary;

use std::collections::{BTreeMap, BTreeSet};

use self::body::Body;
use self::echo::Echo;
use self::progress::{Mark, Tail, Word};
use self::rule::Final;
use self::summary::Line;
use super::{Counts, Quiet, Status, TestRun};

pub(super) use body::{exception, explain, is_own};

/// The bytes of details, ids and candidates that one run may hold.
const BUDGET: usize = 24 << 20;
/// Tests that run at the same time, far above what any machine does.
const RUNNING: usize = 4096;

/// The most lines that a wrapped reason is followed over.
const WRAPPED: u32 = 200;
/// How many hundredths of a run may be missing between two results.
const MISSED: u64 = 5;

/// A failure as the progress shows it.
#[derive(Debug)]
struct Failing {
    id: Vec<u8>,
    word: Word,
    part: Option<Vec<u8>>,
    attempts: u32,
    /// Whether the test had a result already: then this one is about its teardown.
    after_result: bool,
}

/// Where in the output a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Progress,
    /// Headers there are of failures.
    Failures,
    /// Headers there are of tests that did not fail.
    Passes,
    /// Warnings, durations, and what plugins add.
    Other,
}

/// One run that is being read.
#[derive(Debug)]
pub(super) struct Reader {
    version: Option<String>,
    begun: bool,
    place: Place,
    /// Results by name, and by letter with the file of each failure.
    verbose: bool,
    lettered: bool,
    /// Whether letters stand for parts of tests, of which they do not say whether they failed.
    parts: bool,
    failing: Vec<Failing>,
    failed_files: Vec<Vec<u8>>,
    file: Vec<u8>,
    quiet: Quiet,
    read: Counts,
    reruns: BTreeMap<Vec<u8>, u32>,
    running: BTreeSet<Vec<u8>>,
    started: Vec<u8>,
    /// The last test with a result, and whether it is run again.
    previous: Vec<u8>,
    again: bool,
    number: u64,
    open: Option<(Vec<u8>, Word, u32)>,
    /// How many tests there are, how many have a result, and whether lines say how far it is.
    total: Option<u64>,
    reported: u64,
    tailed: bool,
    /// A section was opened before all tests had a result.
    early: bool,
    echo: Echo,
    /// Candidates.
    bodies: Vec<Body>,
    in_body: bool,
    in_summary: bool,
    group: u32,
    lines: Vec<Line>,
    last: Option<Final>,
    ended: bool,
    session_error: Option<String>,
    collection_errors: Option<u64>,
    budget: usize,
    dropped: u64,
}

impl Reader {
    pub(super) const fn new() -> Self {
        Self {
            version: None,
            begun: false,
            place: Place::Progress,
            verbose: false,
            lettered: false,
            parts: false,
            failing: Vec::new(),
            failed_files: Vec::new(),
            file: Vec::new(),
            quiet: Quiet::with_budget(super::quiet::BUDGET),
            read: Counts::ZERO,
            reruns: BTreeMap::new(),
            running: BTreeSet::new(),
            started: Vec::new(),
            previous: Vec::new(),
            again: false,
            number: 0,
            open: None,
            total: None,
            reported: 0,
            tailed: false,
            early: false,
            echo: Echo::new(),
            bodies: Vec::new(),
            in_body: false,
            in_summary: false,
            group: 0,
            lines: Vec::new(),
            last: None,
            ended: false,
            session_error: None,
            collection_errors: None,
            budget: BUDGET,
            dropped: 0,
        }
    }

    /// Whether a line can only be the beginning of a run.
    pub(super) fn begins(line: &[u8]) -> bool {
        line.first() == Some(&b'=') && rule::title(line, b'=') == Some(b"test session starts")
    }

    /// Whether a line can be a part of a run that has no beginning: `-q`, or a log that was cut.
    ///
    /// `silent` says that nothing was read before; behind a run that has ended only results count.
    pub(super) fn resumes(line: &[u8], silent: bool) -> bool {
        match line.first() {
            Some(b'=') if silent => match rule::title(line, b'=') {
                Some(b"FAILURES" | b"ERRORS" | b"short test summary info") => true,
                _ => rule::last(line).is_some(),
            },
            Some(b'0'..=b'9') if silent => rule::last(line).is_some(),
            Some(b'I') if silent => line.starts_with(b"INTERNALERROR> "),
            Some(_) => match progress::read(line).0 {
                Mark::Result { .. } => true,
                // One letter alone may be a word of anything.
                Mark::Letters { file, letters } => !file.is_empty() || letters.len() > 1,
                _ => false,
            },
            None => false,
        }
    }

    /// Whether the run is at its end: the final line was read, and agrees with what came before.
    pub(super) const fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether a session that begins now cannot be inside this one, as output of a test would
    /// be: no block of a failure has been opened since this one began.
    pub(super) const fn is_interruptible(&self) -> bool {
        self.ended || matches!(self.place, Place::Progress)
    }

    /// Reads one line.
    pub(super) fn line(&mut self, line: &[u8]) {
        self.begun = true;
        self.number += 1;
        match line.first() {
            Some(b'=') => {
                if let Some(title) = rule::title(line, b'=')
                    && self.section(title)
                {
                    return;
                }
                self.final_line(line);
            }
            Some(b'0'..=b'9' | b'n') if line.len() < 400 => self.final_line(line),
            Some(b'!') => {
                if let Some(title) = rule::title(line, b'!') {
                    self.session_error = Some(body::lossy(&title[..title.len().min(500)]));
                }
            }
            Some(b'I') => {
                if let Some(text) = line.strip_prefix(b"INTERNALERROR> ")
                    && !text.is_empty()
                {
                    let text = body::lossy(&text[..text.len().min(500)]);
                    self.session_error = Some(format!("INTERNALERROR: {text}"));
                }
            }
            _ => {}
        }
        if self.early && self.continues(line) {
            // What looked like sections was a test's output, shown as it came.
            self.bodies.clear();
            self.lines.clear();
            (self.group, self.in_summary, self.in_body) = (0, false, false);
            (self.last, self.early) = (None, false);
            self.place = Place::Progress;
        }
        if self.place == Place::Progress {
            self.progress(line);
        } else {
            self.after_progress(line);
        }
    }

    /// Whether a line is this run's next result, by how far it says the run is.
    pub(super) fn continues(&self, line: &[u8]) -> bool {
        let (Some(total), false) = (self.total, self.ended) else { return false };
        let next = self.reported + 1;
        if next > total {
            return false;
        }
        let (mark, tail) = progress::read(line);
        let fits = match tail {
            Tail::Percent(percent) => percent == next * 100 / total,
            Tail::Count(count) => count == next,
            Tail::Time | Tail::None => false,
        };
        let begun = !self.started.is_empty();
        fits && matches!((mark, begun), (Mark::Result { .. }, _) | (Mark::Alone(_), true))
    }

    /// Whether a session that begins now may be the output of a test of this one.
    pub(super) fn is_under_way(&self) -> bool {
        self.place == Place::Progress && self.total.is_some_and(|total| self.reported < total)
    }

    /// Whether a result stands where this run is. What a test prints while it runs may look like
    /// a result, but not at the right percentage.
    fn fits(&mut self, id: &[u8], tail: Tail) -> bool {
        let Some(total) = self.total.filter(|total| *total > 0) else { return true };
        let next = self.reported + u64::from(self.previous != id);
        // A result may have been missed, so a little further on is right as well.
        let (reported, fits) = match tail {
            Tail::Percent(percent) => {
                let expected = next.min(total) * 100 / total;
                let missed = percent.saturating_sub(expected);
                let reached = (percent * total).div_ceil(100).max(next);
                (if missed == 0 { next } else { reached }, percent >= expected && missed <= MISSED)
            }
            Tail::Count(count) => (count, count >= next && count - next <= MISSED),
            Tail::Time => (next, true),
            Tail::None => (next, !self.tailed),
        };
        if fits {
            self.tailed |= tail != Tail::None;
            self.reported = reported;
        }
        fits
    }

    /// The run as a whole, and a fresh reader for the next one.
    pub(super) fn finish(&mut self) -> Option<TestRun> {
        let reader = std::mem::replace(self, Self::new());
        reader.begun.then(|| settle::settle(reader))
    }

    /// Opens a section; says whether the title is one.
    fn section(&mut self, title: &[u8]) -> bool {
        let place = match title {
            b"FAILURES" | b"ERRORS" => Place::Failures,
            b"PASSES" | b"XPASSES" | b"XFAILURES" => Place::Passes,
            b"short test summary info" => {
                self.in_summary = true;
                self.group += 1;
                self.session_error = None;
                Place::Other
            }
            b"warnings summary" | b"rerun test summary info" | b"warnings summary (final)" => {
                Place::Other
            }
            _ if title.starts_with(b"slowest ") => Place::Other,
            _ => return false,
        };
        self.early |= self.is_under_way();
        self.in_body = false;
        self.place = place;
        self.not_yet_last();
        true
    }

    /// What looked like the final line was not: more follows that only stands before it.
    fn not_yet_last(&mut self) {
        if !self.ended {
            self.last = None;
        }
    }

    fn final_line(&mut self, line: &[u8]) {
        if let Some(last) = rule::last(line) {
            // The last one counts, unless an earlier one agreed and this one does not: a program
            // that prints after pytest has ended is not pytest.
            let agrees = settle::agrees(self, &last.counts);
            if agrees || !self.ended {
                self.last = Some(last);
            }
            self.ended |= agrees;
            self.in_body = false;
        }
    }

    fn progress(&mut self, line: &[u8]) {
        if let Some((id, word, lines)) = self.open.take() {
            // A reason that goes on: it ends where a bracket closes it, before the tail.
            let end = progress::closes(line).filter(|tail| *tail != Tail::None || !self.tailed);
            match end {
                Some(tail) if self.fits(&id, tail) => self.result(&id, word, None),
                _ if lines < WRAPPED => self.open = Some((id, word, lines + 1)),
                _ => {}
            }
            return;
        }
        let (mark, tail) = progress::read(line);
        match mark {
            Mark::Result { id, word, part } => {
                // With workers there is no order to hold a result against, but no `collected`
                // line either.
                let worker = line.starts_with(b"[gw");
                let reasoned = matches!(word, Word::Skipped | Word::Xfail | Word::Xpass);
                if reasoned && self.tailed && tail == Tail::None && line.ends_with(b")") {
                    // A bracket inside the reason, which goes on.
                    self.open = Some((id.to_vec(), word, 0));
                    return;
                }
                if worker && self.total.is_none() || !worker && self.fits(id, tail) {
                    self.verbose = true;
                    self.result(id, word, part);
                }
            }
            Mark::Worker { rest, word } => {
                self.verbose = true;
                self.worker(rest, word);
            }
            Mark::Start(id) => {
                self.started.clear();
                self.started.extend_from_slice(id);
                if self.running.len() < RUNNING {
                    self.running.insert(id.to_vec());
                }
            }
            Mark::Alone(word) => {
                let id = std::mem::take(&mut self.started);
                if !id.is_empty() && self.fits(&id, tail) {
                    self.verbose = true;
                    self.result(&id, word, None);
                }
                self.started = id;
            }
            Mark::Open { id, word } => self.open = Some((id.to_vec(), word, 0)),
            Mark::Letters { file, letters } if !self.verbose => self.letters(file, letters),
            Mark::Letters { .. } => {}
            Mark::None => self.preamble(line),
        }
    }

    /// What stands before the first result, or between results.
    fn preamble(&mut self, line: &[u8]) {
        if let Some(at) = memchr::memmem::find(line, b", pytest-")
            && line.starts_with(b"platform ")
        {
            let version = line[at + 9..].split(|byte| matches!(byte, b',' | b' ')).next();
            self.version = version.map(body::lossy);
        } else if let Some(at) = memchr::memmem::find(line, b"collected ")
            && (at == 0 || line.starts_with(b"collecting"))
            && self.total.is_none()
        {
            let text = body::lossy(&line[at..line.len().min(at + 200)]);
            let errors = text.split(" / ").find_map(|part| {
                part.strip_suffix(" errors").or_else(|| part.strip_suffix(" error"))?.parse().ok()
            });
            self.collection_errors = errors;
            self.total = collected(&text);
        } else if line.starts_with(b"[gw") && memchr::memmem::find(line, b" node down: ").is_some()
        {
            self.session_error = Some(body::lossy(&line[..line.len().min(500)]));
        } else if (!self.tailed || progress::has_banner(line))
            && memchr::memmem::find(line, b"::").is_some_and(|at| at > 0)
            && !line.starts_with(b" ")
        {
            // With `-s`, what the test prints first stands on the line on which it began.
            self.started.clear();
            self.started.extend_from_slice(progress::leading_id(line));
        }
    }

    fn result(&mut self, id: &[u8], word: Word, part: Option<&[u8]>) {
        if !self.running.is_empty() {
            self.running.remove(id);
        }
        let attempts = match word {
            Word::Rerun => {
                self.read.reruns += 1;
                self.forget_parts(id);
                *self.reruns.entry(id.to_vec()).or_insert(0) += 1;
                self.previous.clear();
                self.previous.extend_from_slice(id);
                self.again = true;
                return;
            }
            Word::Passed | Word::Failed | Word::Error if !self.reruns.is_empty() => {
                1 + self.reruns.remove(id).unwrap_or(0)
            }
            _ => 1,
        };
        let status = status(word);
        self.read.add(status);
        if status.is_failure() || attempts > 1 {
            let cost = id.len() + 96;
            if self.budget < cost {
                self.dropped += 1;
                return;
            }
            self.budget -= cost;
            let part = part.map(<[u8]>::to_vec);
            let after_result = self.previous == id && !self.again;
            self.failing.push(Failing { id: id.to_vec(), word, part, attempts, after_result });
        } else {
            self.quiet.push(status, id);
        }
        self.previous.clear();
        self.previous.extend_from_slice(id);
        self.again = false;
    }

    /// Parts that failed before a test is run again do not count.
    fn forget_parts(&mut self, id: &[u8]) {
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

    /// A result of which only the running tests tell where its part ends and its id begins.
    fn worker(&mut self, rest: &[u8], word: Word) {
        let ends = |id: &&Vec<u8>| {
            rest.strip_suffix(id.as_slice()).is_some_and(|before| before.ends_with(b" "))
        };
        let known = self.running.iter().filter(ends).max_by_key(|id| id.len()).cloned();
        let id = known.unwrap_or_else(|| summary::id_after_part(rest).to_vec());
        let part = progress::trim_end(&rest[..rest.len() - id.len()]).to_vec();
        self.result(&id.clone(), word, Some(&part));
        // The test goes on after its part.
        self.running.insert(id);
    }

    fn letters(&mut self, file: &[u8], letters: &[u8]) {
        self.lettered = true;
        if !file.is_empty() {
            self.file.clear();
            self.file.extend_from_slice(file);
        }
        for letter in letters {
            self.parts |= *letter == b'u';
            let Some(word) = progress::letter(*letter) else { continue };
            if word == Word::Rerun {
                self.read.reruns += 1;
                continue;
            }
            let status = status(word);
            self.read.add(status);
            if matches!(status, Status::Failed | Status::SubtestFailed)
                && self.budget > self.file.len() + 24
            {
                self.budget -= self.file.len() + 24;
                self.failed_files.push(self.file.clone());
            }
        }
    }

    fn after_progress(&mut self, line: &[u8]) {
        let found = Line::read(line, self.group, self.number);
        let echoed = self.echo.line(line, found.is_some());
        if let Some(mut found) = found
            && self.in_summary
        {
            self.not_yet_last();
            found.forged = echoed;
            if self.budget > found.cost() && !(self.verbose && found.word == Word::Passed) {
                self.budget -= found.cost();
                self.lines.push(found);
            }
        }
        if line.first() == Some(&b'_')
            && let Some(title) = rule::header(line)
        {
            self.not_yet_last();
            self.in_body = self.place != Place::Passes && self.budget > title.len() + 512;
            if self.in_body {
                self.budget -= title.len() + 256;
                self.bodies.push(Body::new(title));
            }
            return;
        }
        if self.in_body
            && let Some(body) = self.bodies.last_mut()
        {
            self.budget = self.budget.saturating_sub(body.line(line));
            self.in_body = self.budget > 0;
        }
    }
}

/// The tests that will run, by `collected 92 items / 1 error / 60 deselected / 32 selected`. Old
/// versions print a wrong `selected` beside errors, so it is not what is read.
fn collected(text: &str) -> Option<u64> {
    let mut parts = text.trim_end().split(" / ");
    let items: u64 = parts.next()?.split(' ').nth(1)?.parse().ok()?;
    let left: Option<u64> = parts.find_map(|part| part.strip_suffix(" deselected")?.parse().ok());
    items.checked_sub(left.unwrap_or(0))
}

const fn status(word: Word) -> Status {
    match word {
        Word::Passed => Status::Passed,
        Word::Failed => Status::Failed,
        Word::Error => Status::Error,
        Word::Skipped => Status::Skipped,
        Word::Xfail => Status::Xfailed,
        Word::Xpass => Status::Xpassed,
        Word::SubPassed => Status::SubtestPassed,
        Word::SubFailed => Status::SubtestFailed,
        // A run again is counted on its own, never as a result.
        Word::SubSkipped | Word::Rerun => Status::SubtestSkipped,
    }
}

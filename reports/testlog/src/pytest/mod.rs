//! pytest's text, versions 6 to 9, line by line.
//!
//! While lines come in, everything that could be a result, a header, a summary line or a final
//! line is only collected: a test may have printed it. At the end [`settle`] holds these lists
//! against each other. Pytest tells of the same failures several times in one order, and what a
//! test forged fits into one of them but not into all.

mod align;
mod body;
mod echo;
mod edge;
mod list;
mod progress;
mod rule;
mod running;
mod settle;
mod sugar;
mod summary;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use self::body::Body;
use self::echo::Echo;
use self::progress::Word;
use self::rule::Final;
use self::summary::Line;
use crate::run::Room;
use crate::run::quiet;
use crate::{Counts, Quiet, Status, TestRun};

pub(crate) use body::{exception, explain, is_own};
pub(crate) use edge::CONFTEST;

/// The bytes of failures by name, with what the cases made of them take, that one run may hold.
const NAMES: usize = 28 << 20;
/// What a case takes beside the text in it, roughly.
const CASE: usize = 512;
/// The bytes of blocks, and of lines that only add to what is known.
const DETAILS: usize = 8 << 20;
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
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that was seen or was not")]
pub(crate) struct Reader {
    version: Option<String>,
    begun: bool,
    place: Place,
    /// Another reporter speaks, which shows no progress that could be read, and names failures
    /// under its counts where there is no summary.
    sugar: bool,
    listed: bool,
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
    /// The same as it was announced, where results showed that it is not so or cannot show it.
    planned: Option<u64>,
    /// Whether results are shown by name, and whether the first line that was seen was of
    /// another session, behind letters of this one.
    named: bool,
    glued: bool,
    reported: u64,
    tailed: bool,
    /// Whether another session was seen to begin inside, which may have said anything.
    nested: bool,
    /// A section was opened before all tests had a result.
    early: bool,
    echo: Echo,
    /// Candidates.
    bodies: Vec<Body>,
    in_body: bool,
    in_summary: bool,
    group: u32,
    /// How many failures and errors the last summary names.
    summed: (u64, u64),
    /// Whether a summary has begun since a final line was read.
    resumed: bool,
    /// Summaries that no final line has ended yet, and whether one ended the last summary: a line
    /// of the summary behind it shows that it was a message's.
    unended: u32,
    closed: bool,
    lines: Vec<Line>,
    last: Option<Final>,
    ended: bool,
    session_error: Option<String>,
    absent: Option<String>,
    /// Files that could not be collected, and files that were skipped as a whole: no result
    /// stands for either. Known where the log says what was collected.
    collection_errors: Option<u64>,
    collection_skips: Option<u64>,
    names_left: usize,
    details_left: usize,
    dropped: u64,
}

impl Reader {
    /// A run that holds no more than there is room for.
    pub(crate) fn new(room: &Room) -> Self {
        Self {
            version: None,
            begun: false,
            place: Place::Progress,
            sugar: false,
            listed: false,
            verbose: false,
            lettered: false,
            parts: false,
            failing: Vec::new(),
            failed_files: Vec::new(),
            file: Vec::new(),
            quiet: Quiet::with_budget(quiet::BUDGET.min(room.quiet)),
            read: Counts::ZERO,
            reruns: BTreeMap::new(),
            running: BTreeSet::new(),
            started: Vec::new(),
            previous: Vec::new(),
            again: false,
            number: 0,
            open: None,
            total: None,
            planned: None,
            named: false,
            glued: false,
            reported: 0,
            tailed: false,
            nested: false,
            early: false,
            echo: Echo::new(),
            bodies: Vec::new(),
            in_body: false,
            in_summary: false,
            group: 0,
            summed: (0, 0),
            resumed: false,
            unended: 0,
            closed: false,
            lines: Vec::new(),
            last: None,
            ended: false,
            session_error: None,
            absent: None,
            collection_errors: None,
            collection_skips: None,
            names_left: NAMES.min(room.failures),
            details_left: DETAILS.min(room.failures / 2),
            dropped: 0,
        }
    }

    /// Whether the run is at its end: the final line was read, and agrees with what came before.
    pub(crate) const fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether a session that begins now cannot be inside this one, as output of a test would
    /// be: no block of a failure has been opened since this one began.
    pub(crate) const fn is_interruptible(&self) -> bool {
        self.ended || matches!(self.place, Place::Progress)
    }

    /// Reads one line.
    pub(crate) fn line(&mut self, line: &[u8]) {
        self.glue(line);
        self.begun = true;
        self.number += 1;
        if self.sugared(line) {
            return;
        }
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
            Some(b'E' | b'c') => self.before(line),
            Some(b'I') => {
                if let Some(text) = line.strip_prefix(b"INTERNALERROR> ")
                    && !text.is_empty()
                {
                    let text = body::lossy(&text[..text.len().min(500)]);
                    self.session_error = Some(format!("INTERNALERROR: {text}"));
                } else if line.starts_with(CONFTEST.as_bytes()) && self.number == 1 {
                    self.session_error = Some(body::lossy(&line[..line.len().min(500)]));
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
            (self.unended, self.closed) = (0, false);
            self.place = Place::Progress;
        }
        if self.place == Place::Progress {
            self.progress(line);
        } else {
            self.after_progress(line);
        }
    }

    /// The run as a whole, and a fresh reader for the next one.
    pub(crate) fn finish(&mut self) -> Option<TestRun> {
        let reader = std::mem::replace(self, Self::new(&Room::NONE));
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
                self.summed = (0, 0);
                self.resumed = true;
                (self.unended, self.closed) = (self.unended.saturating_add(1), false);
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

    /// What looked like the end of a summary was not: one more of its lines follows.
    fn reopen(&mut self) {
        self.unended = self.unended.saturating_add(u32::from(self.closed));
        self.closed = false;
    }

    fn final_line(&mut self, line: &[u8]) {
        if let Some(last) = rule::last(line).filter(|last| !self.is_inner(line, last)) {
            if !self.closed && self.unended > 0 {
                (self.unended, self.closed) = (self.unended - 1, true);
            }
            // The last one counts, unless an earlier one agreed and this one does not: a program
            // that prints after pytest has ended is not pytest.
            let agrees = settle::agrees(self, &last);
            let whole = told::accounts(self, &last);
            if agrees || whole || !self.ended {
                self.last = Some(last);
                self.resumed = false;
            }
            // One that leaves tests out may be that of a session in a test.
            self.ended |= agrees && (whole || !self.leaves_out());
            self.in_body = false;
        }
    }

    /// Whether nothing says why a final line would not account for all tests.
    fn leaves_out(&self) -> bool {
        self.total.or(self.planned).is_some()
            && self.session_error.is_none()
            && self.absent.is_none()
    }

    fn after_progress(&mut self, line: &[u8]) {
        let found = Line::read(line, self.group, self.number);
        let echoed = self.echo.line(line, found.is_some());
        if let Some(mut found) = found
            && self.in_summary
        {
            self.not_yet_last();
            self.reopen();
            found.forged = echoed;
            self.summed.0 += u64::from(found.is_failed());
            self.summed.1 += u64::from(found.word == Word::Error);
            // Where progress names the failures, the summary only adds to them.
            let (left, cost) = if self.verbose {
                (&mut self.details_left, found.cost())
            } else {
                (&mut self.names_left, found.cost() * 2 + CASE)
            };
            if *left > cost && !(self.verbose && found.word == Word::Passed) {
                *left -= cost;
                self.lines.push(found);
            }
        }
        if line.first() == Some(&b'_')
            && let Some(title) = rule::header(line)
        {
            self.not_yet_last();
            self.open_body(title);
            return;
        }
        if self.in_body
            && let Some(body) = self.bodies.last_mut()
        {
            self.details_left = self.details_left.saturating_sub(body.line(line));
            self.in_body = self.details_left > 0;
        }
    }
}

impl Reader {
    fn open_body(&mut self, title: &[u8]) {
        self.in_body = self.place != Place::Passes && self.details_left > title.len() + CASE;
        if self.in_body {
            self.details_left -= title.len() + CASE;
            self.bodies.push(Body::new(title));
        }
    }
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

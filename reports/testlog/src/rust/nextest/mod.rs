//! cargo-nextest in text: a line for each result, and the failures' output between them.
//!
//! A test's id is its binary and its name. Output is indented where nextest shows it, and a
//! result stands before its brackets; what a test forged shows when the counts are compared.

mod line;

use reports::text::counted;
use std::collections::BTreeMap;

use self::line::{ResultLine, counts, starting, summary};
use crate::bytes;
use crate::bytes::output::Output;
use crate::run::Room;
use crate::run::quiet;
use crate::rust::panic::explain;
use crate::{Case, Completeness, Counts, Held, NodeId, Phase, Quiet, Runner, Status, TestRun};

/// The bytes of failures and attempts by name, and of what they printed, that one run may hold.
const NAMES: usize = 16 << 20;
const OUTPUTS: usize = 8 << 20;

/// One run that is being read.
#[derive(Debug)]
pub(crate) struct NextestReader {
    begun: bool,
    announced_tests: u64,
    read: Counts,
    quiet: Quiet,
    failed: Vec<Failed>,
    /// Attempts by id, for tests that were tried again, and failures by id.
    tries: BTreeMap<Vec<u8>, u32>,
    places: BTreeMap<Vec<u8>, usize>,
    block: Option<usize>,
    last: Option<(Counts, Option<u64>)>,
    session_error: Option<String>,
    names_left: usize,
    outputs_left: usize,
}

#[derive(Debug)]
struct Failed {
    id: Vec<u8>,
    word: String,
    status: Status,
    duration_ms: Option<u64>,
    attempts: u32,
    output: Output,
}

impl NextestReader {
    /// A run that holds no more than there is room for.
    pub(crate) fn new(room: &Room) -> Self {
        Self {
            begun: false,
            announced_tests: 0,
            read: Counts::ZERO,
            quiet: Quiet::with_budget(quiet::BUDGET.min(room.quiet)),
            failed: Vec::new(),
            tries: BTreeMap::new(),
            places: BTreeMap::new(),
            block: None,
            last: None,
            session_error: None,
            names_left: NAMES.min(room.failures),
            outputs_left: OUTPUTS.min(room.failures / 2),
        }
    }

    /// Whether a line begins a run: ` Nextest run ID ...`, or the older `Starting 3 tests across`.
    pub(crate) fn begins(line: &[u8]) -> bool {
        line.starts_with(b" Nextest run ID ") || starting(line).is_some()
    }

    /// Whether a line can be a part of a run whose beginning is not there.
    pub(crate) fn resumes(line: &[u8]) -> bool {
        summary(line).is_some() && memchr::memmem::find(line, b" run: ").is_some()
            || ResultLine::read(line).is_some()
    }

    /// Whether a line at the very end of a log can be read though nothing ends it.
    pub(crate) fn is_whole(line: &[u8]) -> bool {
        summary(line).is_some() || line.starts_with(b"error: ")
    }

    /// Whether another run may begin.
    pub(crate) const fn is_interruptible(&self) -> bool {
        self.last.is_some() || !self.begun
    }

    /// Reads one line.
    pub(crate) fn line(&mut self, line: &[u8]) {
        if let Some(count) = starting(line)
            && !self.begun
        {
            self.begun = true;
            self.announced_tests = count;
            return;
        }
        if self.last.is_some() {
            // Failures are listed again behind the summary. A run of nothing is said to be an
            // error there.
            if line.starts_with(b"error: no tests to run") {
                self.session_error = Some(bytes::lossy(&line[..line.len().min(500)]));
            }
            self.listed(line);
            return;
        }
        if let Some(rest) = summary(line) {
            self.last = counts(rest).or(self.last);
        } else if let Some(result) = ResultLine::read(line) {
            self.result(&result);
        } else if line.starts_with(b"error: ")
            || bytes::trim(line).starts_with(b"Cancelling due to")
        {
            self.session_error = Some(bytes::lossy(bytes::trim(&line[..line.len().min(500)])));
        } else {
            self.shown(line);
        }
    }

    /// A line of what a test printed.
    fn shown(&mut self, line: &[u8]) {
        let Some(place) = self.block else { return };
        let output = &mut self.failed[place].output;
        let before = output.kept();
        output.push_line(line.strip_prefix(b"    ").unwrap_or(line), self.outputs_left);
        self.outputs_left = self.outputs_left + before - output.kept();
    }

    /// Behind the summary failures are listed again, with their output where it is asked for then.
    fn listed(&mut self, line: &[u8]) {
        if let Some(result) = ResultLine::read(line) {
            let known = self.places.get(result.id).copied();
            self.block = known.filter(|place| self.failed[*place].output.kept() == 0);
        } else if line.is_empty() || line.starts_with(b"  ") {
            self.shown(line);
        } else {
            self.block = None;
        }
    }

    fn result(&mut self, result: &ResultLine<'_>) {
        let id = result.id;
        self.block = None;
        if result.attempt.is_some() && result.word != "FLAKY" {
            let attempt = self.attempt(id);
            if result.status == Status::Failed {
                self.fail(result, attempt);
            } else {
                // A failure before a success is taken back: the test is flaky.
                self.hold(id, attempt, result.duration_ms);
            }
            return;
        }
        match result.status {
            Status::Failed => self.fail(result, 1),
            Status::Passed if result.word == "FLAKY" => {}
            status => {
                self.read.add(status);
                self.quiet.push(status, id);
            }
        }
    }

    /// One attempt more; where there is no room to count them, each is the first.
    fn attempt(&mut self, id: &[u8]) -> u32 {
        if let Some(attempts) = self.tries.get_mut(id) {
            *attempts = attempts.saturating_add(1);
            return *attempts;
        }
        let cost = id.len() + 64;
        if self.names_left >= cost {
            self.names_left -= cost;
            self.tries.insert(id.to_vec(), 1);
        }
        1
    }

    fn fail(&mut self, result: &ResultLine<'_>, attempts: u32) {
        if let Some(place) = self.places.get(result.id) {
            self.failed[*place].attempts = attempts;
            let before = std::mem::take(&mut self.failed[*place].output);
            self.outputs_left += before.kept();
            self.block = Some(*place);
            return;
        }
        self.read.add(Status::Failed);
        let cost = result.id.len() * 3 + 512;
        if self.names_left >= cost {
            self.names_left -= cost;
            self.block = Some(self.failed.len());
            self.places.insert(result.id.to_vec(), self.failed.len());
            self.failed.push(Failed {
                id: result.id.to_vec(),
                word: result.word.to_owned(),
                status: Status::Failed,
                duration_ms: result.duration_ms,
                attempts,
                output: Output::default(),
            });
        }
    }

    fn hold(&mut self, id: &[u8], attempts: u32, duration_ms: Option<u64>) {
        self.read.passed += 1;
        if let Some(place) = self.places.remove(id) {
            self.read.failed -= 1;
            let failed = &mut self.failed[place];
            failed.status = Status::Flaky;
            failed.attempts = attempts;
            failed.duration_ms = duration_ms;
        } else {
            self.quiet.push(Status::Passed, id);
        }
    }

    /// The run as a whole, and a fresh reader for the next one.
    pub(crate) fn finish(&mut self) -> Option<TestRun> {
        let mut reader = std::mem::replace(self, Self::new(&Room::NONE));
        if !reader.begun && reader.read == Counts::default() && reader.last.is_none() {
            return None;
        }
        let mut run = TestRun::new(Runner::Nextest);
        let announced = reader.last.map(|(counts, _)| counts);
        // Tests that a filter left out are counted only; ignored ones among them.
        reader.read.deselected = announced.map_or(0, |counts| counts.deselected);
        reader.read.skipped = 0;
        run.cases = std::mem::take(&mut reader.failed).into_iter().map(|one| case(&one)).collect();
        let named = run.cases.iter().filter(|case| case.status.is_failure()).count() as u64;
        let mut problems = match &announced {
            None => Vec::new(),
            Some(announced) => reader.read.differences(announced),
        };
        if named < reader.read.failed {
            let unnamed = reader.read.failed - named;
            problems.push(format!("{} without room for an id", counted(unnamed, "failure")));
        }
        run.completeness = match announced {
            None => Completeness::NoFinalLine,
            Some(_) => Completeness::from_problems(problems),
        };
        let all = reader.quiet.kept() + run.cases.len() as u64 >= reader.read.tests();
        run.held = match () {
            () if named < reader.read.failed => Held::Some,
            () if all && reader.announced_tests <= reader.read.tests() => Held::All,
            () => Held::Failures,
        };
        let nothing = reader.session_error.as_ref().is_some_and(|said| said.contains("no tests"));
        run.exit_hint = announced.map(|counts| match counts.failed {
            0 if nothing => 4,
            0 => 0,
            _ => 100,
        });
        run.duration_ms = reader.last.and_then(|(_, duration)| duration);
        run.session_error = reader.session_error;
        (run.read, run.announced, run.quiet) = (reader.read, announced, reader.quiet);
        Some(run)
    }
}

fn case(failed: &Failed) -> Case {
    let full = bytes::lossy(&failed.id);
    let (binary, name) = full.split_once(' ').unwrap_or(("", full.as_str()));
    let (class, short) = name.rsplit_once("::").unwrap_or(("", name));
    let mut id = NodeId::plain(full.as_str(), binary, short);
    class.clone_into(&mut id.class);
    let mut case = Case::new(id, failed.status, Phase::Call);
    (case.attempts, case.duration_ms) = (failed.attempts, failed.duration_ms);
    explain(&mut case, &failed.output.text());
    if failed.word != "FAIL" {
        // A signal or a time-out leaves no panic; the word says what it was.
        case.exception = Some(failed.word.clone());
        if case.message.is_empty() {
            case.message.clone_from(&failed.word);
        }
    }
    case
}

#[cfg(test)]
mod tests;

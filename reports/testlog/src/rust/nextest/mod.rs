//! cargo-nextest in text: a line for each result, and the failures' output between them.
//!
//! A test's id is its binary and its name. Output is indented where nextest shows it, and a
//! result stands before its brackets; what a test forged shows when the counts are compared.

use std::collections::BTreeMap;

use crate::bytes;
use crate::bytes::output::Output;
use crate::run::Room;
use crate::run::quiet;
use crate::rust::panic::explain;
use crate::{Case, Completeness, Counts, Held, NodeId, Phase, Quiet, Runner, Status, TestRun};

/// The words of a test that failed: by itself, by the clock, or by a signal.
const FAILURES: [&str; 15] = [
    "FAIL",
    "TIMEOUT",
    "TMT",
    "ABORT",
    "ABRT",
    "XFAIL",
    "LEAK-FAIL",
    "SEGV",
    "KILL",
    "TERM",
    "INT",
    "QUIT",
    "BUS",
    "ILL",
    "FPE",
];
/// The column in which a result's word ends.
const COLUMN: usize = 12;
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
            || Result::read(line).is_some()
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
            self.summary(rest);
        } else if let Some(result) = Result::read(line) {
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
        if let Some(result) = Result::read(line) {
            let known = self.places.get(result.id).copied();
            self.block = known.filter(|place| self.failed[*place].output.kept() == 0);
        } else if line.is_empty() || line.starts_with(b"  ") {
            self.shown(line);
        } else {
            self.block = None;
        }
    }

    fn result(&mut self, result: &Result<'_>) {
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

    fn fail(&mut self, result: &Result<'_>, attempts: u32) {
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

    /// `   0.3s] 13 tests run: 10 passed (1 flaky), 3 failed, 1 timed out, 1 skipped`.
    fn summary(&mut self, rest: &[u8]) {
        let text = String::from_utf8_lossy(rest);
        let Some((time, rest)) = text.split_once("] ") else { return };
        let Some((_, kinds)) = rest.split_once(" run: ") else { return };
        let mut counts = Counts::default();
        let mut depth = 0_u32;
        // What stands in brackets is a part of the count before it.
        let flat: String = kinds
            .chars()
            .filter(|c| {
                depth += u32::from(*c == '(');
                let outside = depth == 0;
                depth = depth.saturating_sub(u32::from(*c == ')'));
                outside
            })
            .collect();
        for part in flat.split(", ") {
            let Some((count, kind)) = part.trim().split_once(' ') else { return };
            let Ok(count) = count.parse::<u64>() else { return };
            match kind.trim() {
                "passed" => counts.passed = count,
                "skipped" => counts.deselected = count,
                _ => counts.failed = counts.failed.saturating_add(count),
            }
        }
        self.last = Some((counts, bytes::seconds(time.trim().trim_end_matches('s'))));
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
            problems.push(format!("{unnamed} failures without room for their ids"));
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

/// A result line: `TRY 2 FAIL [   0.004s] (3/13) crate::bin test::name`.
struct Result<'a> {
    word: &'a str,
    status: Status,
    attempt: Option<u32>,
    duration_ms: Option<u64>,
    id: &'a [u8],
}

impl<'a> Result<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        if line.first() != Some(&b' ') || line.len() > 64 << 10 {
            return None;
        }
        let text = bytes::trim(line);
        let (head, rest) = bytes::split_once(text, b" [")?;
        // Words end in one column; output that is shown is indented, and its words are not there.
        if line.len() - line.trim_ascii_start().len() + head.len() != COLUMN {
            return None;
        }
        let (time, id) = bytes::split_once(rest, b"] ")?;
        let head = std::str::from_utf8(head).ok()?;
        let time = std::str::from_utf8(time).ok()?.trim();
        let duration_ms = bytes::seconds(time.strip_suffix('s')?)?;
        let id = bytes::trim(id);
        // Newer versions count as they go.
        let id = match id.strip_prefix(b"(").and_then(|rest| bytes::split_once(rest, b") ")) {
            Some((count, rest)) if !count.contains(&b':') => bytes::trim(rest),
            _ => id,
        };
        let (attempt, word) = match head.strip_prefix("TRY ") {
            Some(rest) => {
                let (attempt, word) = rest.split_once(' ')?;
                (Some(attempt.parse().ok()?), word.trim())
            }
            None => (None, head.split(' ').next()?),
        };
        let status = match word {
            "PASS" | "LEAK" | "FLAKY" => Status::Passed,
            "SKIP" => Status::Skipped,
            word if FAILURES.contains(&word) || word.starts_with("SIG") => Status::Failed,
            _ => return None,
        };
        let duration_ms = Some(duration_ms);
        Some(Self { word, status, attempt, duration_ms, id })
    }
}

/// What follows `     Summary [`. It ends in the column of the results' words: a test's output is
/// indented further.
fn summary(line: &[u8]) -> Option<&[u8]> {
    let rest = bytes::trim(line).strip_prefix(b"Summary [")?;
    let margin = line.len() - line.trim_ascii_start().len();
    (margin + b"Summary".len() == COLUMN).then_some(rest)
}

/// The count in `    Starting 13 tests across 4 binaries`.
fn starting(line: &[u8]) -> Option<u64> {
    let rest = bytes::trim(line).strip_prefix(b"Starting ")?;
    let text = std::str::from_utf8(rest).ok()?;
    let (count, rest) = text.split_once(" test")?;
    rest.contains(" across ").then(|| count.parse().ok())?
}

#[cfg(test)]
mod tests;

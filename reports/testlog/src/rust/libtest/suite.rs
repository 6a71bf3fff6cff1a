//! One test binary: results of tests that run, and what its end counts.
//!
//! A test can print a result for itself or for any other one. The first result of a test that
//! runs is taken, later ones wait. At the end one reading of both has to agree with the counts;
//! where none does, or several do, the failures count and the run says that it is incomplete.

use reports::text::counted;
use std::collections::{BTreeMap, BTreeSet};

use super::event::Event;
use super::room::Left;
use crate::rust::panic;
use crate::{Case, Completeness, Counts, Held, NodeId, Phase, Runner, Status, TestRun};

/// The bytes of one test's output that are kept.
const OUTPUT: usize = 16 << 10;
/// The results that are kept for tests that had one already.
const LATER: usize = 256;

#[derive(Debug)]
pub(super) struct Suite {
    run: TestRun,
    tests: u64,
    results: u64,
    running: BTreeSet<String>,
    /// The name that ended last, whose memory the next one takes.
    spare: String,
    /// Whether tests are said to start: some harnesses only report results.
    starts: bool,
    later: Vec<(String, Status, Option<Case>)>,
    last: Option<Counts>,
    died: Option<String>,
    /// Failures that no longer fitted.
    unnamed: u64,
}

impl Suite {
    pub(super) fn new(title: Option<String>, tests: u64) -> Self {
        // Which runner it was is known at the end.
        let run = TestRun { title, ..TestRun::new(Runner::Cargo) };
        Self {
            run,
            tests,
            results: 0,
            running: BTreeSet::new(),
            spare: String::new(),
            starts: false,
            later: Vec::new(),
            last: None,
            died: None,
            unnamed: 0,
        }
    }

    /// How many tests there are; the same is said again where a suite goes on.
    pub(super) const fn announce(&mut self, tests: u64) {
        if self.tests < tests {
            self.tests = tests;
        }
    }

    /// Whether a test runs.
    pub(super) fn runs(&self, name: &str) -> bool {
        self.running.contains(name)
    }

    /// Whether all results and the end are there.
    pub(super) fn has_ended(&self) -> bool {
        self.last.is_some() && self.results >= self.tests
    }

    /// Whether what follows may still be a part of it.
    pub(super) fn is_under_way(&self) -> bool {
        !self.has_ended() && self.died.is_none() && !self.running.is_empty()
    }

    /// What its end counted.
    pub(super) const fn announced(&self) -> Option<Counts> {
        self.last
    }

    pub(super) fn died(&mut self, how: &str) {
        if !self.has_ended() {
            self.died = Some(how.to_owned());
        }
    }

    pub(super) fn end(&mut self, counts: Counts, duration_ms: Option<u64>) {
        self.last = Some(counts);
        if let Some(more) = duration_ms {
            let sum = self.run.duration_ms.get_or_insert(0);
            *sum = sum.saturating_add(more);
        }
    }

    /// A test runs: it takes the room of a failure, which it is if it never has a result.
    pub(super) fn start(&mut self, name: &str, room: &mut Left) {
        self.starts = true;
        // A result that came before was none.
        self.later.retain(|(known, _, _)| known != name);
        if room.running >= cost(name) {
            name.clone_into(&mut self.spare);
            if self.running.insert(std::mem::take(&mut self.spare)) {
                room.running -= cost(name);
            }
        }
    }

    /// Takes a result: of a test that runs, or one more of a test that does not.
    pub(super) fn result(&mut self, name: &str, attempts: u32, event: &Event<'_>, room: &mut Left) {
        let status = match event.what.as_str() {
            "failed" => Status::Failed,
            "ignored" => Status::Skipped,
            _ if attempts > 1 => Status::Flaky,
            _ => Status::Passed,
        };
        if let Some(ended) = self.running.take(name) {
            self.spare = ended;
            room.running += cost(name);
        } else if self.starts {
            if self.later.len() < LATER {
                let case = self.case(name, status, attempts, event, room);
                self.later.push((name.to_owned(), status, case));
            }
            return;
        }
        self.results += 1;
        self.run.read.add(status);
        match self.case(name, status, attempts, event, room) {
            Some(case) => self.run.cases.push(case),
            None if status.is_failure() => self.unnamed += 1,
            None => self.run.quiet.push_within(status, name.as_bytes(), &mut room.quiet),
        }
    }

    /// The case of a result that needs one, where there is room for it.
    fn case(
        &self,
        name: &str,
        status: Status,
        attempts: u32,
        event: &Event<'_>,
        room: &mut Left,
    ) -> Option<Case> {
        let needed = status.is_failure() || status == Status::Flaky;
        if !needed || room.failures < cost(name) {
            return None;
        }
        room.failures -= cost(name);
        let mut case = Case::new(self.id(name), status, Phase::Call);
        (case.attempts, case.duration_ms) = (attempts, event.duration_ms());
        if room.failures > OUTPUT * 4 {
            explain(&mut case, event);
            let captured: usize = case.captured.iter().map(|capture| capture.text.len()).sum();
            room.failures -= captured + case.message.len();
        }
        Some(case)
    }

    fn id(&self, name: &str) -> NodeId {
        let file = self.run.title.clone().unwrap_or_default();
        // nextest's names open with the binary.
        let path = name.strip_prefix(file.as_str()).and_then(|rest| rest.strip_prefix('$'));
        let path = path.unwrap_or(name);
        let (class, short) = path.rsplit_once("::").unwrap_or(("", path));
        let mut id = NodeId::plain(name, file, short);
        class.clone_into(&mut id.class);
        id
    }

    /// The run as a whole.
    pub(super) fn finish(mut self, runner: Runner) -> TestRun {
        self.run.runner = runner;
        let mut problems = Vec::new();
        let failing = if runner == Runner::Nextest { 100 } else { 101 };
        match self.last {
            None => self.unfinished(),
            Some(announced) => {
                problems.extend(self.settle(&announced));
                self.run.read.deselected = announced.deselected;
                problems.extend(self.run.read.differences(&announced));
                self.count(runner, &mut problems);
                let failed = announced.failed > 0;
                self.run.exit_hint = Some(if failed { failing } else { 0 });
                self.run.completeness = Completeness::Reconciled;
            }
        }
        if self.unnamed > 0 {
            problems.push(format!("{} without room for an id", counted(self.unnamed, "failure")));
            self.run.held = Held::Some;
        }
        if !problems.is_empty() {
            self.run.completeness = Completeness::Mismatch(problems);
        }
        self.run.announced = self.last;
        self.run
    }

    /// Compares the number of results with the number of tests.
    fn count(&mut self, runner: Runner, problems: &mut Vec<String>) {
        let (tests, results) = (self.tests, self.results);
        if tests == results {
            return;
        }
        // nextest counts what it ran until it was stopped; a binary always runs all.
        if runner == Runner::Nextest && results < tests {
            let said = format!("stopped: {} of {tests} tests were not run", tests - results);
            self.run.session_error = Some(said);
        } else {
            problems.push(format!("{} announced, {results} read", counted(tests, "test")));
        }
    }

    /// The binary never came to its end: what it ran then has no result.
    fn unfinished(&mut self) {
        for name in std::mem::take(&mut self.running) {
            let mut case = Case::new(self.id(&name), Status::Error, Phase::Call);
            let how = self.died.as_deref().unwrap_or("the log ends while it runs");
            case.message = format!("no result: {how}");
            self.run.read.add(Status::Error);
            self.run.cases.push(case);
        }
        self.run.session_error = self.died.take();
    }

    /// Looks for the reading of tests with several results that agrees with the counts.
    fn settle(&mut self, announced: &Counts) -> Option<String> {
        let mut firsts = self.firsts();
        if firsts.is_empty() {
            return None;
        }
        let mut lasts = firsts.clone();
        let mut worsts = firsts.clone();
        for (name, status, _) in &self.later {
            if let Some(last) = lasts.get_mut(name) {
                *last = *status;
            }
            if let Some(worst) = worsts.get_mut(name) {
                *worst = (*worst).max(*status);
            }
        }
        let counted = |reading: &BTreeMap<String, Status>| {
            let mut read = self.run.read;
            for (name, first) in &firsts {
                read.replace(*first, reading[name]);
            }
            (read.passed, read.failed, read.skipped)
        };
        let wanted = (announced.passed, announced.failed, announced.skipped);
        let mut readings = vec![firsts.clone(), lasts, worsts.clone()];
        readings.retain(|reading| counted(reading) == wanted);
        readings.dedup();
        let problem = match readings.as_slice() {
            [_] => None,
            [] => Some("tests with several results, and no reading of them agrees".to_owned()),
            _ => Some("tests with several results, of which more than one reading agrees".into()),
        };
        let chosen = if readings.len() == 1 { readings.remove(0) } else { worsts };
        firsts.retain(|name, first| chosen[name] != *first);
        self.change(&firsts, &chosen);
        problem
    }

    /// The first result of each test that has later ones.
    fn firsts(&self) -> BTreeMap<String, Status> {
        let mut firsts = BTreeMap::new();
        let later: BTreeSet<&str> = self.later.iter().map(|(name, _, _)| name.as_str()).collect();
        if later.is_empty() {
            return firsts;
        }
        let quiet = self.run.quiet.iter();
        firsts.extend(
            quiet.map(|(status, id)| (id, status)).filter(|(id, _)| later.contains(id.as_str())),
        );
        for case in self.run.cases.iter().filter(|case| later.contains(case.id.full.as_str())) {
            firsts.insert(case.id.full.clone(), case.status);
        }
        firsts
    }

    /// Replaces first results by those that were chosen.
    fn change(&mut self, firsts: &BTreeMap<String, Status>, chosen: &BTreeMap<String, Status>) {
        if firsts.is_empty() {
            return;
        }
        self.run.cases.retain(|case| !firsts.contains_key(&case.id.full));
        self.run.quiet.retain(|id| !firsts.contains_key(id));
        for (name, first) in firsts {
            let status = chosen[name];
            self.run.read.replace(*first, status);
            let mut later = self.later.iter_mut().rev();
            let found = later.find(|(known, other, _)| known == name && *other == status);
            match found.and_then(|(_, _, case)| case.take()) {
                Some(case) => self.run.cases.push(case),
                None if status.is_failure() => self.unnamed += 1,
                None => self.run.quiet.push(status, name.as_bytes()),
            }
        }
    }
}

/// What a failure takes in addition to its message and its output.
const fn cost(name: &str) -> usize {
    name.len() * 3 + 512
}

/// Fills in what an event says of why: the output has the panic, the event what else was wrong.
fn explain(case: &mut Case, event: &Event<'_>) {
    if let Some(output) = &event.stdout {
        panic::explain(case, output.as_str());
    }
    if let Some(message) = &event.message {
        message.as_str().trim_end().clone_into(&mut case.message);
        case.exception = None;
    }
    if let Some(reason) = &event.reason {
        case.exception = Some("TIMEOUT".to_owned());
        reason.as_str().clone_into(&mut case.message);
    }
    let end = case.message.floor_char_boundary(OUTPUT.min(case.message.len()));
    case.message.truncate(end);
    for capture in &mut case.captured {
        // The end of an output is where the failure is.
        let over = capture.text.len().saturating_sub(OUTPUT);
        let start = capture.text.ceil_char_boundary(over);
        capture.text.drain(..start);
    }
}

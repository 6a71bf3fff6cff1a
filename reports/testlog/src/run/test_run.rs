//! One run of a test runner, and the log that holds one or more of them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::run::case::{Case, Phase, Status};
use crate::run::counts::Counts;
use crate::run::quiet::Quiet;

/// Everything that one input held.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// The runs, in the order of the input; none where nothing looked like a test's output.
    pub runs: Vec<TestRun>,
}

/// Which program ran the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Runner {
    /// pytest, from its text or its reportlog.
    Pytest,
    /// `cargo test`; one run for each test binary.
    Cargo,
    /// cargo-nextest.
    Nextest,
    /// `go test`; one run for each package.
    Go,
    /// jest.
    Jest,
    /// A JUnit file, whoever wrote it.
    Junit,
}

impl Runner {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pytest => "pytest",
            Self::Cargo => "cargo",
            Self::Nextest => "nextest",
            Self::Go => "go",
            Self::Jest => "jest",
            Self::Junit => "junit",
        }
    }
}

/// Whether what was read is what the runner says it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "problems")]
pub enum Completeness {
    /// Every count that the log allows to check agrees with the runner's own.
    Reconciled,
    /// The runner never said how many there were: the log is cut, or the runner died.
    NoFinalLine,
    /// Some count disagrees, or some line could be read in two ways; each problem in words.
    Mismatch(Vec<String>),
}

impl Completeness {
    /// Reconciled without problems, a mismatch with any.
    pub(crate) fn from_problems(problems: Vec<String>) -> Self {
        if problems.is_empty() { Self::Reconciled } else { Self::Mismatch(problems) }
    }

    /// Whether the run may be judged as a whole.
    pub const fn is_complete(&self) -> bool {
        matches!(self, Self::Reconciled)
    }
}

/// Of which cases the log holds the ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// Of every case.
    All,
    /// Of failures only: a quiet log prints a dot for a test that holds.
    Failures,
    /// Not even of every failure: their number is known, not all their names.
    Some,
}

/// One run.
#[derive(Debug, Clone)]
pub struct TestRun {
    /// Which program.
    pub runner: Runner,
    /// Its version, where the log says so.
    pub version: Option<String>,
    /// The name of what ran, where one log has several: a test binary, a package, a suite.
    pub title: Option<String>,
    /// Every failure, in the order of the log.
    pub cases: Vec<Case>,
    /// Every case that did not fail, as far as the log names them.
    pub quiet: Quiet,
    /// What was read: progress marks and lines, by kind.
    pub read: Counts,
    /// What the runner announced; absent where it never came to it.
    pub announced: Option<Counts>,
    /// Whether the two agree.
    pub completeness: Completeness,
    /// Which ids the log holds.
    pub held: Held,
    /// What ended or broke the session as a whole, in the runner's words: interrupted, an
    /// internal error, a lost worker, tests that could not be built.
    pub session_error: Option<String>,
    /// The exit code that the runner must have ended with, where the log shows it. A real exit code
    /// that differs is proof that the log was tampered with.
    pub exit_hint: Option<u8>,
    /// How long it took, by its own account.
    pub duration_ms: Option<u64>,
}

impl TestRun {
    /// A run of which nothing is known yet.
    pub fn new(runner: Runner) -> Self {
        Self {
            runner,
            version: None,
            title: None,
            cases: Vec::new(),
            quiet: Quiet::default(),
            read: Counts::default(),
            announced: None,
            completeness: Completeness::NoFinalLine,
            held: Held::All,
            session_error: None,
            exit_hint: None,
            duration_ms: None,
        }
    }

    /// One outcome for each test of which the id is known: the worst of its reports, so that a
    /// test that held and whose teardown broke is in error.
    pub fn outcomes(&self) -> BTreeMap<String, Status> {
        self.outcomes_of(|_| true)
    }

    /// The same of some tests: a large run has a few that anybody asks for, among millions.
    pub fn outcomes_of(&self, wanted: impl Fn(&str) -> bool) -> BTreeMap<String, Status> {
        let mut outcomes = BTreeMap::new();
        let failures = self.cases.iter().map(|case| (case.status, case.id.full.clone()));
        let all = self.quiet.iter().chain(failures);
        for (status, id) in all.filter(|(_, id)| wanted(id)) {
            let status = match status {
                Status::SubtestFailed => Status::Failed,
                Status::SubtestPassed => Status::Passed,
                Status::SubtestSkipped => continue,
                other => other,
            };
            let worst = outcomes.entry(id).or_insert(status);
            *worst = status.max(*worst);
        }
        outcomes
    }

    /// The tests that ran or were skipped: what broke before its test began is in no other count.
    pub fn tests(&self) -> u64 {
        let before = |case: &&Case| case.status == Status::Error && case.phase != Phase::Teardown;
        let before = self.cases.iter().filter(before).count() as u64;
        self.read.tests().saturating_add(before.min(self.read.errors))
    }

    /// The failures, a report each.
    pub fn failures(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(|case| case.status.is_failure())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NodeId, Phase};

    #[test]
    fn a_test_that_holds_and_breaks_in_teardown_is_in_error() {
        let mut run = TestRun::new(Runner::Pytest);
        run.quiet.push(Status::Passed, b"a.py::test_a");
        run.quiet.push(Status::Passed, b"a.py::test_b");
        let broken = NodeId::pytest("a.py::test_a");
        run.cases.push(Case::new(broken, Status::Error, Phase::Teardown));
        let outcomes = run.outcomes();
        assert_eq!(outcomes["a.py::test_a"], Status::Error);
        assert_eq!(outcomes["a.py::test_b"], Status::Passed);
    }
}

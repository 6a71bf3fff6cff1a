//! The latest logs of a suite of tests, and the past of each of their failures.

use super::entry::{Entry, Kept, KeptTests, Mark};
use super::standing::{Past, past};

/// The latest logs of one suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// Its name.
    pub suite: String,
    /// How many logs the history has of it.
    pub logs: u64,
    /// When the latest is from.
    pub latest: Mark,
    /// Whether everything of it was read.
    pub complete: bool,
    /// The tests in it.
    pub tests: u64,
    /// Failures that say nothing by which they could be known again.
    pub mute: u64,
    /// Its failures, sorted by their signature's id.
    pub failures: Vec<SuiteFailure>,
}

/// One failure of the latest log, and its past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuiteFailure {
    /// The id of its signature.
    pub id: String,
    /// The signature.
    pub signature: String,
    /// How many failures.
    pub failures: u64,
    /// Their tests; the first [`MAX_TESTS`](super::MAX_TESTS) of very many.
    pub tests: Vec<String>,
    /// What the earlier logs say.
    pub past: Past,
}

/// The logs of one suite, in the order of the entries.
pub fn logs_of<'a>(entries: &'a [Entry], suite: &str) -> Vec<(&'a Mark, &'a KeptTests)> {
    let logs = entries.iter().filter_map(|entry| match &entry.kept {
        Kept::Tests(tests) if tests.suite == suite => Some((&entry.mark, tests)),
        _ => None,
    });
    logs.collect()
}

/// Every suite of some logs, by name.
pub(super) fn suites(logs: &[(&Mark, &KeptTests)]) -> Vec<Suite> {
    let mut names: Vec<&str> = logs.iter().map(|(_, log)| log.suite.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let of = |name: &str| {
        let logs: Vec<_> = logs.iter().filter(|(_, log)| log.suite == name).copied().collect();
        let ((latest, log), earlier) = logs.split_last()?;
        let failures = log.failures.iter().map(|failure| SuiteFailure {
            id: failure.id.clone(),
            signature: failure.signature.clone(),
            failures: failure.failures,
            tests: failure.tests.clone(),
            past: past(&failure.id, &failure.tests, earlier),
        });
        Some(Suite {
            suite: name.to_owned(),
            logs: logs.len() as u64,
            latest: (*latest).clone(),
            complete: log.complete,
            tests: log.tests,
            mute: log.mute,
            failures: failures.collect(),
        })
    };
    names.into_iter().filter_map(of).collect()
}

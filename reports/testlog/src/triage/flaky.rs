//! Tests that pass now and fail then, over several runs.
//!
//! Invariants: a test counts in a run where the log names it, or names every failure and not this
//! test; a run that failed nearly as a whole counts for no test, because it says something about
//! the machine and not about them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Input, shared};
use crate::{Held, Status, TestRun};

/// What several runs say about their tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flakiness {
    /// The runs that count.
    pub runs: usize,
    /// The runs that were left out: more than 80 % of their tests failed.
    pub left_out: usize,
    /// Whether some log names only what failed: a test that is not among it counts as passed.
    pub passes_missing: bool,
    /// Every test that failed or flipped at least once, the most unsteady first.
    pub tests: Vec<TestHistory>,
}

/// One test over several runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestHistory {
    /// Its id.
    pub id: String,
    /// The binary, package or suite, where the log has several.
    pub title: Option<String>,
    /// Whether it passed, in the order of the runs.
    pub passed: Vec<bool>,
    /// How often it passed only when it was run again.
    pub retried: usize,
    /// How often it was the only test of its run to fail.
    pub alone: usize,
}

impl TestHistory {
    /// The runs in which it passed.
    pub fn passes(&self) -> usize {
        self.passed.iter().filter(|passed| **passed).count()
    }

    /// How often one run differs from the run before.
    pub fn flips(&self) -> usize {
        self.passed.windows(2).filter(|pair| pair[0] != pair[1]).count()
    }

    /// Whether it belongs into quarantine: it did both, or needed a second try.
    pub fn is_flaky(&self) -> bool {
        self.retried > 0 || self.flips() > 0
    }

    /// Passed runs of all, in millionths.
    pub fn pass_rate_ppm(&self) -> u64 {
        (self.passes() as u64 * 1_000_000).checked_div(self.passed.len() as u64).unwrap_or(0)
    }
}

impl Flakiness {
    /// Looks at every test of several runs that did not simply pass in all of them.
    pub(super) fn of(runs: &[(&Input, &TestRun)]) -> Self {
        let mut unsteady: BTreeMap<Option<&str>, BTreeSet<String>> = BTreeMap::new();
        for (_, run) in runs {
            unsteady.entry(run.title.as_deref()).or_default().extend(not_held(run));
        }
        let mut histories: BTreeMap<(Option<String>, String), TestHistory> = BTreeMap::new();
        let (mut counted, mut left_out) = (0, 0);
        for (_, run) in runs {
            if shared::mostly_failed(run).is_some() {
                left_out += 1;
                continue;
            }
            counted += 1;
            let unsteady = &unsteady[&run.title.as_deref()];
            let mut outcomes = run.outcomes_of(|id| unsteady.contains(id));
            if run.held == Held::Failures && run.completeness.is_complete() {
                for id in unsteady {
                    outcomes.entry(id.clone()).or_insert(Status::Passed);
                }
            }
            let failed = outcomes.values().filter(|status| status.is_failure()).count();
            for (id, status) in outcomes {
                let passed = match status {
                    Status::Passed | Status::Xfailed | Status::Xpassed | Status::Flaky => true,
                    status if status.is_failure() => false,
                    _ => continue,
                };
                let history =
                    histories.entry((run.title.clone(), id.clone())).or_insert_with(|| {
                        TestHistory {
                            id,
                            title: run.title.clone(),
                            passed: Vec::new(),
                            retried: 0,
                            alone: 0,
                        }
                    });
                history.passed.push(passed);
                history.retried += usize::from(status == Status::Flaky);
                history.alone += usize::from(!passed && failed == 1);
            }
        }
        let mut tests: Vec<TestHistory> = histories
            .into_values()
            .filter(|test| test.is_flaky() || test.passes() < test.passed.len())
            .collect();
        tests.sort_by_key(|test| std::cmp::Reverse((test.is_flaky(), test.flips())));
        let passes_missing = runs.iter().any(|(_, run)| run.held != Held::All);
        Self { runs: counted, left_out, passes_missing, tests }
    }

    /// The tests that are neither broken nor whole.
    pub fn quarantine(&self) -> impl Iterator<Item = &TestHistory> {
        self.tests.iter().filter(|test| test.is_flaky())
    }
}

/// The ids of a run's tests that failed, or that held only when they were run again.
fn not_held(run: &TestRun) -> impl Iterator<Item = String> {
    let flaky = run.quiet.iter().filter(|(status, _)| *status == Status::Flaky);
    let cases = run.cases.iter().map(|case| case.id.full.clone());
    flaky.map(|(_, id)| id).chain(cases)
}

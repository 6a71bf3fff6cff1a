//! How much of a log is kept: the bytes that its runs may take, and how many runs are kept apart.

use super::test_run::TestRun;
use super::{Case, Completeness, Held, quiet};

/// The runs of one log that are kept apart. A thousand test binaries are a large workspace.
const RUNS: usize = 10_000;

/// The bytes that are left for the runs of one log.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    /// For failures.
    pub(crate) failures: usize,
    /// For the ids of what did not fail.
    pub(crate) quiet: usize,
}

impl Room {
    /// All that a log may take.
    pub(crate) const ALL: Self = Self { failures: 36 << 20, quiet: quiet::BUDGET * 2 };
    /// Nothing.
    pub(crate) const NONE: Self = Self { failures: 0, quiet: 0 };

    /// Takes what a run holds.
    pub(crate) fn take(&mut self, run: &TestRun) {
        let held: usize = run.cases.iter().map(Case::size).sum();
        // Half as much again goes to the allocator, and to lists that grow by doubling.
        self.failures = self.failures.saturating_sub(held + held / 2);
        self.quiet = self.quiet.saturating_sub(run.quiet.size());
    }
}

/// Adds a run to those of its log; what comes after very many is only counted, with the last one.
pub(crate) fn keep(runs: &mut Vec<TestRun>, run: TestRun) {
    if runs.len() < RUNS {
        runs.push(run);
        return;
    }
    if let Some(last) = runs.last_mut() {
        last.read.merge(&run.read);
        (last.announced, last.held) = (None, Held::Some);
        last.exit_hint = last.exit_hint.max(run.exit_hint);
        let problem = format!("runs from the {RUNS}th on are only counted");
        last.completeness = Completeness::Mismatch(vec![problem]);
    }
}

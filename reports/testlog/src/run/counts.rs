//! How many reports of each kind: what was read, and what the runner announced.
//!
//! Invariant: both sides are counted by the runner's own rule, a report at a time, so they can be
//! compared kind by kind.

use serde::Serialize;

use crate::run::case::Status;

/// Reports by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Tests that held; flaky ones are among them, as runners count them.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
    /// Breaks around tests: collection, setup, teardown.
    pub errors: u64,
    /// Tests not run.
    pub skipped: u64,
    /// Tests not chosen.
    pub deselected: u64,
    /// Failures that were marked as such.
    pub xfailed: u64,
    /// Marked failures that did not come.
    pub xpassed: u64,
    /// Attempts that failed and were followed by another.
    pub reruns: u64,
    /// Parts of tests that held.
    pub subtests_passed: u64,
    /// Parts of tests that failed, where the runner counts them apart.
    pub subtests_failed: u64,
    /// Parts of tests not run, or failed as marked.
    pub subtests_skipped: u64,
}

impl Counts {
    /// Nothing counted yet.
    pub(crate) const ZERO: Self = Self {
        passed: 0,
        failed: 0,
        errors: 0,
        skipped: 0,
        deselected: 0,
        xfailed: 0,
        xpassed: 0,
        reruns: 0,
        subtests_passed: 0,
        subtests_failed: 0,
        subtests_skipped: 0,
    };

    /// One report more.
    pub fn add(&mut self, status: Status) {
        *self.counter(status) += 1;
    }

    /// The reports of another run as well.
    pub(crate) const fn merge(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.errors += other.errors;
        self.skipped += other.skipped;
        self.deselected = self.deselected.saturating_add(other.deselected);
        self.xfailed += other.xfailed;
        self.xpassed += other.xpassed;
        self.reruns += other.reruns;
        self.subtests_passed += other.subtests_passed;
        self.subtests_failed += other.subtests_failed;
        self.subtests_skipped += other.subtests_skipped;
    }

    /// One report that turned out to be another one.
    pub(crate) const fn replace(&mut self, old: Status, new: Status) {
        *self.counter(old) -= 1;
        *self.counter(new) += 1;
    }

    const fn counter(&mut self, status: Status) -> &mut u64 {
        match status {
            Status::Passed | Status::Flaky => &mut self.passed,
            Status::Skipped => &mut self.skipped,
            Status::Xfailed => &mut self.xfailed,
            Status::Xpassed => &mut self.xpassed,
            Status::SubtestPassed => &mut self.subtests_passed,
            Status::SubtestSkipped => &mut self.subtests_skipped,
            Status::SubtestFailed => &mut self.subtests_failed,
            Status::Failed => &mut self.failed,
            Status::Error => &mut self.errors,
        }
    }

    /// Each kind with its name in messages, in the order of a pytest final line.
    pub const fn kinds(&self) -> [(&'static str, u64); 11] {
        [
            ("failed", self.failed),
            ("passed", self.passed),
            ("skipped", self.skipped),
            ("deselected", self.deselected),
            ("xfailed", self.xfailed),
            ("xpassed", self.xpassed),
            (if self.errors == 1 { "error" } else { "errors" }, self.errors),
            (if self.reruns == 1 { "rerun" } else { "reruns" }, self.reruns),
            ("subtests passed", self.subtests_passed),
            ("subtests failed", self.subtests_failed),
            ("subtests skipped", self.subtests_skipped),
        ]
    }

    /// The tests that ran or were skipped: everything but errors, re-runs and parts of tests.
    pub const fn tests(&self) -> u64 {
        // Counts come from outside, and may be anything.
        self.passed
            .saturating_add(self.failed)
            .saturating_add(self.skipped)
            .saturating_add(self.xfailed)
            .saturating_add(self.xpassed)
    }

    /// What differs from the counts that were announced, in words, kind by kind.
    pub fn differences(&self, announced: &Self) -> Vec<String> {
        let pairs = self.kinds().into_iter().zip(announced.kinds());
        pairs
            .filter(|((_, read), (_, announced))| read != announced)
            .map(|((_, read), (kind, announced))| {
                format!("{announced} {kind} announced, {read} read")
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_the_kind_and_both_figures() {
        let read = Counts { failed: 34, passed: 3, ..Counts::default() };
        let announced = Counts { failed: 35, passed: 3, ..Counts::default() };
        assert_eq!(read.differences(&announced), ["35 failed announced, 34 read"]);
        assert!(read.differences(&read).is_empty());
    }
}

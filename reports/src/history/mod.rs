//! Runs and test logs over time: which figures moved and when, and which failures are new.
//!
//! An [`Entry`] is what is kept, in whatever store; a [`History`] is what it says. Runs that can be
//! compared make a [`Series`], each of its metrics a [`Line`] with its [`Step`]s; the logs of a
//! suite say of each failure whether it is new ([`Standing`]). Invariant: a history describes, and
//! what it cannot know it does not claim.

mod entry;
mod filter;

mod point;

mod flaky;
mod step;

mod line;
mod series;

mod standing;
mod suite;

pub use entry::{Entry, Kept, KeptFailure, KeptPipeline, KeptRun, KeptTests, MAX_TESTS, Mark};
pub use filter::Filter;
pub use flaky::Flaky;
pub use line::Line;
pub use point::{Basis, Point};
pub use series::Series;
pub use standing::{Past, Standing, past};
pub use step::{Acceptance, Step};
pub use suite::{Suite, SuiteFailure, logs_of};

use crate::compare::Baseline;

/// What some entries say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// How many runs it has, whatever is looked at.
    pub runs: u64,
    /// How many additions of test logs.
    pub logs: u64,
    /// The first and the last day; none of an empty history.
    pub days: Option<(String, String)>,
    /// Comparable runs of each pipeline.
    pub series: Vec<Series>,
    /// The latest logs of each suite of tests.
    pub suites: Vec<Suite>,
    /// Whether steps were looked up in a baseline.
    pub checked: bool,
}

impl History {
    /// Reads entries that stand in the order in which they were.
    pub fn of(entries: &[Entry], filter: &Filter, baseline: Option<&Baseline>) -> Self {
        let (mut runs, mut logs) = (Vec::new(), Vec::new());
        for entry in entries {
            match &entry.kept {
                Kept::Run(run) => runs.push((&entry.mark, run)),
                Kept::Tests(tests) => logs.push((&entry.mark, tests)),
            }
        }
        let mut series = series::series(&runs, filter);
        for one in &mut series {
            one.draw(filter, baseline);
        }
        series.retain(|series| !series.lines.is_empty());
        let days = entries.iter().map(|entry| &entry.mark.day);
        Self {
            runs: runs.len() as u64,
            logs: logs.len() as u64,
            days: days.clone().min().cloned().zip(days.max().cloned()),
            series,
            suites: if filter.is_of_runs() { Vec::new() } else { suite::suites(&logs) },
            checked: baseline.is_some(),
        }
    }

    /// Whether there is nothing to be shown.
    pub const fn is_empty(&self) -> bool {
        self.series.is_empty() && self.suites.is_empty()
    }
}

#[cfg(test)]
mod tests;

//! A run, judged once, with everything that follows from its records.
//!
//! Invariant: a [`Judged`] is made by [`judge`] alone, which takes the run for good, and no page
//! can make another one: a run cannot be copied, and nobody else counts, checks or lists failures.

use super::check::{Check, checks};
use super::failed::{FailedJob, failed_jobs};
use super::failure::Failure;
use super::summary::Summary;
use super::verdict::Verdict;
use crate::record::Measured;
use crate::run::Run;

/// A judged run: what every page, gate and comparison is made of.
///
/// A run is given away to be judged, so it is judged once:
///
/// ```compile_fail,E0382
/// fn twice(run: reports::Run) {
///     let first = reports::judge(run);
///     let second = reports::judge(run);
/// }
/// ```
///
/// and whoever has the result has no second run to judge:
///
/// ```compile_fail,E0599
/// fn again(judged: &reports::Judged) -> reports::Judged {
///     reports::judge(judged.run().clone())
/// }
/// ```
#[derive(Debug, PartialEq)]
pub struct Judged {
    name: String,
    run: Run,
    measured: Option<Measured>,
    verdict: Verdict,
    checks: Vec<Check>,
    summaries: Vec<Summary>,
    failed: Vec<FailedJob>,
}

/// Judges a run by what its scenario expects. Its name is that of its scenario, so that the same
/// run gives the same text wherever it is kept.
pub fn judge(run: Run) -> Judged {
    let summaries = Summary::of(&run);
    let checks = checks(&run, &summaries);
    Judged {
        name: run.header.scenario.clone(),
        verdict: Verdict::worst(checks.iter().map(|check| check.verdict)),
        failed: failed_jobs(&run, &checks),
        measured: None,
        run,
        checks,
        summaries,
    }
}

impl Judged {
    /// The same run under the name by which the reader knows it, for example a path.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// The same run with what depends on the machine, which is shown and never judged.
    #[must_use]
    pub fn with_measured(self, measured: Option<Measured>) -> Self {
        Self { measured, ..self }
    }

    /// The run's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The records.
    pub const fn run(&self) -> &Run {
        &self.run
    }

    /// What depended on the machine, where that is known.
    pub const fn measured(&self) -> Option<&Measured> {
        self.measured.as_ref()
    }

    /// The worst of the checks.
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Every check, by pipeline in the order of the run.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// The numbers of each pipeline, in the order of the run.
    pub fn summaries(&self) -> &[Summary] {
        &self.summaries
    }

    /// Every failed job, in the order of pipelines and jobs.
    pub fn failures(&self) -> Vec<Failure<'_>> {
        self.failed.iter().map(|failed| failed.in_run(&self.run)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn a_judged_run_goes_by_its_scenario_until_it_is_named() {
        let judged = judge(fixture::concurrent());
        assert_eq!((judged.name(), judged.measured()), ("concurrent", None));
        assert_eq!(judged.named("out/1").name(), "out/1");
    }

    #[test]
    fn the_verdict_is_that_of_the_worst_check() {
        let mut run = fixture::concurrent();
        assert_eq!(judge(fixture::concurrent()).verdict(), Verdict::Pass);
        run.pipelines[1].attempts.pop();
        let judged = judge(run);
        assert_eq!(judged.verdict(), Verdict::Inconclusive);
        assert_eq!(judged.summaries().len(), 2);
        assert_eq!(judged.failures().len(), 6);
    }
}

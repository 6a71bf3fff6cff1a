//! Which jobs of a run failed, and which of those failures the scenario expects.
//!
//! Invariant: one failure for each failed job, in the order of pipelines and jobs.

use std::collections::BTreeMap;

use super::breaks::{Break, expected};
use super::check::Check;
use super::failure::Failure;
use super::injected::{Hit, hits};
use crate::record::{Cause, Job, Outcome};
use crate::run::{PipelineRun, Run};

/// A failed job by where its records are in the run, so that a judged run can own both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FailedJob {
    pipeline: usize,
    job: usize,
    last: Option<usize>,
    fault: Option<Hit>,
    expected: bool,
}

impl FailedJob {
    /// The same failure with its records.
    pub(super) fn in_run(self, run: &Run) -> Failure<'_> {
        let pipeline = &run.pipelines[self.pipeline];
        Failure {
            job: &pipeline.jobs[self.job],
            last: self.last.map(|last| &pipeline.attempts[last]),
            fault: self.fault.map(|hit| hit.in_pipeline(pipeline)),
            expected: self.expected,
        }
    }
}

/// Every failed job of a run.
pub(super) fn failed_jobs(run: &Run, checks: &[Check]) -> Vec<FailedJob> {
    let expected = expected(run, checks);
    let mut found = Vec::new();
    for (index, pipeline) in run.pipelines.iter().enumerate() {
        let bound = expected.get(pipeline.header.name.as_str()).map(|expected| expected.what);
        found.extend(of_pipeline(index, pipeline, bound, run.warm_up_us(pipeline)));
    }
    found
}

/// The failed jobs of one pipeline that arrived from `after_us` on.
fn of_pipeline(
    index: usize,
    pipeline: &PipelineRun,
    bound: Option<Break>,
    after_us: u64,
) -> Vec<FailedJob> {
    let mut last = BTreeMap::new();
    let requests = pipeline.attempts.iter().zip(hits(pipeline)).enumerate();
    for (place, (attempt, hit)) in requests.filter(|(_, (attempt, _))| attempt.cause.is_some()) {
        last.insert(attempt.job, (place, hit));
    }
    let has_failed = |job: &Job| job.outcome == Outcome::Failed && job.arrival_us >= after_us;
    let failed = pipeline.jobs.iter().enumerate().filter(|(_, job)| has_failed(job));
    let failed = failed.map(|(place, job)| {
        let (last, hit) =
            last.get(&job.job).map_or((None, None), |(place, hit)| (Some(*place), *hit));
        // A lost part is lost to whatever its own request failed of.
        let is_about = |cause| cause == job.cause || job.cause == Some(Cause::LostChunk);
        let cause = last.and_then(|last| pipeline.attempts[last].cause);
        let expected = match bound {
            None => false,
            Some(_) if job.cause == Some(Cause::Interrupted) => false,
            Some(Break::Jobs) => true,
            Some(Break::Coverage) => job.cause.is_some_and(Cause::is_of_the_documentation),
        };
        let fault = hit.filter(|_| is_about(cause));
        FailedJob { pipeline: index, job: place, last, fault, expected }
    });
    failed.collect()
}

/// The failures of a run that a test goes on to change.
#[cfg(test)]
pub(super) fn failures(run: &Run) -> Vec<Failure<'_>> {
    let checks = super::check::checks(run, &super::summary::Summary::of(run));
    failed_jobs(run, &checks).into_iter().map(|failed| failed.in_run(run)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::record::{Bound, Expectation};

    #[test]
    fn a_break_is_expected_where_a_bound_below_all_is_kept() {
        let mut run = fixture::concurrent();
        assert!(failures(&run).iter().all(|f| f.expected));
        // Three of ten would be a break of another size: nothing is excused.
        let bound = |max| Some(Bound { min: None, max: Some(max) });
        let of = |success_rate, coverage| Expectation {
            success_rate,
            coverage,
            ..Expectation::default()
        };
        run.header.expect.insert("phase1".to_owned(), of(bound(0.3), None));
        assert!(failures(&run).iter().all(|f| !f.expected));
        run.header.expect.insert("phase1".to_owned(), of(bound(1.0), None));
        assert!(failures(&run).iter().all(|f| !f.expected), "a bound of all expects no break");
        run.header.expect.insert("phase1".to_owned(), of(None, bound(0.5)));
        assert!(failures(&run).iter().all(|f| !f.expected), "429 is no question of coverage");
        run.pipelines[0].jobs[2].cause = Some(Cause::Truncated);
        assert!(failures(&run)[0].expected);
    }
}

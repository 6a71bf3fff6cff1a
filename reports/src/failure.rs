//! The jobs that failed, each with everything that a report says about it.
//!
//! Invariant: one failure for each failed job, in the order of pipelines and jobs. The status is
//! that of the job's last request that failed: what the pipeline saw before it gave up.

use std::collections::BTreeMap;

use crate::cause::{Category, Cause, Priority};
use crate::record::{Job, Outcome};
use crate::run::{PipelineRun, Run};

/// One job that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure<'a> {
    /// The job.
    pub job: &'a Job,
    /// The HTTP status of its last failed request; absent where no response came.
    pub status: Option<u16>,
}

impl Failure<'_> {
    /// The failure in words.
    pub fn words(&self) -> &'static str {
        self.job.cause.map_or("no cause recorded", Cause::words)
    }

    /// The cause's name in records.
    pub fn cause_name(&self) -> &'static str {
        self.job.cause.map_or("unknown", Cause::name)
    }

    /// Where the mending is.
    pub fn category(&self) -> Category {
        self.job.cause.map_or(Category::Unknown, Cause::category)
    }

    /// How soon it deserves a look.
    pub fn priority(&self) -> Priority {
        self.job.cause.map_or(Priority::Medium, Cause::priority)
    }
}

/// Every failed job of a run.
pub fn failures(run: &Run) -> Vec<Failure<'_>> {
    run.pipelines.iter().flat_map(of_pipeline).collect()
}

fn of_pipeline(pipeline: &PipelineRun) -> impl Iterator<Item = Failure<'_>> {
    let mut last_status = BTreeMap::new();
    for attempt in pipeline.attempts.iter().filter(|a| a.cause.is_some()) {
        last_status.insert(attempt.job, attempt.status);
    }
    let failed = pipeline.jobs.iter().filter(|job| job.outcome == Outcome::Failed);
    failed.map(move |job| Failure { job, status: last_status.get(&job.job).copied().flatten() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn a_failed_job_has_the_status_of_its_last_failed_request() {
        let run = fixture::concurrent();
        let failures = failures(&run);
        assert_eq!(failures.len(), 6);
        assert!(failures.iter().all(|f| f.status == Some(429) && f.job.pipeline == "phase1"));
    }

    #[test]
    fn a_failure_without_a_cause_needs_analysis() {
        let mut run = fixture::concurrent();
        run.pipelines[0].jobs[2].cause = None;
        let failures = failures(&run);
        assert_eq!(failures[0].category(), Category::Unknown);
        assert_eq!(failures[0].words(), "no cause recorded");
    }
}

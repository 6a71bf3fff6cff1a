//! Whether a pipeline's numbers agree with each other, and with the mock's own ledger.
//!
//! Invariant: a lost record is noticed, because it would otherwise read as a cheap and quiet run.

use std::collections::BTreeSet;

use crate::record::{Job, NO_JOB, Outcome};
use crate::run::PipelineRun;
use crate::text::{counted, thousands};

/// Everything in a pipeline's records that contradicts something else in them, the warm-up's
/// included.
pub(super) fn disagreements(pipeline: &PipelineRun) -> Vec<String> {
    let calls = pipeline.attempts.len() as u64;
    let cost_microusd: u64 = pipeline.attempts.iter().map(|a| a.cost_microusd).sum();
    let mut found = Vec::new();
    let mut differ = |what: &str, one: u64, source: &str, other: u64| {
        if one != other {
            let (one, other) = (thousands(one), thousands(other));
            found.push(format!("{what}: {one} by the attempts, {other} by the {source}"));
        }
    };
    let total = |of: fn(&Job) -> u64| pipeline.jobs.iter().map(of).sum::<u64>();
    let jobless = pipeline.attempts.iter().filter(|attempt| attempt.job == NO_JOB);
    let (jobless_calls, jobless_microusd) =
        jobless.fold((0, 0), |(calls, cost), attempt| (calls + 1, cost + attempt.cost_microusd));
    differ("calls", calls, "jobs", total(|j| j.calls) + jobless_calls);
    let of_jobs = total(|j| j.cost_microusd) + jobless_microusd;
    differ("cost in micro-dollars", cost_microusd, "jobs", of_jobs);
    if let Some(end) = &pipeline.end {
        differ("cost in micro-dollars", cost_microusd, "ledger", end.ledger_microusd);
        // A request without a response may or may not have reached the server.
        let answered = pipeline.attempts.iter().filter(|a| a.status.is_some()).count() as u64;
        let reached = end.ledger_requests.clamp(answered, calls);
        differ("calls", reached, "ledger", end.ledger_requests);
    } else {
        found.push("the pipeline has no end".to_owned());
    }
    found.extend(job_disagreements(pipeline));
    found
}

fn job_disagreements(pipeline: &PipelineRun) -> Vec<String> {
    let mut found = Vec::new();
    let numbers: BTreeSet<u64> = pipeline.jobs.iter().map(|job| job.job).collect();
    let recorded = numbers.len() as u64;
    let expected = pipeline.header.jobs;
    if recorded != expected {
        let (recorded, expected) = (thousands(recorded), counted(expected, "job"));
        found.push(format!("{recorded} of {expected} recorded"));
    }
    let twice = pipeline.jobs.len() - numbers.len();
    if twice > 0 {
        found.push(format!("{} recorded twice", counted(twice, "job")));
    }
    let odd = |job: &&Job| (job.outcome == Outcome::Failed) != job.cause.is_some();
    for job in pipeline.jobs.iter().filter(odd).take(1) {
        let without = if job.cause.is_none() { "without a cause" } else { "with a cause" };
        let outcome = match job.outcome {
            Outcome::Documented => "documented",
            Outcome::Failed => "failed",
            Outcome::Skipped => "skipped",
        };
        found.push(format!("job {} is {outcome} {without}", job.job));
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::fixture;
    use crate::judge::summary::Summary;
    use crate::run::Run;

    fn unreconciled(run: &Run, index: usize) -> Vec<String> {
        Summary::of(run).swap_remove(index).unreconciled
    }

    #[test]
    fn a_lost_attempt_does_not_reconcile() {
        let mut run = fixture::concurrent();
        run.pipelines[0].attempts.pop();
        let found = unreconciled(&run, 0);
        assert!(found.iter().any(|f| f == "calls: 9 by the attempts, 10 by the jobs"), "{found:?}");
        assert!(found.iter().any(|f| f == "calls: 9 by the attempts, 10 by the ledger"));
    }

    #[test]
    fn a_ledger_of_another_sum_does_not_reconcile() {
        let mut run = fixture::concurrent();
        run.pipelines[1].end.as_mut().unwrap().ledger_microusd += 1;
        let found = unreconciled(&run, 1);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("cost in micro-dollars: "), "{found:?}");
    }

    #[test]
    fn a_request_without_a_response_may_have_missed_the_server() {
        let mut run = fixture::concurrent();
        run.pipelines[0].attempts[0].status = None;
        for requests in [9, 10] {
            run.pipelines[0].end.as_mut().unwrap().ledger_requests = requests;
            assert_eq!(unreconciled(&run, 0), [""; 0]);
        }
        run.pipelines[0].end.as_mut().unwrap().ledger_requests = 8;
        assert_eq!(unreconciled(&run, 0).len(), 1);
    }

    #[test]
    fn a_missing_or_repeated_job_does_not_reconcile() {
        let mut run = fixture::concurrent();
        run.pipelines[0].jobs[0].job = 2;
        let found = unreconciled(&run, 0);
        assert_eq!(found, ["9 of 10 jobs recorded", "1 job recorded twice"]);
    }

    #[test]
    fn a_failure_without_a_cause_does_not_reconcile() {
        let mut run = fixture::concurrent();
        run.pipelines[0].jobs[2].cause = None;
        assert_eq!(unreconciled(&run, 0), ["job 3 is failed without a cause"]);
    }
}

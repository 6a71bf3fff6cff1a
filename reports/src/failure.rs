//! The jobs that failed, each with everything that a report says about it.
//!
//! Invariant: one failure for each failed job, in the order of pipelines and jobs. The request that
//! stands for a job is its last one that failed: what the pipeline saw before it gave up. What a
//! failure means is decided in [`crate::classify`].

use std::collections::{BTreeMap, BTreeSet};

use crate::cause::Cause;
use crate::injected::{Injected, injected};
use crate::record::{Attempt, Job, Outcome};
use crate::run::{PipelineRun, Run};
use crate::text::{shortened, thousands};
use crate::verdict::{Verdict, judge};

/// The longest quotation of a server's words in a line of evidence, in characters.
const QUOTED: usize = 160;

/// One job that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure<'a> {
    /// The job.
    pub job: &'a Job,
    /// Its last failed request; absent where none failed.
    pub last: Option<&'a Attempt>,
    /// The injected fault that hit that request, where the job failed for what it did. A fault
    /// that a retry got over is not what a later failure is about.
    pub fault: Option<Injected<'a>>,
    /// Whether the scenario expects this pipeline to fail so, and it does as expected.
    pub expected: bool,
}

impl<'a> Failure<'a> {
    /// The HTTP status of the last failed request; absent where no response came.
    pub fn status(&self) -> Option<u16> {
        self.last.and_then(|attempt| attempt.status)
    }

    /// The failure in words.
    pub fn words(&self) -> &'static str {
        self.job.cause.map_or("no cause recorded", Cause::words)
    }

    /// The cause's name in records.
    pub fn cause_name(&self) -> &'static str {
        self.job.cause.map_or("unknown", Cause::name)
    }

    /// What the server or the pipeline said, where anybody said anything.
    pub fn detail(&self) -> Option<&'a str> {
        self.job.detail.as_deref().or_else(|| self.last?.detail.as_deref())
    }

    /// What the classification rests on, in words; text from outside is not yet escaped.
    pub fn evidence(&self) -> String {
        let mut found = Vec::new();
        match (self.status(), self.last) {
            (Some(status), _) => found.push(format!("status {status}")),
            (None, Some(_)) => found.push("no response".to_owned()),
            (None, None) => found.push("no request failed".to_owned()),
        }
        if let Some(Injected { name, by_time }) = self.fault {
            let when = if by_time { " at that time" } else { "" };
            found.push(format!("fault `{name}` injected{when}"));
        } else if self.job.cause == Some(Cause::RateLimited) && self.status() == Some(429) {
            found.push("refused by the limits, no fault injected".to_owned());
        }
        if let Some(last) = self.last {
            let (attempt, part) = (thousands(last.attempt), thousands(last.chunk));
            found.push(format!("attempt {attempt} of part {part}"));
            let waited = last.retry_after_s.map(|s| format!("retry-after {} s", thousands(s)));
            found.extend(waited);
        }
        let calls = if self.job.calls == 1 { "call" } else { "calls" };
        found.push(format!("{} {calls}", thousands(self.job.calls)));
        found.extend(self.detail().map(|words| format!("said: {}", shortened(words, QUOTED))));
        found.join("; ")
    }
}

/// Every failed job of a run.
pub fn failures(run: &Run) -> Vec<Failure<'_>> {
    let expected = expected(run);
    let mut found = Vec::new();
    for pipeline in &run.pipelines {
        let bound = expected.get(pipeline.header.name.as_str()).copied();
        found.extend(of_pipeline(pipeline, bound));
    }
    found
}

/// What a scenario expects to break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Break {
    /// Some jobs, whatever their cause.
    Jobs,
    /// Some definitions: jobs whose documentation is not whole.
    Coverage,
}

/// The pipelines that are expected to break, and break as expected: a bound below all of them
/// that is kept. A bound that is missed, or cannot be judged, excuses nothing.
fn expected(run: &Run) -> BTreeMap<&str, Break> {
    let kept: BTreeSet<(String, String)> = judge(run)
        .checks
        .into_iter()
        .filter(|check| check.verdict == Verdict::Pass)
        .map(|check| (check.pipeline, check.metric))
        .collect();
    let mut breaks = BTreeMap::new();
    for (pipeline, expectation) in &run.header.expect {
        let kept = |metric: &str| kept.contains(&(pipeline.clone(), metric.to_owned()));
        let below = |max: Option<f64>| max.is_some_and(|max| max < 1.0);
        if let Some(bound) = &expectation.success_rate {
            if below(bound.max) && kept("success_rate") {
                breaks.insert(pipeline.as_str(), Break::Jobs);
            }
        } else if let Some(bound) = &expectation.coverage
            && below(bound.max)
            && kept("coverage")
        {
            breaks.insert(pipeline.as_str(), Break::Coverage);
        }
    }
    breaks
}

fn of_pipeline(pipeline: &PipelineRun, bound: Option<Break>) -> Vec<Failure<'_>> {
    let mut last = BTreeMap::new();
    let requests = pipeline.attempts.iter().zip(injected(pipeline));
    for (attempt, fault) in requests.filter(|(attempt, _)| attempt.cause.is_some()) {
        last.insert(attempt.job, (attempt, fault));
    }
    let failed = pipeline.jobs.iter().filter(|job| job.outcome == Outcome::Failed);
    let failed = failed.map(|job| {
        let (last, fault) = last.get(&job.job).map_or((None, None), |(a, f)| (Some(*a), *f));
        // A lost part is lost to whatever its own request failed of.
        let is_about = |cause| cause == job.cause || job.cause == Some(Cause::LostChunk);
        let fault = fault.filter(|_| last.is_some_and(|attempt| is_about(attempt.cause)));
        let expected = match bound {
            None => false,
            Some(_) if job.cause == Some(Cause::Interrupted) => false,
            Some(Break::Jobs) => true,
            Some(Break::Coverage) => job.cause.is_some_and(Cause::is_of_the_documentation),
        };
        Failure { job, last, fault, expected }
    });
    failed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expect::{Bound, Expectation};
    use crate::fixture;

    #[test]
    fn a_failed_job_has_the_status_and_the_fault_of_its_last_failed_request() {
        let run = fixture::concurrent();
        let failures = failures(&run);
        assert_eq!(failures.len(), 6);
        let phase1 = |f: &Failure<'_>| f.status() == Some(429) && f.job.pipeline == "phase1";
        assert!(failures.iter().all(phase1));
        assert!(failures.iter().all(|f| f.fault.is_some_and(|fault| fault.name == "burst_limit")));
    }

    #[test]
    fn the_evidence_is_what_the_records_hold() {
        let run = fixture::concurrent();
        let evidence = failures(&run)[0].evidence().replace("; ", "\n");
        insta::assert_snapshot!(evidence, @r"
        status 429
        fault `burst_limit` injected
        attempt 1 of part 1
        retry-after 8 s
        1 call
        said: This request would exceed your rate limit
        ");
    }

    #[test]
    fn very_long_words_are_shortened_in_the_evidence() {
        let mut run = fixture::concurrent();
        run.pipelines[0].jobs[2].detail = Some("é".repeat(5_000));
        let evidence = failures(&run)[0].evidence();
        assert!(evidence.ends_with(&format!("{}…", "é".repeat(QUOTED))), "{evidence}");
    }

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

//! Goal: an expectation passes only where the number was measured and is inside the bound.
//! Method: a fixture run in which phase1 documents 4 of 10 jobs, changed in one place at a time.

use super::*;
use crate::fixture;
use crate::judge::judge;
use crate::record::{Cause, Footer, Outcome};
use crate::run::Gap;

fn bound(min: Option<f64>, max: Option<f64>) -> Bound {
    Bound { min, max }
}

/// The one check of phase1 where exactly this is expected of it.
#[track_caller]
fn check_phase1(mut run: Run, expectation: Expectation) -> Check {
    run.header.expect.clear();
    run.header.expect.insert("phase1".to_owned(), expectation);
    let mut checks = checks(&run, &Summary::of(&run));
    checks.retain(|c| c.pipeline == "phase1");
    assert_eq!(checks.len(), 1);
    checks.remove(0)
}

fn success(min: Option<f64>, max: Option<f64>) -> Expectation {
    Expectation { success_rate: Some(bound(min, max)), ..Expectation::default() }
}

fn latency(max: f64) -> Expectation {
    Expectation { latency_p95_ms: Some(bound(None, Some(max))), ..Expectation::default() }
}

#[test]
fn fail_is_worse_than_inconclusive_and_inconclusive_than_pass() {
    use Verdict::{Fail, Inconclusive, Pass};
    assert_eq!(Verdict::worst([Pass, Fail, Inconclusive]), Fail);
    assert_eq!(Verdict::worst([Pass, Inconclusive, Pass]), Inconclusive);
    assert_eq!(Verdict::worst([]), Pass);
}

#[test]
fn a_measured_value_on_the_limit_passes_and_beyond_it_fails() {
    let run = fixture::concurrent;
    assert_eq!(check_phase1(run(), success(Some(0.4), Some(0.4))).verdict, Verdict::Pass);
    assert_eq!(check_phase1(run(), success(Some(0.400_001), None)).verdict, Verdict::Fail);
    assert_eq!(check_phase1(run(), success(None, Some(0.399_999))).verdict, Verdict::Fail);
}

#[test]
fn a_check_shows_the_measured_value_and_its_bound() {
    let check = check_phase1(fixture::concurrent(), success(Some(0.35), Some(0.45)));
    assert_eq!((check.measured.as_str(), check.bound.as_str()), ("0.40", "0.35 … 0.45"));
}

#[test]
fn every_metric_is_measured_in_its_own_unit() {
    let summary = &Summary::of(&fixture::concurrent())[0];
    let measured = |metric| measure(Clock::Simulated, summary, metric).unwrap();
    assert_eq!(measured("calls"), 10_000_000);
    assert_eq!(measured("cost_usd"), u128::from(summary.cost_microusd));
    assert_eq!(measured("cost_per_success_usd"), u128::from(summary.cost_microusd.div_ceil(4)));
    assert_eq!(measured("elapsed_s"), u128::from(summary.elapsed_us.unwrap()));
    let p95_us = summary.latency.quantile_us(Quantile::P95).unwrap();
    assert_eq!(measured("latency_p95_ms"), u128::from(p95_us) * 1000);
    for (metric, _) in Expectation::default().bounds() {
        measured(metric);
    }
}

#[test]
fn latency_without_a_documented_job_is_inconclusive() {
    let mut run = fixture::concurrent();
    for job in &mut run.pipelines[0].jobs {
        job.outcome = Outcome::Failed;
        job.cause = Some(Cause::RateLimited);
    }
    let check = check_phase1(run, latency(1.0));
    assert_eq!(check.verdict, Verdict::Inconclusive);
    assert_eq!(check.reason.as_deref(), Some("no samples: no job was documented"));
}

#[test]
fn a_quantile_of_real_time_needs_samples_and_one_of_simulated_time_does_not() {
    assert_eq!(check_phase1(fixture::concurrent(), latency(1e6)).verdict, Verdict::Pass);
    let mut run = fixture::concurrent();
    run.header.clock = Clock::Wall;
    let check = check_phase1(run, latency(1e6));
    assert_eq!(check.verdict, Verdict::Inconclusive);
    assert_eq!(check.reason.as_deref(), Some("n=4 < 59"));
}

#[test]
fn a_pipeline_that_was_not_run_is_inconclusive() {
    let mut run = fixture::concurrent();
    run.header.expect.insert("hardened".to_owned(), success(Some(1.0), None));
    let judged = judge(run);
    let check = judged.checks().last().unwrap();
    assert_eq!((check.pipeline.as_str(), check.verdict), ("hardened", Verdict::Inconclusive));
    assert_eq!(judged.verdict(), Verdict::Inconclusive);
}

#[test]
fn an_incomplete_run_is_inconclusive_even_where_the_bound_holds_or_nothing_is_expected() {
    for expectation in [success(Some(0.4), None), Expectation::default()] {
        let mut run = fixture::concurrent();
        run.gaps = vec![Gap::NoFooter];
        assert_eq!(check_phase1(run, expectation).verdict, Verdict::Inconclusive);
    }
}

#[test]
fn an_interrupted_run_says_so_before_it_speaks_of_missing_jobs() {
    let mut run = fixture::concurrent();
    run.pipelines[0].jobs.pop();
    run.footer = Some(Footer { interrupted: true, records: 0, aborted: None });
    let check = check_phase1(run, success(Some(0.4), None));
    assert_eq!(check.verdict, Verdict::Inconclusive);
    assert_eq!(check.reason.as_deref(), Some("the run was interrupted"));
}

#[test]
fn counts_that_do_not_reconcile_are_inconclusive() {
    let mut run = fixture::concurrent();
    run.pipelines[0].attempts.pop();
    let check = check_phase1(run, success(Some(0.4), None));
    assert_eq!(check.verdict, Verdict::Inconclusive);
    assert!(check.reason.unwrap().starts_with("the counts do not reconcile: calls: 9"));
}

#[test]
fn a_pipeline_of_which_nothing_is_expected_passes_and_says_so() {
    let check = check_phase1(fixture::concurrent(), Expectation::default());
    assert_eq!(check.verdict, Verdict::Pass);
    assert_eq!(check.reason.as_deref(), Some("nothing was expected"));
}

#[test]
fn a_pipeline_without_jobs_is_inconclusive_even_where_nothing_is_expected() {
    let mut run = fixture::concurrent();
    let pipeline = &mut run.pipelines[0];
    pipeline.header.jobs = 0;
    pipeline.jobs.clear();
    pipeline.attempts.clear();
    let end = pipeline.end.as_mut().unwrap();
    (end.ledger_microusd, end.ledger_requests) = (0, 0);
    let check = check_phase1(run, Expectation::default());
    assert_eq!(check.verdict, Verdict::Inconclusive);
    assert_eq!(check.reason.as_deref(), Some("the pipeline had no jobs"));
}

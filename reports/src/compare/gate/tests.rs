//! Goal: any number that moved fails, and whatever cannot be compared is inconclusive.
//! Method: a baseline of the fixture run, and the same run changed in one place at a time.

use super::*;
use crate::fixture;
use crate::record::Clock;
use crate::run::{Gap, Run};

fn baseline() -> Baseline {
    let mut baseline = Baseline::empty("0.1.0");
    baseline.accept(&fixture::judged(|_| ()), None).unwrap();
    baseline
}

/// The gate's one scenario for the fixture run after a change.
#[track_caller]
fn held(change: impl FnOnce(&mut Run)) -> GateScenario {
    let mut report = gate(&baseline(), &[fixture::judged(change)]);
    assert_eq!(report.scenarios.len(), 1);
    let scenario = report.scenarios.remove(0);
    assert_eq!(report.verdict, scenario.verdict);
    scenario
}

#[track_caller]
fn check_incomparable(change: impl FnOnce(&mut Run), reason: &str) {
    let scenario = held(change);
    assert_eq!(scenario.verdict, Verdict::Inconclusive);
    assert_eq!(scenario.reasons, [reason]);
    assert_eq!(scenario.rows, []);
}

fn row<'a>(scenario: &'a GateScenario, pipeline: &str, metric: &str) -> &'a GateRow {
    scenario.rows.iter().find(|r| r.pipeline == pipeline && r.metric == metric).unwrap()
}

#[test]
fn the_same_run_passes_in_every_number() {
    let scenario = held(|_| ());
    assert_eq!(scenario.verdict, Verdict::Pass);
    assert!(scenario.rows.len() > 38);
}

#[test]
fn one_micro_dollar_more_is_worse_and_fails() {
    let scenario = held(|run| {
        let pipeline = &mut run.pipelines[1];
        pipeline.attempts[15].cost_microusd += 1;
        pipeline.jobs[9].cost_microusd += 1;
        pipeline.end.as_mut().unwrap().ledger_microusd += 1;
    });
    assert_eq!(scenario.verdict, Verdict::Fail);
    let row = row(&scenario, "phase3", "cost_microusd");
    assert_eq!((row.change, row.reason.as_deref()), (Some(Change::Worse), Some(REMEDY)));
    let failed = scenario.rows.iter().filter(|r| r.verdict == Verdict::Fail);
    assert_eq!(failed.count(), 1);
}

#[test]
fn another_version_is_a_note_beside_a_difference_and_nothing_else() {
    let newer = |run: &mut Run| run.header.tool = "0.2.0".to_owned();
    let same = held(newer);
    assert_eq!((same.verdict, &same.notes[..]), (Verdict::Pass, &[][..]));
    let slower = |run: &mut Run| run.pipelines[1].end.as_mut().unwrap().elapsed_us += 1;
    let moved = held(|run| {
        newer(run);
        slower(run);
    });
    let note = "other versions: the baseline is by chaos 0.1.0, the run by chaos 0.2.0";
    assert_eq!((moved.verdict, &moved.notes[..]), (Verdict::Fail, &[note.to_owned()][..]));
    assert_eq!(held(slower).notes, [""; 0], "the same version");
    let mut other = baseline();
    let judged = fixture::judged(|run| {
        newer(run);
        slower(run);
    });
    other.accept(&judged, None).unwrap();
    let Difference(report) = diff(&baseline(), &other);
    let note = "other versions: the first is by chaos 0.1.0, the second by chaos 0.2.0";
    assert_eq!(report.scenarios[0].notes, [note]);
    other.entries[0].tool = None;
    let Difference(report) = diff(&baseline(), &other);
    assert_eq!(report.scenarios[0].notes, [""; 0], "then the file's own version is all there is");
}

#[test]
fn percentiles_that_moved_have_their_samples_in_a_note() {
    let moved = held(|run| {
        for job in &mut run.pipelines[1].jobs {
            job.end_us += 1_000_000;
        }
    });
    assert_eq!(moved.notes, ["phase3: percentiles of latency are of n = 10 and 10 files"]);
}

#[test]
fn an_improvement_fails_until_it_is_accepted() {
    let scenario = held(|run| run.pipelines[1].end.as_mut().unwrap().elapsed_us -= 1);
    assert_eq!(scenario.verdict, Verdict::Fail);
    let row = row(&scenario, "phase3", "elapsed_us");
    assert_eq!((row.change, row.reason.as_deref()), (Some(Change::Improved), Some(REMEDY)));
}

#[test]
fn a_failure_of_another_cause_fails_for_both_causes() {
    let scenario = held(|run| run.pipelines[0].jobs[2].cause = Some(crate::Cause::Overloaded));
    assert_eq!(row(&scenario, "phase1", "failed.rate_limited").change, Some(Change::Improved));
    assert_eq!(row(&scenario, "phase1", "failed.overloaded").change, Some(Change::Worse));
}

#[test]
fn another_scenario_seed_or_clock_is_incomparable() {
    check_incomparable(
        |run| run.header.scenario_sha256 = "d".repeat(64),
        "the scenario has changed since the baseline",
    );
    check_incomparable(|run| run.header.seed = 8, "other seeds: 7 and 8");
    check_incomparable(
        |run| run.header.clock = Clock::Wall,
        "the run followed real time, whose numbers are never exact: `chaos gate --base OLD --head \
         NEW` holds two pipelines against each other in real time",
    );
}

#[test]
fn an_incomplete_or_unreconciled_run_is_incomparable() {
    check_incomparable(|run| run.gaps = vec![Gap::Interrupted], "the run was interrupted");
    check_incomparable(
        |run| run.pipelines[1].end.as_mut().unwrap().ledger_requests += 1,
        "phase3: calls: 16 by the attempts, 17 by the ledger",
    );
}

#[test]
fn a_missing_or_new_pipeline_is_inconclusive() {
    let missing = held(|run| drop(run.pipelines.pop()));
    assert_eq!(missing.verdict, Verdict::Inconclusive);
    let reason = "the pipeline `phase3` is in the baseline and was not run";
    assert_eq!(missing.reasons, [reason]);
    let renamed = held(|run| run.pipelines[1].header.name = "hardened".to_owned());
    assert_eq!(renamed.verdict, Verdict::Inconclusive);
    assert_eq!(renamed.reasons.len(), 2);
}

#[test]
fn a_missing_metric_is_inconclusive_on_either_side() {
    let mut baseline = baseline();
    let numbers = baseline.entries[0].pipelines.get_mut("phase1").unwrap();
    numbers.metrics.remove("calls");
    numbers.metrics.insert("heat".to_owned(), 3);
    let report = gate(&baseline, &[fixture::judged(|_| ())]);
    assert_eq!(report.verdict, Verdict::Inconclusive);
    let scenario = &report.scenarios[0];
    let reason = |metric| row(scenario, "phase1", metric).reason.as_deref();
    assert_eq!(reason("calls"), Some("not in the baseline"));
    assert_eq!(reason("heat"), Some("not measured in the run"));
}

#[test]
fn a_baseline_without_a_later_number_is_whole_and_one_with_it_is_compared() {
    let mut baseline = baseline();
    let name = Metric::CostPerSuccess.name();
    let numbers = |baseline: &mut Baseline, change: &dyn Fn(&mut Numbers)| {
        baseline.entries[0].pipelines.values_mut().for_each(change);
    };
    numbers(&mut baseline, &|numbers| *numbers.metrics.get_mut(name).unwrap() += 1);
    let moved = gate(&baseline, &[fixture::judged(|_| ())]);
    assert_eq!(moved.verdict, Verdict::Fail);
    assert_eq!(row(&moved.scenarios[0], "phase1", name).change, Some(Change::Improved));
    numbers(&mut baseline, &|numbers| assert!(numbers.metrics.remove(name).is_some()));
    let older = gate(&baseline, &[fixture::judged(|_| ())]);
    assert_eq!(older.verdict, Verdict::Pass);
    assert!(older.scenarios[0].rows.iter().all(|row| row.metric != name));
}

#[test]
fn a_scenario_that_was_not_run_or_is_not_in_the_baseline_is_inconclusive() {
    let other = fixture::judged(|run| run.header.scenario = "cache".to_owned());
    let mut both = baseline();
    both.accept(&other, None).unwrap();
    let report = gate(&both, &[fixture::judged(|_| ())]);
    assert_eq!(report.verdict, Verdict::Inconclusive);
    let reason = "the scenario is in the baseline and was not run";
    assert_eq!(report.scenarios[0].reasons, [reason]);
    let report = gate(&baseline(), &[fixture::judged(|_| ()), other]);
    assert_eq!(report.verdict, Verdict::Inconclusive);
    let verdicts: Vec<_> = report.scenarios.iter().map(|s| (&*s.scenario, s.verdict)).collect();
    let expected = [("cache", Verdict::Inconclusive), ("concurrent", Verdict::Pass)];
    assert_eq!(verdicts, expected);
}

#[test]
fn an_empty_baseline_or_an_empty_gate_is_inconclusive() {
    let empty = Baseline::empty("0.1.0");
    assert_eq!(gate(&empty, &[]).verdict, Verdict::Inconclusive);
    assert_eq!(gate(&baseline(), &[]).verdict, Verdict::Inconclusive);
    assert_eq!(gate(&empty, &[fixture::judged(|_| ())]).verdict, Verdict::Inconclusive);
    let mut hollow = baseline();
    hollow.entries[0].pipelines.clear();
    assert_eq!(gate(&hollow, &[fixture::judged(|_| ())]).verdict, Verdict::Inconclusive);
}

#[test]
fn another_configuration_is_noted_and_does_not_hide_the_numbers() {
    let scenario = held(|run| run.pipelines[0].header.config_sha256 = "9".repeat(64));
    assert_eq!(scenario.notes, ["phase1: the configuration has changed"]);
    assert_eq!(scenario.verdict, Verdict::Pass);
    assert!(!scenario.rows.is_empty());
}

//! Two runs of one scenario, side by side.
//!
//! Invariant: whether they can be compared comes first. Runs of another scenario, seed or clock
//! did other work, and their difference says nothing; the reasons stand in place of a verdict.
//! A comparison describes and does not judge: that is what a baseline is for.

use std::collections::BTreeSet;

use super::metric::{Better, Change, Metric, Unit};
use crate::judge::{Judged, Summary, Verdict};
use crate::record::{Cause, Clock, Header};

/// Two runs, compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The scenario of the base.
    pub scenario: String,
    /// Why the runs cannot be compared; empty where they can.
    pub incomparable: Vec<String>,
    /// What to know about the numbers: another configuration, an incomplete run.
    pub notes: Vec<String>,
    /// Every pipeline of either run; empty where the runs cannot be compared.
    pub pipelines: Vec<PipelineComparison>,
}

/// One pipeline in two runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineComparison {
    /// The pipeline.
    pub pipeline: String,
    /// Every metric, then every cause of a failure, of those that either run has.
    pub numbers: Vec<ComparedNumber>,
}

/// One metric in two runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedNumber {
    /// The metric, or `failed.CAUSE`.
    pub metric: String,
    /// What it counts.
    pub unit: Unit,
    /// Its value in the base; absent where there was nothing to measure.
    pub base: Option<u64>,
    /// Its value in the head.
    pub head: Option<u64>,
    /// How it moved; absent where one side is.
    pub change: Option<Change>,
}

impl ComparedNumber {
    /// Head minus base.
    pub fn delta(&self) -> Option<i128> {
        Some(i128::from(self.head?) - i128::from(self.base?))
    }
}

impl Comparison {
    /// A pass, where the runs can be compared: it describes and does not judge.
    pub const fn verdict(&self) -> Verdict {
        if self.incomparable.is_empty() { Verdict::Pass } else { Verdict::Inconclusive }
    }
}

/// Compares two runs.
pub fn compare(base: &Judged, head: &Judged) -> Comparison {
    let incomparable = incomparable(&base.run().header, &head.run().header);
    let (notes, pipelines) =
        if incomparable.is_empty() { pipelines(base, head) } else { (Vec::new(), Vec::new()) };
    Comparison { scenario: base.run().header.scenario.clone(), incomparable, notes, pipelines }
}

fn incomparable(base: &Header, head: &Header) -> Vec<String> {
    let mut reasons = Vec::new();
    if base.scenario_sha256 != head.scenario_sha256 {
        reasons.push(if base.scenario == head.scenario {
            format!(
                "the scenario `{}` has changed between the runs: run both on the same file",
                base.scenario
            )
        } else {
            format!(
                "other scenarios: `{}` and `{}`: compare runs of one scenario",
                base.scenario, head.scenario
            )
        });
    }
    if base.seed != head.seed {
        let (seed, other) = (base.seed, head.seed);
        reasons.push(format!("other seeds: {seed} and {other}: run both with `--seed {seed}`"));
    }
    if base.clock != head.clock {
        let word = |clock| if clock == Clock::Simulated { "simulated" } else { "real" };
        let (base, head) = (word(base.clock), word(head.clock));
        reasons.push(format!(
            "other clocks: {base} time and {head} time: run both with the same `--clock`"
        ));
    }
    reasons
}

fn pipelines(base: &Judged, head: &Judged) -> (Vec<String>, Vec<PipelineComparison>) {
    let mut notes = Vec::new();
    for (name, judged) in [("base", base), ("head", head)] {
        notes.extend(judged.run().gaps.iter().map(|gap| format!("{name}: {gap}")));
    }
    let (bases, heads) = (base.summaries(), head.summaries());
    for (name, summaries) in [("base", bases), ("head", heads)] {
        for summary in summaries {
            let pipeline = &summary.pipeline;
            let found = summary.unreconciled.iter();
            notes.extend(found.map(|reason| format!("{name}: {pipeline}: {reason}")));
        }
    }
    let only_head = heads.iter().filter(|h| find(bases, &h.pipeline).is_none());
    let mut compared = Vec::new();
    for summary in bases.iter().chain(only_head) {
        let pipeline = &summary.pipeline;
        let (base, head) = (find(bases, pipeline), find(heads, pipeline));
        notes.extend(note(pipeline, base, head));
        let numbers = numbers(base, head);
        compared.push(PipelineComparison { pipeline: pipeline.clone(), numbers });
    }
    (notes, compared)
}

fn find<'a>(summaries: &'a [Summary], pipeline: &str) -> Option<&'a Summary> {
    summaries.iter().find(|s| s.pipeline == pipeline)
}

fn note(pipeline: &str, base: Option<&Summary>, head: Option<&Summary>) -> Option<String> {
    match (base, head) {
        (Some(base), Some(head)) if base.config_sha256 != head.config_sha256 => {
            Some(format!("{pipeline}: the configuration has changed"))
        }
        (Some(_), None) => Some(format!("{pipeline}: only in the base")),
        (None, Some(_)) => Some(format!("{pipeline}: only in the head")),
        _ => None,
    }
}

fn numbers(base: Option<&Summary>, head: Option<&Summary>) -> Vec<ComparedNumber> {
    let metrics = Metric::ALL.into_iter().map(|metric| {
        let of = |summary: Option<&Summary>| summary.and_then(|s| metric.of(s));
        number(metric.name().to_owned(), metric.unit(), metric.better(), of(base), of(head))
    });
    let sides = base.into_iter().chain(head);
    let causes: BTreeSet<Cause> = sides.flat_map(|s| s.failures.keys().copied()).collect();
    let failures = causes.into_iter().map(|cause| {
        let of = |s: &Summary| s.failures.get(&cause).copied().unwrap_or(0);
        let name = format!("failed.{}", cause.name());
        number(name, Unit::Count, Better::Less, base.map(of), head.map(of))
    });
    let measured = |number: &ComparedNumber| number.base.is_some() || number.head.is_some();
    metrics.chain(failures).filter(measured).collect()
}

fn number(
    metric: String,
    unit: Unit,
    better: Better,
    base: Option<u64>,
    head: Option<u64>,
) -> ComparedNumber {
    let change = base.zip(head).map(|(base, head)| better.change(base, head));
    ComparedNumber { metric, unit, base, head, change }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::run::Gap;

    #[test]
    fn a_run_compared_with_itself_has_not_moved() {
        let judged = fixture::judged(|_| ());
        let comparison = compare(&judged, &judged);
        assert_eq!((comparison.incomparable.len(), comparison.notes.len()), (0, 0));
        let rows = comparison.pipelines.iter().flat_map(|p| &p.numbers);
        assert!(rows.clone().all(|r| r.change == Some(Change::Same) && r.delta() == Some(0)));
        assert!(rows.clone().any(|r| r.metric == "failed.rate_limited"));
    }

    #[test]
    fn every_reason_against_comparing_is_given_and_nothing_is_compared() {
        let head = fixture::judged(|run| {
            run.header.scenario_sha256 = "d".repeat(64);
            run.header.seed = 8;
            run.header.clock = Clock::Wall;
        });
        let comparison = compare(&fixture::judged(|_| ()), &head);
        assert_eq!(
            comparison.incomparable,
            [
                "the scenario `concurrent` has changed between the runs: run both on the same file",
                "other seeds: 7 and 8: run both with `--seed 7`",
                "other clocks: simulated time and real time: run both with the same `--clock`",
            ]
        );
        assert_eq!(comparison.pipelines, []);
    }

    #[test]
    fn another_configuration_or_an_incomplete_run_is_noted() {
        let head = fixture::judged(|run| {
            run.gaps = vec![Gap::NoFooter];
            run.pipelines[0].header.config_sha256 = "9".repeat(64);
            run.pipelines.pop();
        });
        assert_eq!(
            compare(&fixture::judged(|_| ()), &head).notes,
            [
                "head: the run died before its end: it has no footer",
                "phase1: the configuration has changed",
                "phase3: only in the base",
            ]
        );
    }
}

//! Where an exact metric changed from one run to the next, and whether that was accepted.
//!
//! Invariants: only exact metrics have steps, because a figure of real time moves with every run;
//! nor does a flaky one, whose steps are chance. What the baseline that stands does not say is
//! unknown, and never reads as refused: it keeps one value, and forgets the earlier ones.

use schemars::JsonSchema;
use serde::Serialize;

use super::flaky::same_conditions;
use super::point::{Basis, Point};
use crate::compare::{Baseline, Better, Change};

/// One change of one metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The last run with the value before, by its place in the series.
    pub from: usize,
    /// The first run with the value after.
    pub to: usize,
    /// The value before.
    pub before: u64,
    /// The value after.
    pub after: u64,
    /// Which way that is.
    pub change: Change,
    /// What else changed between the two runs, in words.
    pub notes: Vec<&'static str>,
    /// Whether somebody has accepted the value after.
    pub acceptance: Acceptance,
}

/// Whether a value is the one that a baseline keeps to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Acceptance {
    /// No baseline was given.
    NotChecked,
    /// The baseline that stands has the value.
    Accepted {
        /// The day on which it was accepted, where the baseline says it.
        day: Option<String>,
        /// Why, where the baseline says it.
        reason: Option<String>,
    },
    /// The baseline that stands has another value than the latest one.
    NotAccepted {
        /// The value that it has.
        baseline: u64,
    },
    /// The baseline does not say.
    Unknown {
        /// Why not.
        why: String,
    },
}

/// The steps of one metric that is exact and not flaky.
pub(super) fn steps(points: &[Point], values: &[Option<u64>], better: Better) -> Vec<Step> {
    let present: Vec<(usize, u64)> =
        (0..).zip(values).filter_map(|(run, value)| Some((run, (*value)?))).collect();
    let moved = present.windows(2).filter(|pair| pair[0].1 != pair[1].1);
    let step = |pair: &[(usize, u64)]| {
        let ((from, before), (to, after)) = (pair[0], pair[1]);
        let change = better.change(before, after);
        let notes = notes(&points[from], &points[to]);
        Step { from, to, before, after, change, notes, acceptance: Acceptance::NotChecked }
    };
    moved.map(step).collect()
}

fn notes(from: &Point, to: &Point) -> Vec<&'static str> {
    let mut notes = Vec::new();
    if from.config_sha256 != to.config_sha256 {
        notes.push("the pipeline's configuration changed");
    }
    if from.tool != to.tool {
        notes.push("another version of chaos");
    }
    if notes.is_empty() && same_conditions(from, to).is_none() {
        notes.push("without a label on both runs it may be chance");
    }
    notes
}

/// Looks every step up in the baseline that stands.
pub(super) fn check(steps: &mut [Step], basis: &Basis, metric: &str, baseline: &Baseline) {
    let kept = value(basis, metric, baseline);
    let latest = steps.len().saturating_sub(1);
    for (place, step) in steps.iter_mut().enumerate() {
        step.acceptance = match &kept {
            Err(why) => Acceptance::Unknown { why: (*why).to_owned() },
            Ok((kept, day, reason)) if *kept == step.after => {
                Acceptance::Accepted { day: day.clone(), reason: reason.clone() }
            }
            Ok((kept, ..)) if place == latest => Acceptance::NotAccepted { baseline: *kept },
            Ok(_) => Acceptance::Unknown { why: "the baseline keeps a later value".to_owned() },
        };
    }
}

/// A value with the day and the reason of its acceptance.
type Accepted = (u64, Option<String>, Option<String>);

fn value(basis: &Basis, metric: &str, baseline: &Baseline) -> Result<Accepted, &'static str> {
    let mut of = baseline.entries.iter().filter(|entry| entry.scenario == basis.scenario);
    let entry = of.next().ok_or("the scenario is not in the baseline")?;
    if (&entry.scenario_sha256, entry.seed) != (&basis.scenario_sha256, basis.seed) {
        return Err("the baseline is of another definition or seed of the scenario");
    }
    let numbers = entry.pipelines.get(&basis.pipeline);
    let numbers = numbers.ok_or("the pipeline is not in the baseline")?;
    let kept = numbers.value(metric).ok_or("the metric is not in the baseline")?;
    Ok((kept, entry.accepted.clone(), entry.reason.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Baseline;
    use crate::fixture;
    use crate::history::tests::point;

    fn points(labels: &[&str]) -> Vec<Point> {
        labels.iter().map(|label| point("2026-11-01", Some(label))).collect()
    }

    #[test]
    fn a_step_stands_between_two_values_that_differ_over_gaps() {
        let points = points(&["a", "b", "c", "d"]);
        let found = steps(&points, &[Some(10), Some(10), None, Some(4)], Better::More);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].from, found[0].to), (1, 3));
        assert_eq!((found[0].before, found[0].after, found[0].change), (10, 4, Change::Worse));
        assert_eq!(found[0].notes, [""; 0]);
        assert_eq!(steps(&points, &[Some(4); 4], Better::More), []);
        assert_eq!(steps(&points, &[None; 4], Better::More), []);
    }

    #[test]
    fn what_else_changed_is_said_with_the_step() {
        let mut points = points(&["a", "b"]);
        points[1].config_sha256 = Some("other".to_owned());
        points[1].tool = "0.2.0".to_owned();
        let found = steps(&points, &[Some(1), Some(2)], Better::Less);
        let notes = ["the pipeline's configuration changed", "another version of chaos"];
        assert_eq!(found[0].notes, notes);
        let bare = [point("2026-11-01", None), point("2026-11-02", None)];
        let found = steps(&bare, &[Some(1), Some(2)], Better::Less);
        assert_eq!(found[0].notes, ["without a label on both runs it may be chance"]);
    }

    #[test]
    fn a_step_is_accepted_where_the_baseline_that_stands_has_its_value() {
        let mut baseline = Baseline::empty("0.1.0");
        baseline.accept(&fixture::judged(|_| ()), Some("fewer calls".to_owned())).unwrap();
        baseline.entries[0].accepted = Some("2026-11-30".to_owned());
        let basis = Basis {
            scenario: "concurrent".to_owned(),
            pipeline: "phase3".to_owned(),
            scenario_sha256: "c".repeat(64),
            seed: 7,
            clock: crate::record::Clock::Simulated,
            speed: None,
        };
        let checked = |values: &[u64], basis: &Basis| {
            let points = points(&["a", "b", "c"]);
            let values: Vec<Option<u64>> = values.iter().copied().map(Some).collect();
            let mut steps = steps(&points, &values, Better::Less);
            check(&mut steps, basis, "calls", &baseline);
            steps.into_iter().map(|step| step.acceptance).collect::<Vec<_>>()
        };
        // The baseline has 16 calls.
        let accepted = Acceptance::Accepted {
            day: Some("2026-11-30".to_owned()),
            reason: Some("fewer calls".to_owned()),
        };
        let later = "the baseline keeps a later value".to_owned();
        let later = Acceptance::Unknown { why: later };
        assert_eq!(checked(&[20, 18, 16], &basis), [later, accepted.clone()]);
        assert_eq!(
            checked(&[20, 16, 15], &basis),
            [accepted, Acceptance::NotAccepted { baseline: 16 }]
        );
        let other = Basis { seed: 8, ..basis.clone() };
        assert!(matches!(&checked(&[20, 20, 16], &other)[..], [Acceptance::Unknown { .. }]));
    }
}

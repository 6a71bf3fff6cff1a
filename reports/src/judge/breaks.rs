//! Which pipelines a scenario expects to break, and whether they break that way.
//!
//! Invariants: a break is expected where a run that loses nothing would not do: `max` below 1,
//! `failed > 0`, `success_rate == 40%`. What is missed, or cannot be judged, excuses nothing.

use std::collections::BTreeMap;

use super::check::Check;
use super::verdict::Verdict;
use crate::record::threshold::{Measure, Threshold};
use crate::record::{Bound, Expectation, Outcome};
use crate::run::{PipelineRun, Run};

/// What a scenario expects to break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Break {
    /// Some jobs, whatever their cause.
    Jobs,
    /// Some definitions: jobs whose documentation is not whole.
    Coverage,
}

/// A break that is expected and kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expected {
    /// What breaks.
    pub(super) what: Break,
    /// The checks that say so, by metric and bound.
    checks: Vec<(String, String)>,
}

impl Expected {
    /// Whether it is this check that expects it.
    pub(super) fn is_by(&self, check: &Check) -> bool {
        self.checks.iter().any(|(metric, bound)| *metric == check.metric && *bound == check.bound)
    }
}

/// One expectation about what is lost.
struct Demand {
    what: Break,
    metric: String,
    bound: String,
    /// Whether a run that loses nothing would do.
    allows_all: bool,
}

/// The pipelines that are expected to break, and break as expected.
pub(super) fn expected<'a>(run: &'a Run, checks: &[Check]) -> BTreeMap<&'a str, Expected> {
    let mut breaks = BTreeMap::new();
    for (name, expectation) in &run.header.expect {
        let pipeline = run.pipelines.iter().find(|of| of.header.name == *name);
        let demands = demands(expectation, pipeline.map_or(0, |of| tried(run, of)));
        let kept = |demand: &&Demand| {
            checks.iter().any(|check| {
                check.verdict == Verdict::Pass
                    && check.pipeline == *name
                    && check.metric == demand.metric
                    && check.bound == demand.bound
            })
        };
        for what in [Break::Jobs, Break::Coverage] {
            let of: Vec<&Demand> = demands.iter().filter(|demand| demand.what == what).collect();
            let asking = of.iter().filter(|demand| !demand.allows_all);
            let by: Vec<(String, String)> =
                asking.map(|demand| (demand.metric.clone(), demand.bound.clone())).collect();
            if !by.is_empty() && of.iter().all(kept) {
                breaks.insert(name.as_str(), Expected { what, checks: by });
                break;
            }
        }
    }
    breaks
}

/// Jobs that were meant to be documented.
fn tried(run: &Run, pipeline: &PipelineRun) -> u64 {
    let after_us = run.warm_up_us(pipeline);
    let meant = |job: &&_| {
        let job: &crate::record::Job = job;
        job.outcome != Outcome::Skipped && job.arrival_us >= after_us
    };
    pipeline.jobs.iter().filter(meant).count() as u64
}

/// Everything that is expected about what is lost, bounds first.
fn demands(expectation: &Expectation, tried: u64) -> Vec<Demand> {
    let bound = |what, metric: &str, bound: &Bound| Demand {
        what,
        metric: metric.to_owned(),
        bound: bound.to_string(),
        allows_all: bound.max.is_none_or(|max| max >= 1.0),
    };
    let rate = expectation.success_rate.as_ref().map(|b| bound(Break::Jobs, "success_rate", b));
    let coverage = expectation.coverage.as_ref().map(|b| bound(Break::Coverage, "coverage", b));
    let checks = expectation.checks.iter().filter_map(|threshold| of_threshold(threshold, tried));
    rate.into_iter().chain(coverage).chain(checks).collect()
}

/// Nothing where a threshold is about something else than what is lost.
fn of_threshold(threshold: &Threshold, tried: u64) -> Option<Demand> {
    // The value of a run that loses nothing.
    let (what, all) = match threshold.measure {
        Measure::SuccessRate => (Break::Jobs, 1_000_000),
        Measure::Documented => (Break::Jobs, u128::from(tried) * 1_000_000),
        Measure::Failed => (Break::Jobs, 0),
        Measure::Coverage => (Break::Coverage, 1_000_000),
        Measure::LostDefinitions | Measure::LostLines => (Break::Coverage, 0),
        _ => return None,
    };
    Some(Demand {
        what,
        metric: threshold.metric().to_owned(),
        bound: threshold.bound().to_owned(),
        allows_all: threshold.comparison.holds(all, threshold.value),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::judge::check::checks;
    use crate::judge::summary::Summary;

    /// What is expected to break of phase1, which documents four of ten, under these checks.
    fn expected_by(texts: &[&str]) -> Option<Break> {
        let mut run = fixture::concurrent();
        let parse = |text: &&str| text.parse().unwrap_or_else(|error| panic!("{error}"));
        let expectation =
            Expectation { checks: texts.iter().map(parse).collect(), ..Expectation::default() };
        run.header.expect.insert("phase1".to_owned(), expectation);
        let checks = checks(&run, &Summary::of(&run));
        expected(&run, &checks).get("phase1").map(|expected| expected.what)
    }

    #[test]
    fn a_check_that_a_run_without_losses_would_fail_expects_a_break() {
        for text in [
            "failed > 0",
            "failed == 6",
            "documented == 4",
            "success_rate <= 40%",
            "documented < 10",
        ] {
            assert_eq!(expected_by(&[text]), Some(Break::Jobs), "{text}");
        }
        assert_eq!(expected_by(&["lost_definitions >= 1"]), Some(Break::Coverage));
        assert_eq!(expected_by(&["success_rate >= 30%", "coverage < 50%"]), Some(Break::Coverage));
    }

    #[test]
    fn what_any_run_could_meet_and_what_was_missed_expect_none() {
        for texts in [
            &["success_rate >= 30%"][..],
            &["failed <= 6"],
            &["documented >= 4"],
            &["retries == 0", "calls == 10"],
            &["failed == 3"],
            &["failed > 0", "success_rate >= 50%"],
        ] {
            assert_eq!(expected_by(texts), None, "{texts:?}");
        }
    }
}

//! What a scenario expects of a run, checked against what the run did.
//!
//! Invariant: what could not be measured never reads as a pass.

use super::latency::Quantile;
use super::summary::Summary;
use super::threshold;
use super::verdict::Verdict;
use crate::record::measured::Generator;
use crate::record::{Bound, Cause, Clock, Expectation};
use crate::run::Run;
use crate::text::{counted, decimal, duration};

/// One expectation, checked against one measured number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The pipeline.
    pub pipeline: String,
    /// The metric as the scenario names it, or `records` for the run itself.
    pub metric: String,
    /// The bound in words, for example `0.35 … 0.45`; empty where nothing was expected.
    pub bound: String,
    /// The measured value, or `n/a`.
    pub measured: String,
    /// The outcome.
    pub verdict: Verdict,
    /// Why the check is inconclusive, or what else is to be known.
    pub reason: Option<String>,
}

/// Every check of a run, by pipeline in the order of the run.
pub(super) fn checks(run: &Run, summaries: &[Summary]) -> Vec<Check> {
    let mut checks: Vec<Check> = summaries.iter().flat_map(|s| of_pipeline(run, s)).collect();
    let ran = |name: &str| summaries.iter().any(|s| s.pipeline == name);
    for (pipeline, expectation) in run.header.expect.iter().filter(|(name, _)| !ran(name)) {
        for (metric, bound) in expected(expectation) {
            let reason = "the pipeline was not run".to_owned();
            checks.push(unmeasured(pipeline, metric, bound.to_string(), reason));
        }
        for threshold in &expectation.checks {
            let (metric, bound) = (threshold.metric(), threshold.bound().to_owned());
            checks.push(unmeasured(pipeline, metric, bound, "the pipeline was not run".to_owned()));
        }
    }
    checks
}

fn of_pipeline(run: &Run, summary: &Summary) -> Vec<Check> {
    let expectation = run.header.expect.get(&summary.pipeline);
    let doubt = doubt(run, summary);
    if expectation.is_none_or(Expectation::is_empty) {
        return vec![unexpected(summary, doubt)];
    }
    let clock = run.header.clock;
    let bounds = expectation.into_iter().flat_map(expected).map(|(metric, bound)| match &doubt {
        Some(reason) => unmeasured(&summary.pipeline, metric, bound.to_string(), reason.clone()),
        None => check(clock, summary, metric, bound),
    });
    let thresholds = expectation.into_iter().flat_map(|expectation| &expectation.checks);
    let thresholds = thresholds.map(|threshold| match run.aborted() {
        Some(aborted) if threshold::is_of(threshold, &summary.pipeline, aborted) => {
            threshold::broken(threshold, aborted)
        }
        _ => threshold::check(clock, summary, threshold, doubt.as_deref()),
    });
    bounds.chain(thresholds).collect()
}

fn expected(expectation: &Expectation) -> impl Iterator<Item = (&'static str, &Bound)> {
    expectation.bounds().into_iter().filter_map(|(metric, bound)| Some((metric, bound?)))
}

/// Why nothing about this pipeline can be believed; `None` where everything can.
fn doubt(run: &Run, summary: &Summary) -> Option<String> {
    if run.interrupted() && run.aborted().is_none() {
        return Some("the run was interrupted".to_owned());
    }
    if let Some(gap) = run.gaps.first() {
        return Some(gap.to_string());
    }
    if summary.calls == 0 && summary.failures.contains_key(&Cause::NoCall) {
        return Some("no call reached the mock, so nothing is proved".to_owned());
    }
    let first = summary.unreconciled.first()?;
    Some(format!("the counts do not reconcile: {first}"))
}

/// The one check of a pipeline of which nothing is expected: that it did anything at all.
fn unexpected(summary: &Summary, doubt: Option<String>) -> Check {
    let nothing = match (summary.jobs, summary.tried()) {
        (0, _) if summary.warm_up > 0 => Some("every job arrived in the warm-up".to_owned()),
        (0, _) => Some("the pipeline had no jobs".to_owned()),
        (_, 0) => Some("every job was skipped".to_owned()),
        _ => None,
    };
    let (verdict, reason) = match doubt.or(nothing) {
        Some(reason) => (Verdict::Inconclusive, reason),
        None => (Verdict::Pass, "nothing was expected".to_owned()),
    };
    Check {
        pipeline: summary.pipeline.clone(),
        metric: "records".to_owned(),
        bound: String::new(),
        measured: {
            let recorded = summary.tried() + summary.skipped;
            format!("{recorded} of {}", counted(summary.jobs, "job"))
        },
        verdict,
        reason: Some(reason),
    }
}

/// Why nothing is known about a pipeline under the load that was asked for, where its generator
/// lagged. What did fail failed all the same.
pub(super) fn lagging(pipeline: &str, generator: &Generator) -> Option<Check> {
    let reason = generator.lagged()?;
    Some(Check {
        pipeline: pipeline.to_owned(),
        metric: "schedule".to_owned(),
        bound: String::new(),
        measured: format!("lag p99 {}", duration(generator.lag_p99_us)),
        verdict: Verdict::Inconclusive,
        reason: Some(format!("the generator lagged: {reason}")),
    })
}

/// Why nothing is known about a run that the machine had not enough for.
pub(super) fn ran_out(what: &str, count: u64) -> Check {
    Check {
        pipeline: "this machine".to_owned(),
        metric: what.to_owned(),
        bound: String::new(),
        measured: format!("ran out {}", counted(count, "time")),
        verdict: Verdict::Inconclusive,
        reason: Some("what was lost to that says nothing about a pipeline".to_owned()),
    }
}

fn unmeasured(pipeline: &str, metric: &str, bound: String, reason: String) -> Check {
    Check {
        pipeline: pipeline.to_owned(),
        metric: metric.to_owned(),
        bound,
        measured: "n/a".to_owned(),
        verdict: Verdict::Inconclusive,
        reason: Some(reason),
    }
}

fn check(clock: Clock, summary: &Summary, metric: &'static str, bound: &Bound) -> Check {
    let measured = match measure(clock, summary, metric) {
        Ok(measured) => measured,
        Err(reason) => {
            return unmeasured(&summary.pipeline, metric, bound.to_string(), reason);
        }
    };
    Check {
        pipeline: summary.pipeline.clone(),
        metric: metric.to_owned(),
        bound: bound.to_string(),
        measured: decimal(measured, places(metric)),
        verdict: if bound.holds(measured) { Verdict::Pass } else { Verdict::Fail },
        reason: (metric == "latency_p95_ms")
            .then(|| threshold::samples(clock, Quantile::P95, &summary.latency)),
    }
}

/// A metric of [`Expectation::bounds`] in millionths of its unit, or why there is none.
fn measure(clock: Clock, summary: &Summary, metric: &str) -> Result<u128, String> {
    let nothing = |what: &str| format!("no samples: {what}");
    let value = match metric {
        "success_rate" => summary.success_ppm().ok_or_else(|| nothing("no job was tried"))?,
        "coverage" => summary.coverage_ppm().ok_or_else(|| nothing("no definitions"))?,
        "cost_usd" => summary.cost_microusd,
        "cost_per_success_usd" => {
            summary.cost_per_success_microusd().ok_or_else(|| nothing("no job was documented"))?
        }
        "elapsed_s" => summary.elapsed_us.ok_or_else(|| nothing("the pipeline has no end"))?,
        "calls" => return Ok(u128::from(summary.calls) * 1_000_000),
        "latency_p95_ms" => {
            let quantile = Quantile::P95;
            let latency = &summary.latency;
            let p95_us = latency.quantile_us(quantile);
            let p95_us = p95_us.ok_or_else(|| nothing("no job was documented"))?;
            if clock == Clock::Wall && !latency.enough_for(quantile) {
                return Err(format!("n={} < {}", latency.count(), quantile.floor()));
            }
            return Ok(u128::from(p95_us) * 1_000);
        }
        _ => unreachable!("`bounds` names a metric that `measure` does not know: {metric}"),
    };
    Ok(u128::from(value))
}

/// The decimal places that a metric is shown with at least.
fn places(metric: &str) -> usize {
    match metric {
        "calls" | "latency_p95_ms" => 0,
        "elapsed_s" => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests;

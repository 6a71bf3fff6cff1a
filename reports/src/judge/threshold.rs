//! A threshold, held against what was measured.
//!
//! Invariant: what was not measured is inconclusive, and the measured value stands beside what was
//! expected, in the same unit.

use super::check::Check;
use super::latency::{Latency, Quantile};
use super::summary::Summary;
use super::verdict::Verdict;
use crate::record::threshold::{Dimension, Distribution, Measure, Point, Threshold};
use crate::record::{Aborted, Clock};
use crate::text::{decimal, duration, thousands, usd_exact};

/// One threshold of a pipeline; `doubt` is why nothing of it can be believed, where that is so.
pub(super) fn check(
    clock: Clock,
    summary: &Summary,
    threshold: &Threshold,
    doubt: Option<&str>,
) -> Check {
    let found = match doubt {
        Some(reason) => Err(reason.to_owned()),
        None => measure(clock, summary, threshold.measure),
    };
    let verdict = match found {
        Ok(value) if threshold.comparison.holds(value, threshold.value) => Verdict::Pass,
        Ok(_) => Verdict::Fail,
        Err(_) => Verdict::Inconclusive,
    };
    Check {
        pipeline: summary.pipeline.clone(),
        metric: threshold.metric().to_owned(),
        bound: threshold.bound().to_owned(),
        measured: found
            .as_ref()
            .map_or_else(|_| "n/a".to_owned(), |value| shown(*value, threshold.measure)),
        verdict,
        reason: found.err().or_else(|| match threshold.measure {
            Measure::Quantile(of, point) => {
                Some(samples(clock, point_of(point), latency_of(summary, of).0))
            }
            _ => None,
        }),
    }
}

/// On how many samples a quantile rests, and that it is nothing but the greatest of too few.
pub(super) fn samples(clock: Clock, quantile: Quantile, latency: &Latency) -> String {
    let n = thousands(latency.count());
    let max = if quantile.is_carried_by(latency.count(), clock) { "" } else { "max, " };
    format!("{max}n={n}")
}

/// Whether it is the one for which a run was stopped.
pub(super) fn is_of(threshold: &Threshold, pipeline: &str, aborted: &Aborted) -> bool {
    *aborted.pipeline == *pipeline && threshold.to_string() == aborted.check
}

/// The threshold for which a run was stopped. What jobs made of being stopped is not counted.
pub(super) fn broken(threshold: &Threshold, aborted: &Aborted) -> Check {
    Check {
        pipeline: aborted.pipeline.to_string(),
        metric: threshold.metric().to_owned(),
        bound: threshold.bound().to_owned(),
        measured: shown(u128::from(aborted.measured), threshold.measure),
        verdict: Verdict::Fail,
        reason: Some("the run was stopped when it could not be met any more".to_owned()),
    }
}

/// A metric in millionths of its unit, or why there is none.
fn measure(clock: Clock, summary: &Summary, measure: Measure) -> Result<u128, String> {
    let nothing = |what: &str| format!("no samples: {what}");
    let count = |count: u64| Ok(u128::from(count) * 1_000_000);
    let value = match measure {
        Measure::SuccessRate => summary.success_ppm().ok_or_else(|| nothing("no job was tried"))?,
        Measure::Coverage => summary.coverage_ppm().ok_or_else(|| nothing("no definitions"))?,
        Measure::Amplification => {
            summary.amplification_ppm().ok_or_else(|| nothing("no request was sent"))?
        }
        Measure::Cost => summary.cost_microusd,
        Measure::CostPerSuccess => {
            summary.cost_per_success_microusd().ok_or_else(|| nothing("no job was documented"))?
        }
        Measure::WastedCost => summary.wasted_microusd,
        Measure::ZombieCost => summary.zombie_microusd,
        Measure::Elapsed => summary.elapsed_us.ok_or_else(|| nothing("the pipeline has no end"))?,
        Measure::Quantile(of, point) => quantile(clock, summary, of, point)?,
        // Of nothing that was tried, no count says anything.
        _ if summary.tried() == 0 => return Err(nothing("no job was tried")),
        Measure::Documented => return count(summary.documented),
        Measure::Failed => return count(summary.failed),
        Measure::LostDefinitions => {
            return count(summary.definitions.saturating_sub(summary.documented_definitions));
        }
        Measure::LostLines => match summary.lost_lines {
            Some(lines) => return count(lines),
            None => {
                return Err("what a program of yours sends is not read line by line: \
                                `lost_definitions`, or a check of its output"
                    .to_owned());
            }
        },
        Measure::Calls => return count(summary.calls),
        Measure::Retries => return count(summary.retries),
        Measure::TokensIn => return count(summary.tokens_in),
        Measure::TokensOut => return count(summary.tokens_out),
        Measure::CacheHits => return count(summary.cache_hits),
    };
    Ok(u128::from(value))
}

fn quantile(
    clock: Clock,
    summary: &Summary,
    of: Distribution,
    point: Point,
) -> Result<u64, String> {
    let ((latency, what), quantile) = (latency_of(summary, of), point_of(point));
    let value = latency.quantile_us(quantile).ok_or_else(|| format!("no samples: {what}"))?;
    if clock == Clock::Wall && !latency.enough_for(quantile) {
        return Err(format!("n={} < {}", latency.count(), quantile.floor()));
    }
    Ok(value)
}

/// A distribution, and why it may be empty.
const fn latency_of(summary: &Summary, of: Distribution) -> (&Latency, &'static str) {
    match of {
        Distribution::Latency => (&summary.latency, "no job was documented"),
        Distribution::FirstToken => (&summary.first_token, "no first token was seen"),
        Distribution::BetweenTokens => (&summary.between_tokens, "no answer was streamed"),
    }
}

const fn point_of(point: Point) -> Quantile {
    match point {
        Point::P50 => Quantile::P50,
        Point::P95 => Quantile::P95,
        Point::P99 => Quantile::P99,
        Point::Max => Quantile::Max,
    }
}

/// A measured value in the unit in which it was expected.
fn shown(value: u128, measure: Measure) -> String {
    let small = u64::try_from(value).unwrap_or(u64::MAX);
    match measure.dimension() {
        Dimension::Share => format!("{}%", decimal(value * 100, 1)),
        Dimension::Money => format!("${}", usd_exact(small)),
        Dimension::Time => duration(small),
        Dimension::Number => decimal(value, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::judge::judge;
    use crate::run::Run;

    /// What one threshold makes of the fixture run: verdict, measured value, reason.
    fn held(run: Run, pipeline: &str, text: &str) -> Check {
        let mut run = run;
        let expect = run.header.expect.entry(pipeline.to_owned()).or_default();
        expect.checks = vec![text.parse().unwrap_or_else(|error| panic!("{error}"))];
        let judged = judge(run);
        let mut checks = judged.checks().iter().filter(|check| check.pipeline == pipeline);
        checks.next_back().expect("a check").clone()
    }

    fn check(pipeline: &str, text: &str, verdict: Verdict, measured: &str) {
        let check = held(fixture::concurrent(), pipeline, text);
        assert_eq!((check.verdict, check.measured.as_str()), (verdict, measured), "{text}");
        assert_eq!(format!("{} {}", check.metric, check.bound), text);
    }

    #[test]
    fn a_threshold_is_held_against_what_was_measured_in_its_own_unit() {
        check("phase1", "success_rate >= 95%", Verdict::Fail, "40.0%");
        check("phase1", "success_rate >= 40%", Verdict::Pass, "40.0%");
        check("phase3", "cost < $0.50", Verdict::Pass, "$0.192225");
        check("phase3", "cost == $0.192225", Verdict::Pass, "$0.192225");
        check("phase3", "cost < $0.192225", Verdict::Fail, "$0.192225");
        check("phase3", "max(latency) < 31s", Verdict::Fail, "31.2 s");
        check("phase3", "amplification < 1.5", Verdict::Fail, "1.6");
        check("phase3", "failed == 0", Verdict::Pass, "0");
        check("phase1", "lost_definitions == 0", Verdict::Fail, "30");
    }

    #[test]
    fn what_was_not_measured_is_inconclusive_whatever_was_expected() {
        let check = held(fixture::concurrent(), "phase1", "ttft_p95 < 2s");
        assert_eq!(check.verdict, Verdict::Inconclusive);
        assert_eq!(check.reason.as_deref(), Some("no samples: no first token was seen"));
        let mut run = fixture::concurrent();
        run.pipelines[0].attempts.pop();
        let check = held(run, "phase1", "calls < 1_000");
        assert_eq!((check.verdict, check.measured.as_str()), (Verdict::Inconclusive, "n/a"));
        let mut empty = fixture::concurrent();
        empty.pipelines[0].jobs.clear();
        empty.pipelines[0].attempts.clear();
        let check = held(empty, "phase1", "failed == 0");
        assert_eq!(check.verdict, Verdict::Inconclusive, "{check:?}");
    }
}

//! The `[expect.PIPELINE]` section of a scenario: bounds on what a pipeline is measured to do.
//!
//! The numbers are written as people write them (0.4, 1.25) and compared as integers in
//! millionths, so that a bound never fails by a rounding error.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::Problem;

use super::threshold::Threshold;
use crate::text::decimal;

/// What a scenario expects of one pipeline. An absent metric is not judged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// Share of the jobs that are documented, from 0 to 1. Skipped jobs do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success_rate: Option<Bound>,
    /// Cost of the whole run in dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<Bound>,
    /// Cost of the whole run in dollars for each documented job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_per_success_usd: Option<Bound>,
    /// Requests sent to the API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<Bound>,
    /// 95th percentile of job latency in milliseconds, over documented jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_p95_ms: Option<Bound>,
    /// From the first arrival to the end of the last job, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elapsed_s: Option<Bound>,
    /// Share of the definitions in the source that are documented, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Bound>,
    /// Comparisons with any metric: `"p95(latency) < 30s"`, `"cost_per_success < $0.06"`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Threshold>,
}

/// Limits of one metric, both inclusive; at least one is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// The least value that passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub min: Option<f64>,
    /// The greatest value that passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub max: Option<f64>,
}

impl Expectation {
    /// Every metric in reading order, with its bound where there is one.
    pub fn bounds(&self) -> [(&'static str, Option<&Bound>); 7] {
        [
            ("success_rate", self.success_rate.as_ref()),
            ("coverage", self.coverage.as_ref()),
            ("latency_p95_ms", self.latency_p95_ms.as_ref()),
            ("cost_usd", self.cost_usd.as_ref()),
            ("cost_per_success_usd", self.cost_per_success_usd.as_ref()),
            ("calls", self.calls.as_ref()),
            ("elapsed_s", self.elapsed_s.as_ref()),
        ]
    }

    /// Whether nothing at all is expected.
    pub fn is_empty(&self) -> bool {
        self.checks.is_empty() && self.bounds().iter().all(|(_, bound)| bound.is_none())
    }

    /// Everything that is wrong, all at once; empty where the expectation makes sense.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (name, bound) in self.bounds() {
            let Some(bound) = bound else { continue };
            let is_share = matches!(name, "success_rate" | "coverage");
            let too_large = [("min", bound.min), ("max", bound.max)]
                .into_iter()
                .filter(|(_, value)| is_share && value.is_some_and(|v| v.is_finite() && v > 1.0))
                .map(|(key, _)| Problem::new(key, "is above 1, and a share never is"));
            for found in bound.problems().into_iter().chain(too_large) {
                problems.push(found.inside(name));
            }
        }
        problems
    }
}

impl Bound {
    /// Everything that is wrong with the bound whatever it is about.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.min.is_none() && self.max.is_none() {
            problems.push(Problem::new("", "has neither `min` nor `max`, so anything would pass"));
        }
        for (key, value) in [("min", self.min), ("max", self.max)] {
            match value {
                Some(v) if !v.is_finite() => {
                    problems.push(Problem::new(key, "is not a finite number"));
                }
                Some(v) if v < 0.0 => {
                    problems.push(Problem::new(key, "is below 0, and no metric ever is"));
                }
                Some(v) if millionths(v).is_none() => {
                    problems.push(Problem::new(key, "is too large to be compared"));
                }
                _ => {}
            }
        }
        if let (Some(min), Some(max)) = (self.min, self.max)
            && min > max
        {
            problems.push(Problem::new("", "has a `min` above its `max`, so nothing would pass"));
        }
        problems
    }

    /// Whether a measured number of millionths is inside the bound.
    ///
    /// A limit that is no number holds nothing: such a bound never reads as a pass.
    pub fn holds(&self, measured: u128) -> bool {
        let above = self.min.is_none_or(|min| millionths(min).is_some_and(|m| m <= measured));
        let below = self.max.is_none_or(|max| millionths(max).is_some_and(|m| measured <= m));
        above && below && (self.min.is_some() || self.max.is_some())
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = |v: f64| millionths(v).map_or_else(|| v.to_string(), |m| decimal(m, 0));
        match (self.min, self.max) {
            (Some(min), Some(max)) => write!(f, "{} … {}", limit(min), limit(max)),
            (Some(min), None) => write!(f, "≥ {}", limit(min)),
            (None, Some(max)) => write!(f, "≤ {}", limit(max)),
            (None, None) => write!(f, "no limit"),
        }
    }
}

/// A limit in millionths, rounded to the nearest; `None` where it is negative or no number.
///
/// The decimal text is the way there because it is exact: no float arithmetic takes part.
pub fn millionths(value: f64) -> Option<u128> {
    if value < 0.0 {
        return None;
    }
    // The absolute value turns -0 into 0 and nothing else.
    let text = format!("{:.6}", value.abs());
    let (whole, fraction) = text.split_once('.')?;
    format!("{whole}{fraction}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(min: Option<f64>, max: Option<f64>) -> Bound {
        Bound { min, max }
    }

    fn keys(problems: &[Problem]) -> Vec<&str> {
        problems.iter().map(|p| p.key.as_str()).collect()
    }

    #[test]
    fn limits_are_inclusive_and_exact_to_a_millionth() {
        let b = bound(Some(0.1), Some(0.3));
        assert!(b.holds(100_000) && b.holds(300_000));
        assert!(!b.holds(99_999) && !b.holds(300_001));
    }

    #[test]
    fn millionths_are_decimal_and_not_binary() {
        assert_eq!(millionths(0.1), Some(100_000));
        assert_eq!(millionths(1.25), Some(1_250_000));
        assert_eq!(millionths(0.000_001), Some(1));
        assert_eq!(millionths(-0.0), Some(0));
        assert_eq!(millionths(-1.0), None);
        assert_eq!(millionths(-0.5), None);
        assert_eq!(millionths(f64::NAN), None);
        assert_eq!(millionths(f64::INFINITY), None);
    }

    #[test]
    fn a_bound_without_limits_holds_nothing() {
        assert!(!bound(None, None).holds(5));
        assert!(!bound(Some(f64::NAN), None).holds(5));
    }

    #[test]
    fn every_problem_is_reported_at_once_with_its_key() {
        let expectation = Expectation {
            success_rate: Some(bound(Some(0.9), Some(1.5))),
            cost_usd: Some(bound(Some(2.0), Some(1.0))),
            calls: Some(bound(None, None)),
            elapsed_s: Some(bound(None, Some(f64::INFINITY))),
            coverage: Some(bound(Some(-0.5), None)),
            latency_p95_ms: Some(bound(None, Some(4000.0))),
            cost_per_success_usd: None,
            checks: Vec::new(),
        };
        assert_eq!(
            keys(&expectation.problems()),
            ["success_rate.max", "coverage.min", "cost_usd", "calls", "elapsed_s.max"],
        );
    }

    #[test]
    fn a_sensible_expectation_has_no_problems() {
        let expectation =
            Expectation { success_rate: Some(bound(Some(1.0), None)), ..Expectation::default() };
        assert_eq!(expectation.problems(), []);
        assert!(!expectation.is_empty());
        assert!(Expectation::default().is_empty());
    }
}

//! How far a number of a gate may get worse before it fails: nothing, unless the user says so.
//!
//! Invariant: a tolerance excuses one direction, the worse one. A number that has no better
//! direction may move as far both ways; one that got better passes, and is still shown.

use std::str::FromStr;

use super::metric::{Better, Metric, Unit};
use crate::record::threshold::{Dimension, value_of};

/// One tolerance: `latency_p95_us 5%`, `phase3: cost_microusd $0.01`, `latency_* 5% 20ms`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tolerance {
    pipeline: Option<String>,
    /// The metric, or the beginning of several with a star behind it.
    metric: String,
    /// Of the value in the baseline, in parts per million.
    relative_ppm: u128,
    /// The same in the metric's own unit.
    absolute: u128,
}

impl Tolerance {
    /// Whether it is about this number.
    pub(super) fn is_for(&self, pipeline: &str, metric: &str) -> bool {
        self.pipeline.as_deref().is_none_or(|of| of == pipeline) && is_named(&self.metric, metric)
    }

    /// Whether it names this metric alone, and not among others.
    pub(super) fn names(&self, metric: &str) -> bool {
        self.metric == metric
    }

    /// How far a number of that size may get worse, in its own unit.
    pub(super) fn allowed(&self, base: u64) -> u128 {
        (u128::from(base) * self.relative_ppm / 1_000_000).max(self.absolute)
    }

    /// Whether a number that moved is excused.
    pub(super) fn excuses(&self, better: Better, base: u64, head: u64) -> bool {
        let allowed = self.allowed(base);
        let (base, head) = (u128::from(base), u128::from(head));
        let (worse, moved) = match better {
            Better::Less => (head > base, head.saturating_sub(base)),
            Better::More => (head < base, base.saturating_sub(head)),
            Better::Neither => (true, head.abs_diff(base)),
        };
        !worse || moved <= allowed
    }
}

/// Whether a metric is the one that is named, or begins as a name with a star behind it.
pub(crate) fn is_named(pattern: &str, metric: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => metric.starts_with(beginning),
        None => metric == pattern,
    }
}

impl FromStr for Tolerance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (pipeline, rest) = match text.rsplit_once(':') {
            Some((pipeline, rest)) => (Some(pipeline.trim().to_owned()), rest),
            None => (None, text),
        };
        let mut words = rest.split_whitespace();
        let metric = words.next().ok_or("names no metric")?.to_owned();
        let unit = unit_of(&metric).ok_or_else(|| unknown(&metric))?;
        let (mut relative_ppm, mut absolute, mut given) = (0, 0, 0);
        for value in words {
            given += 1;
            let read = if value.ends_with('%') {
                value_of(value, Dimension::Share).map(|ppm| relative_ppm = ppm)
            } else {
                in_unit(value, unit).map(|amount| absolute = amount)
            };
            read.ok_or_else(|| wrong(value, unit))?;
        }
        if given == 0 {
            return Err(format!("says not how much: `{metric} 5%`, or an amount"));
        }
        Ok(Self { pipeline, metric, relative_ppm, absolute })
    }
}

/// The unit of the metrics that a name or a pattern is for, where all have one.
fn unit_of(pattern: &str) -> Option<Unit> {
    let named = Metric::ALL.into_iter().filter(|metric| is_named(pattern, metric.name()));
    let mut units = named.map(Metric::unit);
    match units.next() {
        Some(unit) => units.all(|other| other == unit).then_some(unit),
        None => pattern.starts_with("failed.").then_some(Unit::Count),
    }
}

/// An amount in the metric's own unit: a thing, a micro-dollar or a microsecond.
fn in_unit(text: &str, unit: Unit) -> Option<u128> {
    match unit {
        Unit::Count => value_of(text, Dimension::Number).map(|millionths| millionths / 1_000_000),
        Unit::Microusd => value_of(text, Dimension::Money),
        Unit::Microseconds => value_of(text, Dimension::Time),
    }
}

fn unknown(metric: &str) -> String {
    let names: Vec<&str> = Metric::ALL.iter().map(|metric| metric.name()).collect();
    format!(
        "`{metric}` is no metric of a gate: one of {}, failed.CAUSE, or `latency_*`",
        names.join(", ")
    )
}

fn wrong(value: &str, unit: Unit) -> String {
    let form = match unit {
        Unit::Count => "`5%` or a number: `2`",
        Unit::Microusd => "`5%` or an amount of money: `$0.01`",
        Unit::Microseconds => "`5%` or a time with its unit: `200ms`",
    };
    format!("`{value}` is not {form}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Tolerance {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_tolerance_excuses_what_got_worse_by_no_more_than_it_says() {
        let latency = read("latency_p95_us 5% 20ms");
        let check = |base, head| latency.excuses(Better::Less, base, head);
        assert!(check(1_000_000, 1_050_000) && !check(1_000_000, 1_050_001));
        assert!(check(100_000, 120_000) && !check(100_000, 120_001), "the greater one counts");
        assert!(check(1_000_000, 1), "better is no fault");
        let documented = read("documented 1");
        assert!(
            documented.excuses(Better::More, 10, 9) && !documented.excuses(Better::More, 10, 8)
        );
        assert!(!read("jobs 1").excuses(Better::Neither, 10, 12));
    }

    #[test]
    fn a_tolerance_is_for_the_numbers_that_it_names() {
        let latencies = read("phase3: latency_* 5%");
        assert!(latencies.is_for("phase3", "latency_p95_us"));
        assert!(!latencies.is_for("phase1", "latency_p95_us"));
        assert!(!latencies.is_for("phase3", "elapsed_us"));
        assert!(read("failed.rate_limited 2").is_for("any", "failed.rate_limited"));
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_what_can() {
        let refused = |text: &str, words: &str| {
            let error = text.parse::<Tolerance>().unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        };
        refused("", "names no metric");
        refused("latncy 5%", "`latncy` is no metric of a gate: one of jobs");
        refused("calls", "says not how much");
        refused("calls much", "`much` is not `5%` or a number");
        refused("cost_microusd 3s", "an amount of money");
        refused("* 5", "is no metric");
    }
}

//! Metrics that differ between runs which should not differ: nothing that is on record changed.
//!
//! Invariant: runs without a label are accused of nothing, because the code under test may have
//! changed between them. A time that was measured on a machine always differs, and is no finding.

use std::collections::BTreeMap;

use super::point::Point;
use crate::compare::Unit;

/// One metric over runs of one label, one version of `chaos` and one pipeline definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaky {
    /// The label of the runs.
    pub label: String,
    /// How many runs there are.
    pub runs: u64,
    /// Their values, each once, in ascending order.
    pub values: Vec<u64>,
}

/// Every label under which a metric has several values, in the order of the runs.
pub(super) fn flaky(
    points: &[Point],
    values: &[Option<u64>],
    unit: Unit,
    exact: bool,
) -> Vec<Flaky> {
    if !exact && unit == Unit::Microseconds {
        return Vec::new();
    }
    let mut order = Vec::new();
    let mut groups: BTreeMap<Conditions<'_>, Vec<u64>> = BTreeMap::new();
    for (point, value) in points.iter().zip(values) {
        let (Some(conditions), Some(value)) = (Conditions::of(point), value) else { continue };
        let group = groups.entry(conditions).or_default();
        if group.is_empty() {
            order.push(conditions);
        }
        group.push(*value);
    }
    let found = order.into_iter().filter_map(|conditions| {
        let mut values = groups.remove(&conditions)?;
        let runs = values.len() as u64;
        values.sort_unstable();
        values.dedup();
        (values.len() > 1).then(|| Flaky { label: conditions.label.to_owned(), runs, values })
    });
    found.collect()
}

/// Whether two runs should give the same figures; `None` where that cannot be known.
pub(super) fn same_conditions(one: &Point, other: &Point) -> Option<bool> {
    Some(Conditions::of(one)? == Conditions::of(other)?)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Conditions<'a> {
    label: &'a str,
    tool: &'a str,
    config_sha256: Option<&'a str>,
}

impl<'a> Conditions<'a> {
    fn of(point: &'a Point) -> Option<Self> {
        let label = point.mark.label.as_deref()?;
        let config_sha256 = point.config_sha256.as_deref();
        Some(Self { label, tool: &point.tool, config_sha256 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::tests::point;

    fn found(labels: &[Option<&str>], values: &[u64], unit: Unit, exact: bool) -> Vec<Flaky> {
        let points: Vec<Point> = labels.iter().map(|label| point("2026-11-01", *label)).collect();
        let values: Vec<Option<u64>> = values.iter().copied().map(Some).collect();
        flaky(&points, &values, unit, exact)
    }

    #[test]
    fn other_values_under_one_label_are_flaky_and_under_two_they_are_not() {
        let (a, b) = (Some("a"), Some("b"));
        let flaky = Flaky { label: "a".to_owned(), runs: 3, values: vec![9, 10] };
        assert_eq!(found(&[a, b, a, a], &[10, 7, 9, 10], Unit::Count, true), [flaky]);
        assert_eq!(found(&[a, b, b], &[10, 7, 7], Unit::Count, true), []);
    }

    #[test]
    fn runs_without_a_label_are_accused_of_nothing() {
        assert_eq!(found(&[None, None], &[10, 9], Unit::Count, true), []);
    }

    #[test]
    fn a_time_of_a_machine_is_never_flaky_and_a_simulated_one_is() {
        let a = Some("a");
        assert_eq!(found(&[a, a], &[10, 9], Unit::Microseconds, false), []);
        assert_eq!(found(&[a, a], &[10, 9], Unit::Microseconds, true).len(), 1);
        assert_eq!(found(&[a, a], &[10, 9], Unit::Count, false).len(), 1);
    }

    #[test]
    fn another_pipeline_definition_or_version_explains_a_difference() {
        let mut points = [point("2026-11-01", Some("a")), point("2026-11-02", Some("a"))];
        points[1].config_sha256 = Some("other".to_owned());
        assert_eq!(flaky(&points, &[Some(1), Some(2)], Unit::Count, true), []);
        assert_eq!(same_conditions(&points[0], &points[1]), Some(false));
        points[1] = point("2026-11-02", Some("a"));
        points[1].tool = "0.2.0".to_owned();
        assert_eq!(flaky(&points, &[Some(1), Some(2)], Unit::Count, true), []);
    }
}

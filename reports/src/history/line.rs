//! One metric over comparable runs: its values, its steps, and where it is flaky.

use super::flaky::{Flaky, flaky};
use super::point::{Basis, Point};
use super::step::{self, Step, steps};
use crate::compare::{Baseline, Better, Metric, Unit};

/// One metric over the runs of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The metric, or `failed.CAUSE`.
    pub metric: String,
    /// What it counts.
    pub unit: Unit,
    /// Its value in each run; absent where there was nothing to measure.
    pub values: Vec<Option<u64>>,
    /// How many samples are behind each value; absent of what is no percentile.
    pub samples: Vec<Option<u64>>,
    /// Where it changed; empty where that cannot be told from chance.
    pub steps: Vec<Step>,
    /// Where runs differ that should not.
    pub flaky: Vec<Flaky>,
}

impl Line {
    /// The line of a metric, its steps looked up where a baseline is given.
    pub(super) fn of(
        metric: String,
        basis: &Basis,
        points: &[Point],
        baseline: Option<&Baseline>,
    ) -> Self {
        let known = Metric::ALL.into_iter().find(|of| of.name() == metric);
        let (unit, better) =
            known.map_or((Unit::Count, Better::Less), |of| (of.unit(), of.better()));
        let kept = || points.iter().map(|point| &point.kept);
        let values: Vec<Option<u64>> = kept().map(|of| of.numbers.value(&metric)).collect();
        let samples = kept().map(|of| of.samples.get(&metric).copied()).collect();
        let exact = basis.is_exact();
        let flaky = flaky(points, &values, unit, exact);
        let mut steps =
            if exact && flaky.is_empty() { steps(points, &values, better) } else { Vec::new() };
        if let Some(baseline) = baseline {
            step::check(&mut steps, basis, &metric, baseline);
        }
        Self { metric, unit, values, samples, steps, flaky }
    }

    /// The values that there are.
    pub fn present(&self) -> impl DoubleEndedIterator<Item = u64> + '_ {
        self.values.iter().flatten().copied()
    }

    /// Whether two runs differ.
    pub fn moved(&self) -> bool {
        self.present().min() != self.present().max()
    }
}

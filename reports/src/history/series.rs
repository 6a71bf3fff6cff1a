//! The runs that can be compared, in order, and a line for each of their metrics.
//!
//! Invariant: one series holds runs of one scenario definition, seed and clock, so that a line
//! never joins a simulated time and a measured one, and a step in it is never that of a scenario.

use std::collections::BTreeSet;

use super::entry::{KeptRun, Mark};
use super::filter::Filter;
use super::line::Line;
use super::point::{Basis, Point};
use crate::compare::{Baseline, Metric, is_named};

/// One pipeline over comparable runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// What they have in common.
    pub basis: Basis,
    /// The first run of them, whether or not it is among [`Self::points`].
    pub began: Mark,
    /// Why the runs before that cannot be compared with it; empty where there are none.
    pub parted_by: Vec<String>,
    /// The runs that are looked at, in order.
    pub points: Vec<Point>,
    /// Every metric that any of them has.
    pub lines: Vec<Line>,
}

/// Every series of some runs, by scenario and pipeline, each in the order of its first run.
pub(super) fn series(runs: &[(&Mark, &KeptRun)], filter: &Filter) -> Vec<Series> {
    let mut found: Vec<Series> = Vec::new();
    // Of each pipeline of each scenario, the basis of its latest run so far.
    let mut latest: Vec<Basis> = Vec::new();
    for (mark, run) in runs {
        for kept in run.pipelines.iter().filter(|kept| filter.takes(&run.scenario, &kept.name)) {
            let basis = Basis::of(run, &kept.name);
            let point = Point::of(mark, run, kept);
            let names = (&basis.scenario, &basis.pipeline);
            let before = latest.iter_mut().find(|of| (&of.scenario, &of.pipeline) == names);
            match found.iter_mut().find(|series| series.basis == basis) {
                Some(series) => series.points.push(point),
                None => found.push(Series {
                    parted_by: before.as_ref().map_or_else(Vec::new, |of| basis.parted_from(of)),
                    basis: basis.clone(),
                    began: (*mark).clone(),
                    points: vec![point],
                    lines: Vec::new(),
                }),
            }
            match before {
                Some(before) => *before = basis,
                None => latest.push(basis),
            }
        }
    }
    // Stable: those of one pipeline keep the order in which they began.
    found.sort_by(|a, b| {
        let names = |of: &Series| (of.basis.scenario.clone(), of.basis.pipeline.clone());
        names(a).cmp(&names(b))
    });
    found
}

impl Series {
    /// Makes the lines, over the latest runs alone where that was asked for.
    pub(super) fn draw(&mut self, filter: &Filter, baseline: Option<&Baseline>) {
        if let Some(last) = filter.last {
            let gone = self.points.len().saturating_sub(last);
            self.points.drain(..gone);
        }
        let mut names: Vec<String> = Metric::ALL.map(|metric| metric.name().to_owned()).to_vec();
        let causes = self.points.iter().flat_map(|point| point.kept.numbers.failures.keys());
        let causes: BTreeSet<String> = causes.map(|cause| format!("failed.{cause}")).collect();
        names.extend(causes);
        let wanted = |name: &String| {
            filter.metrics.is_empty() || filter.metrics.iter().any(|of| is_named(of, name))
        };
        let line = |name| Line::of(name, &self.basis, &self.points, baseline);
        let lines = names.into_iter().filter(wanted).map(line);
        self.lines = lines.filter(|line| line.present().next().is_some()).collect();
    }
}

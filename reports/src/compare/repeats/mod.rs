//! Two pipelines held against each other in real time: several runs of each, in turns.
//!
//! Invariants: a number fails only where it got worse by more than its tolerance and where that is
//! more than chance, pair by pair; beside each that holds stands how large a difference would have
//! been seen. What was the same in all runs of either side is exact. A percentile needs its floor
//! of samples. What is better passes: nobody committed the old value.

mod statistic;

use schemars::JsonSchema;
use serde::Serialize;

use self::statistic::{LEVEL, Share, chance_of_greater, changes, detectable, surely_lower_by};
use super::baseline::flaws;
use super::gate::{GateReport, GateRow, GateScenario};
use super::metric::{Better, Change, Metric, Unit};
use super::tolerance::Tolerance;
use crate::judge::{Judged, Quantile, Summary, Verdict};

/// Fewer runs of each side cannot show a difference that is more than chance.
pub const LEAST: u32 = 7;

/// What the runs of both sides say of one number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Repeats {
    /// Its value in each run of the base, in the order of the runs.
    pub base: Vec<u64>,
    /// Its value in each run of the head.
    pub head: Vec<u64>,
    /// The change in the middle of those from a run of the base to the run of the head next to it,
    /// as a share of the base, in parts per million.
    pub change_ppm: i64,
    /// The chance that so great a difference for the worse is an accident, in parts per million.
    pub chance_ppm: u64,
    /// How much worse it may be, as a share of the base, in parts per million.
    pub tolerance_ppm: u64,
    /// The least difference that would have been seen with a chance of four in five, as a share of
    /// the base, in parts per million; absent where the base is nothing.
    pub seen_from_ppm: Option<u64>,
}

/// Holds the runs of one pipeline against those of another, under one scenario.
pub fn against(base: &[Judged], head: &[Judged], tolerances: &[Tolerance]) -> GateReport {
    let name = base.iter().chain(head).map(|judged| judged.run().header.scenario.clone()).next();
    let scenario = match name {
        Some(name) => held(name, base, head, tolerances),
        None => GateScenario::incomparable("nothing", vec!["nothing was run".to_owned()]),
    };
    GateReport { verdict: scenario.verdict, reasons: Vec::new(), scenarios: vec![scenario] }
}

fn held(name: String, base: &[Judged], head: &[Judged], tolerances: &[Tolerance]) -> GateScenario {
    let reasons = doubts(base, head);
    if !reasons.is_empty() {
        return GateScenario::incomparable(&name, reasons);
    }
    let sides = Sides {
        base: base.iter().map(|judged| &judged.summaries()[0]).collect(),
        head: head.iter().map(|judged| &judged.summaries()[0]).collect(),
        tolerances,
    };
    let runs = format!(
        "base is {}, head is {}: {} and {} runs in turns, in real time",
        sides.base[0].pipeline,
        sides.head[0].pipeline,
        base.len(),
        head.len()
    );
    let columns = "change: of a run against the one next to it, in the middle; chance: that it is \
                   worse by accident; seen from: the least change that would have been seen; \
                   documented files and definitions are sums over the runs, the rest is of one run";
    let (mut notes, mut rows) = (vec![runs, columns.to_owned()], Vec::new());
    for metric in Metric::ALL.into_iter().filter(|metric| is_gated(*metric)) {
        match sides.row(metric) {
            Row::Held(row) => rows.push(row),
            Row::LeftOut(reason) => notes.push(reason),
            Row::Nothing => {}
        }
    }
    let verdict = Verdict::worst(rows.iter().map(|row| row.verdict));
    GateScenario { scenario: name, verdict, reasons: Vec::new(), notes, rows }
}

/// The greatest of all has no distribution to speak of, and what failed is what was not
/// documented.
const fn is_gated(metric: Metric) -> bool {
    !matches!(metric, Metric::LatencyMax | Metric::Failed)
}

/// Everything for which nothing can be said of the two sides.
fn doubts(base: &[Judged], head: &[Judged]) -> Vec<String> {
    let mut doubts = Vec::new();
    for (side, runs) in [("base", base), ("head", head)] {
        if runs.len() < LEAST as usize {
            doubts.push(format!("{side}: {} runs, and {LEAST} are needed", runs.len()));
        }
        for (number, judged) in (1..).zip(runs) {
            let inconclusive =
                judged.checks().iter().filter(|check| check.verdict == Verdict::Inconclusive);
            let mut found: Vec<String> =
                inconclusive.filter_map(|check| check.reason.clone()).collect();
            if found.is_empty() {
                found = flaws(judged);
            }
            doubts.extend(found.into_iter().map(|doubt| format!("{side}, run {number}: {doubt}")));
        }
    }
    if base.len() != head.len() {
        doubts.push(format!("{} runs of the base and {} of the head", base.len(), head.len()));
    }
    let all = || base.iter().chain(head).map(Judged::run);
    let first = all().next().map(|run| (&run.header.scenario_sha256, run.header.seed));
    if all().any(|run| Some((&run.header.scenario_sha256, run.header.seed)) != first) {
        doubts.push("the runs are of other scenarios or other seeds".to_owned());
    }
    doubts
}

struct Sides<'a> {
    base: Vec<&'a Summary>,
    head: Vec<&'a Summary>,
    tolerances: &'a [Tolerance],
}

enum Row {
    Held(GateRow),
    /// Too little to say anything, and nobody asked.
    LeftOut(String),
    /// There was nothing to measure on either side.
    Nothing,
}

impl Sides<'_> {
    fn row(&self, metric: Metric) -> Row {
        let values = |side: &[&Summary]| -> Vec<Option<u64>> {
            side.iter().map(|summary| metric.of(summary)).collect()
        };
        let (base, head) = (values(&self.base), values(&self.head));
        if base.iter().chain(&head).all(Option::is_none) {
            return Row::Nothing;
        }
        let all = |values: Vec<Option<u64>>| values.into_iter().collect::<Option<Vec<u64>>>();
        let (Some(base), Some(head)) = (all(base), all(head)) else {
            return Row::Held(self.open(metric, "not measured in every run".to_owned()));
        };
        if let Some(reason) = self.below_floor(metric) {
            return if self.asked(metric) {
                Row::Held(self.open(metric, reason))
            } else {
                Row::LeftOut(format!("{} is left out: {reason}", metric.name()))
            };
        }
        let delivers = base.iter().any(|value| *value > 0);
        Row::Held(match metric {
            _ if metric.better() == Better::Neither => self.same(metric, &base, &head),
            Metric::Documented if !delivers => {
                self.open(metric, "the base delivers nothing".to_owned())
            }
            Metric::Documented => self.share(metric, base, head, Summary::tried),
            Metric::DocumentedDefinitions if delivers => {
                self.share(metric, base, head, |summary| summary.definitions)
            }
            _ => self.sampled(metric, base, head),
        })
    }

    /// A row of which nothing is known.
    fn open(&self, metric: Metric, reason: String) -> GateRow {
        GateRow {
            pipeline: self.head[0].pipeline.clone(),
            metric: metric.name().to_owned(),
            unit: metric.unit(),
            base: None,
            head: None,
            change: None,
            verdict: Verdict::Inconclusive,
            reason: Some(reason),
            repeats: None,
        }
    }

    /// What says how much work there was: it has to be the same in every run.
    fn same(&self, metric: Metric, base: &[u64], head: &[u64]) -> GateRow {
        let row = self.open(metric, "other work was done".to_owned());
        let row = GateRow { base: Some(median(base)), head: Some(median(head)), ..row };
        if base.iter().chain(head).all(|value| *value == base[0]) {
            let (change, reason) = (Some(Change::Same), None);
            return GateRow { change, verdict: Verdict::Pass, reason, ..row };
        }
        GateRow { change: Some(Change::Changed), ..row }
    }

    /// A number that scatters.
    fn sampled(&self, metric: Metric, base: Vec<u64>, head: Vec<u64>) -> GateRow {
        let exact = [&base, &head].iter().all(|side| side.iter().all(|value| *value == side[0]));
        let (before, after) = (median(&base), median(&head));
        let allowed = if exact { 0 } else { self.allowed(metric, before) };
        let tolerance = share(allowed, before);
        let changes = changes(&base, &head);
        let (worse, accident) = worse(metric, &changes);
        let is_worse = worse > tolerance && (exact || accident < LEVEL);
        let seen = if exact { Some(0.0) } else { detectable(&changes, tolerance) };
        let repeats = Repeats {
            change_ppm: signed_ppm(statistic::median(&changes)),
            chance_ppm: ppm(accident),
            tolerance_ppm: ppm(tolerance),
            seen_from_ppm: seen.map(ppm),
            base,
            head,
        };
        self.judged(metric, (before, after), is_worse, repeats)
    }

    /// A share of all: its interval and its scatter from run to run have to agree.
    fn share(
        &self,
        metric: Metric,
        base: Vec<u64>,
        head: Vec<u64>,
        of: impl Fn(&Summary) -> u64,
    ) -> GateRow {
        let sum = |part: &[u64], side: &[&Summary]| Share {
            part: part.iter().sum(),
            of: side.iter().map(|summary| of(summary)).sum(),
        };
        let (before, after) = (sum(&base, &self.base), sum(&head, &self.head));
        let tolerance = share(self.asked_amount(metric, before.part).unwrap_or(0), before.part);
        let changes = changes(&base, &head);
        let (_, accident) = worse(metric, &changes);
        let is_worse = surely_lower_by(before, after) > tolerance && accident < LEVEL;
        let repeats = Repeats {
            change_ppm: signed_ppm(statistic::changes(&[before.part], &[after.part])[0]),
            chance_ppm: ppm(accident),
            tolerance_ppm: ppm(tolerance),
            seen_from_ppm: Some(ppm(tolerance + statistic::detectable_share(before, after))),
            base,
            head,
        };
        self.judged(metric, (before.part, after.part), is_worse, repeats)
    }

    fn judged(
        &self,
        metric: Metric,
        (base, head): (u64, u64),
        is_worse: bool,
        repeats: Repeats,
    ) -> GateRow {
        GateRow {
            base: Some(base),
            head: Some(head),
            change: Some(metric.better().change(base, head)),
            verdict: if is_worse { Verdict::Fail } else { Verdict::Pass },
            reason: None,
            repeats: Some(repeats),
            ..self.open(metric, String::new())
        }
    }

    /// Why a percentile of so few samples says nothing.
    fn below_floor(&self, metric: Metric) -> Option<String> {
        let (quantile, of) = metric.quantile()?;
        let count = |side: &[&Summary]| side.iter().map(|summary| of(summary).count()).sum::<u64>();
        let (count, floor) = (count(&self.base).min(count(&self.head)), Quantile::floor(quantile));
        (count < floor).then(|| format!("n = {count}, and {floor} are needed: more --repeats"))
    }

    /// Whether somebody wants to know about this very metric.
    fn asked(&self, metric: Metric) -> bool {
        self.of(metric).any(|tolerance| tolerance.names(metric.name()))
    }

    fn of(&self, metric: Metric) -> impl Iterator<Item = &Tolerance> {
        let pipeline = self.head[0].pipeline.as_str();
        self.tolerances.iter().filter(move |of| of.is_for(pipeline, metric.name()))
    }

    /// How much worse a number may be: what was asked for, or one part in twenty, and of a time at
    /// least a millisecond.
    fn allowed(&self, metric: Metric, base: u64) -> u128 {
        let least = if metric.unit() == Unit::Microseconds { 1_000 } else { 0 };
        self.asked_amount(metric, base).unwrap_or_else(|| (u128::from(base) / 20).max(least))
    }

    fn asked_amount(&self, metric: Metric, base: u64) -> Option<u128> {
        self.of(metric).map(|tolerance| tolerance.allowed(base)).max()
    }
}

/// By how much a number got worse in the middle, and the chance that this is an accident.
fn worse(metric: Metric, changes: &[f64]) -> (f64, f64) {
    match metric.better() {
        Better::More => {
            let falls: Vec<f64> = changes.iter().map(|change| -change).collect();
            (statistic::median(&falls), chance_of_greater(&falls))
        }
        Better::Less | Better::Neither => (statistic::median(changes), chance_of_greater(changes)),
    }
}

/// The middle one, or the mean of the two in the middle rounded down.
fn median(values: &[u64]) -> u64 {
    let mut values = values.to_vec();
    values.sort_unstable();
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { values[middle - 1].midpoint(values[middle]) }
}

#[expect(clippy::cast_precision_loss, reason = "a share of it is shown with two digits")]
fn share(part: u128, of: u64) -> f64 {
    if of == 0 { 0.0 } else { part as f64 / of as f64 }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share")]
fn ppm(share: f64) -> u64 {
    (share * 1e6).round() as u64
}

#[expect(clippy::cast_possible_truncation, reason = "a share")]
fn signed_ppm(share: f64) -> i64 {
    (share * 1e6).round() as i64
}

#[cfg(test)]
mod tests;

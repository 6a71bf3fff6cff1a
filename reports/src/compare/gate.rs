//! Runs checked against a baseline: a change that moves a number is seen before it is merged.
//!
//! Invariants: every number is exact, so the tolerance is zero and an improvement fails as well
//! until it is accepted, because a number that moved without anyone meaning it is a finding. A
//! comparison that cannot be made is inconclusive and never reads as a pass.

use std::collections::{BTreeMap, BTreeSet};

use super::baseline::{Baseline, Entry, Numbers, doubts};
use super::metric::{Better, Change, Metric, Unit};
use super::repeats::Repeats;
use super::tolerance::Tolerance;
use crate::judge::{Check, Judged, Verdict};
use crate::record::Header;

/// What to do about a number that was meant to move.
pub const REMEDY: &str = "if this is intended: chaos baseline accept";

/// The same where it is said once, with what the command needs.
pub const ACCEPT: &str =
    "if this is intended: chaos baseline accept --baseline FILE RUN (--keep DIR keeps the runs)";

/// The metric of a check that is about the baseline as a whole.
const BASELINE: &str = "baseline";

/// Runs, checked against a baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateReport {
    /// The worst of everything below.
    pub verdict: Verdict,
    /// Why the gate as a whole is inconclusive, where it is.
    pub reasons: Vec<String>,
    /// Every scenario of the baseline and of the runs.
    pub scenarios: Vec<GateScenario>,
}

/// One scenario of a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateScenario {
    /// The scenario's name.
    pub scenario: String,
    /// The worst of the reasons and the rows.
    pub verdict: Verdict,
    /// Why the scenario cannot be compared; empty where it can.
    pub reasons: Vec<String>,
    /// What to know about the numbers.
    pub notes: Vec<String>,
    /// Every number of every pipeline; empty where the scenario cannot be compared.
    pub rows: Vec<GateRow>,
}

/// One number of a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateRow {
    /// The pipeline.
    pub pipeline: String,
    /// The metric, or `failed.CAUSE`.
    pub metric: String,
    /// What it counts.
    pub unit: Unit,
    /// Its value in the baseline.
    pub base: Option<u64>,
    /// Its value in the run.
    pub head: Option<u64>,
    /// How it moved; absent where one side is.
    pub change: Option<Change>,
    /// Pass where it did not move at all.
    pub verdict: Verdict,
    /// Why it is not a pass.
    pub reason: Option<String>,
    /// What the runs of either side say, where there are several.
    pub repeats: Option<Repeats>,
}

/// Two baselines, held against each other. Nothing in it is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference(pub GateReport);

/// What a baseline says that another one does not.
pub fn diff(base: &Baseline, head: &Baseline) -> Difference {
    let mut scenarios = Vec::new();
    let find = |of: &Baseline, name: &str| of.entries.iter().find(|e| e.scenario == name).cloned();
    for entry in &base.entries {
        scenarios.push(match find(head, &entry.scenario) {
            Some(other) => {
                let tools = [base.tool_of(entry), head.tool_of(&other)];
                compared(entry, &other, &[]).by_tools(tools, ["the first", "the second"])
            }
            None => only(&entry.scenario, "only in the first"),
        });
    }
    for entry in &head.entries {
        if find(base, &entry.scenario).is_none() {
            scenarios.push(only(&entry.scenario, "only in the second"));
        }
    }
    scenarios.sort_by(|a, b| a.scenario.cmp(&b.scenario));
    let verdict = Verdict::worst(scenarios.iter().map(|scenario| scenario.verdict));
    Difference(GateReport { verdict, reasons: Vec::new(), scenarios })
}

fn only(scenario: &str, reason: &str) -> GateScenario {
    GateScenario::incomparable(scenario, vec![reason.to_owned()])
}

/// Checks runs against a baseline, and bears no difference.
pub fn gate(baseline: &Baseline, runs: &[Judged]) -> GateReport {
    gate_within(baseline, runs, &BTreeMap::new(), &[])
}

/// Checks runs against a baseline; what got worse within a tolerance is a pass. `refused` are the
/// scenarios that were not run, because they could not have been compared, and why.
pub fn gate_within(
    baseline: &Baseline,
    runs: &[Judged],
    refused: &BTreeMap<String, Vec<String>>,
    tolerances: &[Tolerance],
) -> GateReport {
    let mut reasons = Vec::new();
    if baseline.entries.is_empty() {
        reasons.push("the baseline is empty: accept a run with chaos baseline accept".to_owned());
    }
    let mut scenarios: Vec<GateScenario> =
        runs.iter().map(|judged| check(baseline, judged, tolerances)).collect();
    for entry in &baseline.entries {
        if !runs.iter().any(|judged| judged.run().header.scenario == entry.scenario) {
            let reasons = refused.get(&entry.scenario).cloned().unwrap_or_else(|| {
                vec!["the scenario is in the baseline and was not run".to_owned()]
            });
            scenarios.push(GateScenario::incomparable(&entry.scenario, reasons));
        }
    }
    scenarios.sort_by(|a, b| a.scenario.cmp(&b.scenario));
    if scenarios.is_empty() && reasons.is_empty() {
        reasons.push("nothing was run".to_owned());
    }
    let own = reasons.iter().map(|_| Verdict::Inconclusive);
    let verdict = Verdict::worst(own.chain(scenarios.iter().map(|s| s.verdict)));
    GateReport { verdict, reasons, scenarios }
}

impl GateScenario {
    /// What the baseline says of a run, as checks: so every page of the run says it too.
    pub fn checks(&self) -> Vec<Check> {
        let reasons = self.reasons.iter().map(|reason| Check {
            pipeline: "the run".to_owned(),
            metric: BASELINE.to_owned(),
            bound: String::new(),
            measured: "n/a".to_owned(),
            verdict: Verdict::Inconclusive,
            reason: Some(reason.clone()),
        });
        let broken = self.rows.iter().filter(|row| row.verdict != Verdict::Pass);
        let value = |value: Option<u64>| value.map_or_else(|| "n/a".to_owned(), |v| v.to_string());
        let broken = broken.map(|row| Check {
            pipeline: row.pipeline.clone(),
            metric: row.metric.clone(),
            bound: format!("{} in the baseline", value(row.base)),
            measured: value(row.head),
            verdict: row.verdict,
            reason: row.reason.clone(),
        });
        reasons.chain(broken).chain(self.held()).collect()
    }

    /// How many numbers of each pipeline did not move.
    fn held(&self) -> Vec<Check> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for row in self.rows.iter().filter(|row| row.change == Some(Change::Same)) {
            *counts.entry(&row.pipeline).or_default() += 1;
        }
        let held = counts.into_iter().map(|(pipeline, count)| Check {
            pipeline: pipeline.to_owned(),
            metric: BASELINE.to_owned(),
            bound: String::new(),
            measured: format!("{count} unchanged"),
            verdict: Verdict::Pass,
            reason: None,
        });
        held.collect()
    }

    /// The same with a note where numbers moved and were measured by different versions of `chaos`,
    /// which may be why. It is never a reason to fail.
    fn by_tools(mut self, [base, head]: [&str; 2], [one, other]: [&str; 2]) -> Self {
        let moved = self.rows.iter().any(|row| row.change != Some(Change::Same));
        if moved && base != head {
            let versions = format!("{one} is by chaos {base}, {other} by chaos {head}");
            self.notes.push(format!("other versions: {versions}"));
        }
        self
    }

    pub(super) fn incomparable(scenario: &str, reasons: Vec<String>) -> Self {
        Self {
            scenario: scenario.to_owned(),
            verdict: Verdict::Inconclusive,
            reasons,
            notes: Vec::new(),
            rows: Vec::new(),
        }
    }
}

fn check(baseline: &Baseline, judged: &Judged, tolerances: &[Tolerance]) -> GateScenario {
    let header = &judged.run().header;
    let name = &header.scenario;
    let mut named = baseline.entries.iter().filter(|e| e.scenario == *name);
    let same_seed = named.clone().find(|e| e.seed == header.seed);
    let Some(base) = same_seed.or_else(|| named.next()) else {
        let reason = "the scenario is not in the baseline: accept it with chaos baseline accept";
        return GateScenario::incomparable(name, vec![reason.to_owned()]);
    };
    let mut reasons = doubts(judged);
    reasons.extend(incomparable(base, header));
    if reasons.is_empty() {
        let tools = [baseline.tool_of(base), header.tool.as_str()];
        let scenario = compared(base, &Entry::of(judged), tolerances);
        scenario.by_tools(tools, ["the baseline", "the run"])
    } else {
        GateScenario::incomparable(name, reasons)
    }
}

/// Why a run with that header cannot be compared with an entry, which is known before it is run.
pub fn incomparable(base: &Entry, head: &Header) -> Vec<String> {
    let mut reasons = Vec::new();
    if base.scenario_sha256 != head.scenario_sha256 {
        reasons.push("the scenario has changed since the baseline".to_owned());
    }
    if base.seed != head.seed {
        reasons.push(format!("other seeds: {} and {}", base.seed, head.seed));
    }
    reasons
}

fn compared(base: &Entry, head: &Entry, tolerances: &[Tolerance]) -> GateScenario {
    let mut scenario = GateScenario {
        scenario: head.scenario.clone(),
        verdict: Verdict::Pass,
        reasons: Vec::new(),
        notes: Vec::new(),
        rows: Vec::new(),
    };
    if base.pipelines.is_empty() {
        scenario.reasons.push("the baseline has no pipelines of this scenario".to_owned());
    }
    for (pipeline, numbers) in &base.pipelines {
        let Some(measured) = head.pipelines.get(pipeline) else {
            let reason = format!("the pipeline `{pipeline}` is in the baseline and was not run");
            scenario.reasons.push(reason);
            continue;
        };
        let known = numbers.config_sha256.is_some();
        if known && numbers.config_sha256 != measured.config_sha256 {
            scenario.notes.push(format!("{pipeline}: the configuration has changed"));
        }
        let rows = rows(pipeline, numbers, measured);
        scenario.notes.extend(samples(pipeline, &rows));
        scenario.rows.extend(rows.into_iter().map(|row| within(row, tolerances)));
    }
    for pipeline in head.pipelines.keys().filter(|p| !base.pipelines.contains_key(*p)) {
        scenario.reasons.push(format!("the pipeline `{pipeline}` is not in the baseline"));
    }
    let reasons = scenario.reasons.iter().map(|_| Verdict::Inconclusive);
    let rows = scenario.rows.iter().map(|row| row.verdict);
    scenario.verdict = Verdict::worst(reasons.chain(rows));
    scenario
}

/// On how many files the percentiles rest, where one of them moved.
fn samples(pipeline: &str, rows: &[GateRow]) -> Option<String> {
    let find = |metric: Metric| rows.iter().find(|row| row.metric == metric.name());
    let quantiles = [Metric::LatencyP50, Metric::LatencyP95, Metric::LatencyP99];
    let moved = |metric: &Metric| find(*metric).is_some_and(|r| r.change != Some(Change::Same));
    let documented = find(Metric::Documented).filter(|_| quantiles.iter().any(moved))?;
    let (base, head) = (documented.base?, documented.head?);
    Some(format!("{pipeline}: percentiles of latency are of n = {base} and {head} files"))
}

fn rows(pipeline: &str, base: &Numbers, head: &Numbers) -> Vec<GateRow> {
    let mut rows = Vec::new();
    for metric in Metric::ALL {
        let of = |numbers: &Numbers| numbers.metrics.get(metric.name()).copied();
        let (base, head) = (of(base), of(head));
        // On neither side: there was nothing to measure then, and there is nothing now.
        let is_measured = base.is_some() || head.is_some();
        if is_measured && (base.is_some() || !metric.came_later()) {
            let row = row(pipeline, metric.name().to_owned(), metric.better(), base, head);
            rows.push(GateRow { unit: metric.unit(), ..row });
        }
    }
    let unknown = |name: &&String| !Metric::ALL.iter().any(|m| m.name() == name.as_str());
    for name in base.metrics.keys().filter(unknown) {
        let base = base.metrics.get(name).copied();
        rows.push(row(pipeline, name.clone(), Better::Neither, base, None));
    }
    let causes: BTreeSet<&String> = base.failures.keys().chain(head.failures.keys()).collect();
    for cause in causes {
        let of = |numbers: &Numbers| numbers.failures.get(cause).copied().or(Some(0));
        let name = format!("failed.{cause}");
        rows.push(row(pipeline, name, Better::Less, of(base), of(head)));
    }
    rows
}

/// A number that moved no further than it may.
fn within(row: GateRow, tolerances: &[Tolerance]) -> GateRow {
    let (Verdict::Fail, Some(base), Some(head)) = (row.verdict, row.base, row.head) else {
        return row;
    };
    let metric = Metric::ALL.into_iter().find(|metric| metric.name() == row.metric);
    let better = metric.map_or(Better::Less, Metric::better);
    let mut of = tolerances.iter().filter(|of| of.is_for(&row.pipeline, &row.metric));
    if of.any(|tolerance| tolerance.excuses(better, base, head)) {
        let reason = Some("within the tolerance".to_owned());
        return GateRow { verdict: Verdict::Pass, reason, ..row };
    }
    row
}

fn row(
    pipeline: &str,
    metric: String,
    better: Better,
    base: Option<u64>,
    head: Option<u64>,
) -> GateRow {
    let change = base.zip(head).map(|(base, head)| better.change(base, head));
    let (verdict, reason) = match (change, base) {
        (Some(Change::Same), _) => (Verdict::Pass, None),
        (Some(_), _) => (Verdict::Fail, Some(REMEDY.to_owned())),
        (None, None) => (Verdict::Inconclusive, Some("not in the baseline".to_owned())),
        (None, Some(_)) => (Verdict::Inconclusive, Some("not measured in the run".to_owned())),
    };
    GateRow {
        pipeline: pipeline.to_owned(),
        metric,
        unit: Unit::Count,
        base,
        head,
        change,
        verdict,
        reason,
        repeats: None,
    }
}

#[cfg(test)]
mod tests;

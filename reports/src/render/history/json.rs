//! A history for programs, with a published schema.
//!
//! Invariants: `format` says how to read it, adding a field keeps it and changing a meaning raises
//! it; text from outside is kept to the letter, harmful characters as escapes of JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::compare::{Change, Unit};
use crate::history::SuiteFailure;
use crate::history::{Acceptance, Flaky, History, Line, Mark, Past, Point, Series, Step, Suite};
use crate::record::Clock;
use crate::render::data::json::harmless;
use crate::render::export::{Exporter, ReportFormat};
use crate::render::style::Style;

/// The version of the document.
const FORMAT: u32 = 1;

/// What `chaos history show --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Document {
    /// The version of the document: 1.
    pub format: u32,
    /// How many runs the history has.
    pub runs: u64,
    /// How many additions of test logs it has.
    pub logs: u64,
    /// Runs that can be compared, by scenario and pipeline.
    pub series: Vec<SeriesDocument>,
    /// The latest log of each suite of tests.
    pub suites: Vec<SuiteDocument>,
}

/// One pipeline over runs that can be compared.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SeriesDocument {
    /// The scenario.
    pub scenario: String,
    /// The hash of everything in its definition that decides the outcome.
    pub scenario_sha256: String,
    /// The pipeline.
    pub pipeline: String,
    /// The seed.
    pub seed: u64,
    /// Whether every metric is exact: time was simulated. Otherwise it was measured.
    pub exact: bool,
    /// How many times as fast time passed; `null` where it was not warped.
    pub speed: Option<u32>,
    /// The first of these runs, also where `runs` begins with a later one.
    pub began: Mark,
    /// Why earlier runs cannot be compared with these; empty where there are none.
    pub not_comparable_before: Vec<String>,
    /// The runs, in order.
    pub runs: Vec<RunDocument>,
    /// Every metric.
    pub lines: Vec<LineDocument>,
}

/// One run.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunDocument {
    /// When, and what was tested.
    #[serde(flatten)]
    pub mark: Mark,
    /// The version of `chaos`.
    pub tool: String,
    /// The hash of the pipeline's configuration.
    pub config_sha256: Option<String>,
}

/// One metric over the runs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LineDocument {
    /// The metric, or `failed.CAUSE`.
    pub metric: String,
    /// What it counts.
    pub unit: Unit,
    /// Its value in each run; `null` where there was nothing to measure.
    pub values: Vec<Option<u64>>,
    /// How many samples are behind each value; `null` of what is no percentile.
    pub samples: Vec<Option<u64>>,
    /// Where it changed; only exact metrics that are not flaky have steps.
    pub steps: Vec<StepDocument>,
    /// Where runs differ that should not.
    pub flaky: Vec<FlakyDocument>,
}

/// One change of a metric.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StepDocument {
    /// The last run with the value before, by its place in `runs`.
    pub from: usize,
    /// The first run with the value after.
    pub to: usize,
    /// The value before.
    pub before: u64,
    /// The value after.
    pub after: u64,
    /// Which way that is.
    pub change: Change,
    /// What else changed between the two runs, in words.
    pub notes: Vec<String>,
    /// Whether somebody has accepted the value after.
    pub acceptance: Acceptance,
}

/// Runs of one label, version and configuration with several values.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FlakyDocument {
    /// The label of the runs.
    pub label: String,
    /// How many runs there are.
    pub runs: u64,
    /// Their values, each once, in ascending order.
    pub values: Vec<u64>,
}

/// The latest log of a suite of tests.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SuiteDocument {
    /// The name of the suite.
    pub suite: String,
    /// How many logs the history has of it.
    pub logs: u64,
    /// When the latest is from.
    pub latest: Mark,
    /// Whether everything of it was read.
    pub complete: bool,
    /// The tests in it.
    pub tests: u64,
    /// Failures without a message, of which nobody knows whether they are new.
    pub mute: u64,
    /// Its failures, sorted by `id`.
    pub failures: Vec<FailureDocument>,
}

/// Failures with one signature, and their past.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FailureDocument {
    /// The same for the same signature on every machine.
    pub id: String,
    /// The exception, the masked message and the last frame outside of the test.
    pub signature: String,
    /// How many failures.
    pub failures: u64,
    /// Their tests; the first 50 of very many.
    pub tests: Vec<String>,
    /// What the earlier logs say.
    pub past: Past,
}

/// `--format json`.
#[derive(Debug)]
pub(in crate::render) struct HistoryJson;

impl Exporter<History> for HistoryJson {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "json",
            about: "Everything, for programs; its schema is reports/history.schema.json",
            file: "history.json",
            kept: false,
        }
    }

    fn text(&self, history: &History, _style: Style) -> String {
        let document = Document {
            format: FORMAT,
            runs: history.runs,
            logs: history.logs,
            series: history.series.iter().map(SeriesDocument::from).collect(),
            suites: history.suites.iter().map(SuiteDocument::from).collect(),
        };
        let text = serde_json::to_string_pretty(&document).expect("plain data with text keys");
        harmless(&text) + "\n"
    }
}

impl From<&Series> for SeriesDocument {
    fn from(series: &Series) -> Self {
        let basis = &series.basis;
        Self {
            scenario: basis.scenario.clone(),
            scenario_sha256: basis.scenario_sha256.clone(),
            pipeline: basis.pipeline.clone(),
            seed: basis.seed,
            exact: basis.clock == Clock::Simulated,
            speed: basis.speed,
            began: series.began.clone(),
            not_comparable_before: series.parted_by.clone(),
            runs: series.points.iter().map(RunDocument::from).collect(),
            lines: series.lines.iter().map(LineDocument::from).collect(),
        }
    }
}

impl From<&Point> for RunDocument {
    fn from(point: &Point) -> Self {
        let Point { mark, tool, config_sha256, .. } = point.clone();
        Self { mark, tool, config_sha256 }
    }
}

impl From<&Line> for LineDocument {
    fn from(line: &Line) -> Self {
        let Line { metric, unit, values, samples, steps, flaky } = line.clone();
        let steps = steps.into_iter().map(StepDocument::from).collect();
        let flaky = flaky.into_iter().map(FlakyDocument::from).collect();
        Self { metric, unit, values, samples, steps, flaky }
    }
}

impl From<Step> for StepDocument {
    fn from(step: Step) -> Self {
        let Step { from, to, before, after, change, notes, acceptance } = step;
        let notes = notes.into_iter().map(str::to_owned).collect();
        Self { from, to, before, after, change, notes, acceptance }
    }
}

impl From<Flaky> for FlakyDocument {
    fn from(Flaky { label, runs, values }: Flaky) -> Self {
        Self { label, runs, values }
    }
}

impl From<&Suite> for SuiteDocument {
    fn from(suite: &Suite) -> Self {
        let Suite { suite, logs, latest, complete, tests, mute, failures } = suite.clone();
        let failures = failures.into_iter().map(FailureDocument::from).collect();
        Self { suite, logs, latest, complete, tests, mute, failures }
    }
}

impl From<SuiteFailure> for FailureDocument {
    fn from(failure: SuiteFailure) -> Self {
        let SuiteFailure { id, signature, failures, tests, past } = failure;
        Self { id, signature, failures, tests, past }
    }
}

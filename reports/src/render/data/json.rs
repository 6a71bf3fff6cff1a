//! Runs for programs: everything that the other formats say, under a published schema.
//!
//! Invariants: `format` says how to read it, adding a field keeps it and changing a meaning raises
//! it; numbers are exact and whole, absent ones are `null`; text from outside is kept to the
//! letter, with characters that act on a terminal or turn text around as escapes of JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::compare::Metric;
use crate::judge::{Check, Failure, Judged, Latency, Quantile, Summary};
use crate::record::measured::Generator;
use crate::record::{Cause, Clock};
use crate::render::export::{Exporter, ReportFormat};
use crate::render::style::Style;
use crate::render::words::again;
use crate::text::is_harmful;

/// The version of the format that this crate writes.
pub const FORMAT: u32 = 1;

/// The report of one or more runs, as `chaos report --format json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The version of this format.
    pub format: u32,
    /// The runs, in the order in which they were named.
    pub runs: Vec<RunReport>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunReport {
    /// The run as it was named.
    pub name: String,
    /// The version of `chaos` that recorded it.
    pub tool: String,
    /// The scenario's name or path.
    pub scenario: String,
    /// SHA-256 of everything in the scenario that decides the outcome.
    pub scenario_sha256: String,
    /// The scenario's title.
    pub title: String,
    /// The question that the scenario asks.
    pub question: String,
    /// The seed.
    pub seed: u64,
    /// `simulated` or `wall`.
    pub clock: String,
    /// `generated` or `directory`.
    pub input: String,
    /// The command that runs it again.
    pub run_again: String,
    /// `pass`, `fail` or `inconclusive`.
    pub verdict: String,
    /// Whether the scenario expects anything; a run that is not judged passes nothing.
    pub judged: bool,
    /// What the records lack; empty where the run is whole.
    pub gaps: Vec<String>,
    /// Every expectation with what was measured.
    pub checks: Vec<CheckReport>,
    /// Every pipeline's numbers.
    pub pipelines: Vec<PipelineReport>,
    /// Every failed job.
    pub failures: Vec<FailureReport>,
}

/// One expectation with what was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckReport {
    /// The pipeline.
    pub pipeline: String,
    /// The metric.
    pub metric: String,
    /// The bound in words; empty where nothing was expected.
    pub expected: String,
    /// The measured value, or `n/a`.
    pub measured: String,
    /// `pass`, `fail` or `inconclusive`.
    pub verdict: String,
    /// Why the check is inconclusive, or what else is to be known.
    pub reason: Option<String>,
}

/// One pipeline's numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PipelineReport {
    /// The pipeline's name.
    pub pipeline: String,
    /// `good`, `broke_as_expected`, `failed`, `inconclusive` or `not_judged`; absent in reports of
    /// earlier versions.
    #[serde(default)]
    pub standing: Option<String>,
    /// SHA-256 of its configuration.
    pub config_sha256: String,
    /// Documented jobs per million of those that were tried.
    pub success_ppm: Option<u64>,
    /// Documented definitions per million.
    pub coverage_ppm: Option<u64>,
    /// Every metric by the name that baselines use, its unit last.
    pub metrics: BTreeMap<String, Option<u64>>,
    /// What the replies told of its cost, in micro-dollars: the pipeline's own count. `metrics` has
    /// what the ledger charged.
    pub told_microusd: u64,
    /// Jobs that arrived in the warm-up, which no number here counts.
    pub warm_up_jobs: u64,
    /// How well the schedule of arrivals was kept; absent in simulated time, and of loads without
    /// a schedule.
    pub generator: Option<GeneratorReport>,
    /// Samples that the latencies rest on.
    pub latency_samples: u64,
    /// From the start of a job to its first request at the mock; absent of built-in pipelines.
    pub first_call: Option<FirstCallReport>,
    /// Samples that the times of the first token rest on.
    pub first_token_samples: u64,
    /// Samples that the times between tokens rest on.
    pub between_tokens_samples: u64,
    /// Failed jobs by cause.
    pub failed_by_cause: BTreeMap<String, u64>,
    /// Failed requests by cause, whether or not a later one succeeded.
    pub failed_requests_by_cause: BTreeMap<String, u64>,
    /// Injected faults by name.
    pub faults: BTreeMap<String, u64>,
    /// Skipped jobs by reason.
    pub skipped_by_reason: BTreeMap<String, u64>,
    /// Peak memory of the modelled process, in kilobytes.
    pub memory_kb: u64,
    /// Why the numbers contradict each other; empty where they do not.
    pub unreconciled: Vec<String>,
}

/// What a program of the user's took before its first request: part of each latency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstCallReport {
    /// Jobs that sent a request.
    pub samples: u64,
    /// The median.
    pub p50_us: u64,
    /// The longest.
    pub max_us: u64,
}

/// How well a schedule of arrivals was kept on this machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GeneratorReport {
    /// Arrivals that began.
    pub started: u64,
    /// Arrivals that never did.
    pub dropped: u64,
    /// The rate of the schedule, in arrivals for each thousand seconds.
    pub offered_per_1000_s: Option<u64>,
    /// The rate at which they began.
    pub achieved_per_1000_s: Option<u64>,
    /// How late they began: the median.
    pub lag_p50_us: u64,
    /// The 99th percentile.
    pub lag_p99_us: u64,
    /// The latest.
    pub lag_max_us: u64,
}

/// One failed job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailureReport {
    /// The pipeline.
    pub pipeline: String,
    /// The job's number.
    pub job: u64,
    /// The file.
    pub file: String,
    /// The cause's name, or `unknown`.
    pub cause: String,
    /// The HTTP status of the last failed request.
    pub status: Option<u16>,
    /// Where the mending is: `BUG`, `CONFIGURATION`, `ENVIRONMENT`, `TEST_DESIGN` or `UNKNOWN`.
    pub category: String,
    /// `HIGH`, `MEDIUM` or `LOW`.
    pub priority: String,
    /// Whether the scenario expects this break.
    pub expected: bool,
    /// The rule that decided.
    pub rule: String,
    /// `certain`, `likely` or `guess`.
    pub confidence: String,
    /// What the classification rests on.
    pub evidence: String,
    /// The stage of the pipeline that would have saved the job.
    pub stage: Option<String>,
    /// What mends it.
    pub remedy: String,
    /// The server's or the pipeline's own words.
    pub detail: Option<String>,
    /// Requests that were sent for the job.
    pub calls: u64,
    /// What the job cost, in micro-dollars.
    pub cost_microusd: u64,
    /// What of it bought nothing, in micro-dollars.
    pub wasted_microusd: u64,
    /// When the job arrived.
    pub arrival_us: u64,
    /// When it ended.
    pub end_us: u64,
}

/// `--format json`.
#[derive(Debug)]
pub(crate) struct Json;

impl Exporter<[Judged]> for Json {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "json",
            about: "Everything, for programs; its schema is reports/report.schema.json",
            file: "report.json",
            kept: false,
        }
    }

    fn text(&self, runs: &[Judged], _style: Style) -> String {
        let report = Report { format: FORMAT, runs: runs.iter().map(one_run).collect() };
        let text = serde_json::to_string_pretty(&report).expect("plain data with text keys");
        harmless(&text) + "\n"
    }
}

fn one_run(judged: &Judged) -> RunReport {
    let run = judged.run();
    let header = run.header.clone();
    RunReport {
        name: judged.name().to_owned(),
        tool: header.tool,
        scenario: header.scenario,
        scenario_sha256: header.scenario_sha256,
        title: header.title,
        question: header.question,
        seed: header.seed,
        clock: if header.clock == Clock::Simulated { "simulated" } else { "wall" }.to_owned(),
        input: header.input,
        run_again: again(run),
        verdict: judged.verdict().class().to_owned(),
        judged: !header.expect.is_empty(),
        gaps: run.gaps.iter().map(ToString::to_string).collect(),
        checks: judged.checks().iter().map(check).collect(),
        pipelines: judged.summaries().iter().map(|of| pipeline(judged, of)).collect(),
        failures: judged.failures().iter().map(failure).collect(),
    }
}

fn check(check: &Check) -> CheckReport {
    CheckReport {
        pipeline: check.pipeline.clone(),
        metric: check.metric.clone(),
        expected: check.bound.clone(),
        measured: check.measured.clone(),
        verdict: check.verdict.class().to_owned(),
        reason: check.reason.clone(),
    }
}

fn pipeline(judged: &Judged, summary: &Summary) -> PipelineReport {
    let generators = judged.measured().map(|measured| &measured.generators);
    let by_cause = |counts: &BTreeMap<Cause, u64>| {
        counts.iter().map(|(cause, count)| (cause.name().to_owned(), *count)).collect()
    };
    PipelineReport {
        pipeline: summary.pipeline.clone(),
        standing: Some(judged.standing(summary).name().to_owned()),
        config_sha256: summary.config_sha256.clone(),
        success_ppm: summary.success_ppm(),
        coverage_ppm: summary.coverage_ppm(),
        metrics: Metric::ALL.map(|m| (m.name().to_owned(), m.of(summary))).into(),
        warm_up_jobs: summary.warm_up,
        told_microusd: summary.told_microusd,
        generator: generators.and_then(|of| of.get(&summary.pipeline)).map(generator),
        latency_samples: summary.latency.count(),
        first_call: first_call(&summary.first_call),
        first_token_samples: summary.first_token.count(),
        between_tokens_samples: summary.between_tokens.count(),
        failed_by_cause: by_cause(&summary.failures),
        failed_requests_by_cause: by_cause(&summary.attempt_failures),
        faults: summary.faults.clone(),
        skipped_by_reason: summary.skips.clone(),
        memory_kb: summary.memory_kb,
        unreconciled: summary.unreconciled.clone(),
    }
}

fn first_call(of: &Latency) -> Option<FirstCallReport> {
    let (p50_us, max_us) = (of.quantile_us(Quantile::P50)?, of.max_us()?);
    Some(FirstCallReport { samples: of.count(), p50_us, max_us })
}

fn generator(of: &Generator) -> GeneratorReport {
    GeneratorReport {
        started: of.started,
        dropped: of.dropped,
        offered_per_1000_s: of.offered_per_1000_s(),
        achieved_per_1000_s: of.achieved_per_1000_s(),
        lag_p50_us: of.lag_p50_us,
        lag_p99_us: of.lag_p99_us,
        lag_max_us: of.lag_max_us,
    }
}

fn failure(failure: &Failure<'_>) -> FailureReport {
    let job = failure.job;
    FailureReport {
        pipeline: job.pipeline.to_string(),
        job: job.job,
        file: job.path.clone(),
        cause: failure.cause_name().to_owned(),
        status: failure.status(),
        category: failure.category().name().to_owned(),
        priority: failure.priority().name().to_owned(),
        expected: failure.expected,
        rule: failure.rule().name().to_owned(),
        confidence: failure.confidence().name().to_owned(),
        evidence: failure.evidence(),
        stage: failure.stage().map(|stage| stage.name().to_owned()),
        remedy: failure.remedy().to_owned(),
        detail: failure.detail().map(str::to_owned),
        calls: job.calls,
        cost_microusd: job.cost_microusd,
        wasted_microusd: job.wasted_microusd,
        arrival_us: job.arrival_us,
        end_us: job.end_us,
    }
}

/// The same JSON with harmful characters as escapes. They only stand inside strings: outside of
/// them JSON has no character that needs it, and the line ends of the layout stay.
pub fn harmless(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '\n' || !is_harmful(character) {
            text.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn what_is_written_is_read_back() {
        let runs = [fixture::judged(|_| ())];
        let text = Json.text(&runs, Style::PLAIN);
        let report: Report = serde_json::from_str(&text).unwrap();
        let [read] = report.runs.as_slice() else { panic!("one run") };
        assert_eq!((report.format, read.verdict.as_str(), read.judged), (1, "pass", true));
        assert_eq!(read.failures.len(), 6);
        assert_eq!(read.pipelines[0].metrics["documented"], Some(4));
        let standings = read.pipelines.iter().map(|of| of.standing.as_deref());
        assert!(standings.eq([Some("broke_as_expected"), Some("good")]));
        assert_eq!(read.failures[0].rule, "quota-of-others");
        assert_eq!(*read, one_run(&runs[0]));
    }

    #[test]
    fn text_from_outside_is_kept_to_the_letter_and_harmless_in_a_terminal() {
        let attack = "\u{202e}\u{1b}[31m\u{9b}\u{7f}\u{e0041}\"\\\n</script>";
        let judged = fixture::judged(|run| run.pipelines[0].jobs[2].path = attack.to_owned());
        let text = Json.text(&[judged], Style::PLAIN);
        assert!(!text.chars().any(|c| c != '\n' && is_harmful(c)), "{text}");
        let report: Report = serde_json::from_str(&text).unwrap();
        assert_eq!(report.runs[0].failures[0].file, attack);
    }
}

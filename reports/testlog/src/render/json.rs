//! Why tests failed, for programs: everything that the other formats say, under a published schema.
//!
//! Invariants: `format` says how to read it, adding a field keeps it and changing a meaning raises
//! it; text from outside is kept to the letter, harmful characters as escapes of JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::triage::{Finding, Flakiness, Group, TestHistory, Tier, Triage};
use crate::{Completeness, Phase, Status, TestRun};
use reports::Confidence;
use reports::history::Past;
use reports::render::json::harmless;
use reports::render::{Exporter, ReportFormat, Style};
use reports::{Category, Priority};

/// The version of the format that this crate writes.
pub const FORMAT: u32 = 1;

/// What `chaos classify --report json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The version of this format.
    pub format: u32,
    /// The runs of all inputs, in order.
    pub runs: Vec<RunReport>,
    /// What holds of whole runs, in words.
    pub notes: Vec<String>,
    /// Every failure, in the order of the inputs.
    pub failures: Vec<FailureReport>,
    /// Failures of one signature; what deserves a look first comes first.
    pub groups: Vec<GroupReport>,
    /// What flips over several runs; `null` where it was not looked for.
    pub flakiness: Option<FlakinessReport>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunReport {
    /// The input as it was named.
    pub input: String,
    /// The runner, for example `pytest`.
    pub runner: String,
    /// Its version, where the log says so.
    pub version: Option<String>,
    /// The binary, package or suite, where one log has several.
    pub title: Option<String>,
    /// Whether everything was read, by the runner's own counts.
    pub complete: bool,
    /// What does not add up.
    pub problems: Vec<String>,
    /// The tests that ran or were skipped.
    pub tests: u64,
    /// Those that passed.
    pub passed: u64,
    /// Those that failed.
    pub failed: u64,
    /// What broke around tests.
    pub errors: u64,
}

/// One failure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailureReport {
    /// The test's id, to the letter.
    pub id: String,
    /// Its file.
    pub file: String,
    /// The run, by its place in `runs`.
    pub run: usize,
    /// `failed`, `error` or `subtest_failed`.
    pub status: Status,
    /// When it failed.
    pub phase: Phase,
    /// Where the mending is.
    pub category: Category,
    /// How soon it deserves a look.
    pub priority: Priority,
    /// How sure that is.
    pub confidence: Confidence,
    /// Whether the code under test may be at fault.
    pub tier: Tier,
    /// The rule that decided.
    pub rule: Option<String>,
    /// What happened.
    pub reason: String,
    /// What mends it.
    pub remedy: String,
    /// What made it so.
    pub evidence: String,
    /// The exception's type.
    pub exception: Option<String>,
    /// The message, of all its lines.
    pub message: String,
    /// Where in the code, `file:line`.
    pub place: Option<String>,
    /// The group's `id`.
    pub group: String,
}

/// Failures of one signature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupReport {
    /// The same for the same signature on every machine.
    pub id: String,
    /// The exception, the masked message and the last frame outside of the test.
    pub signature: String,
    /// How many failures.
    pub failures: usize,
    /// How many tests they are of.
    pub tests: usize,
    /// The first, by its place in `failures`.
    pub first: usize,
    /// The last.
    pub last: usize,
    /// What a history says of it; `null` where none was asked, or where the failures have no
    /// message by which they could be known again.
    pub past: Option<Past>,
}

/// What flips.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlakinessReport {
    /// The runs that count.
    pub runs: usize,
    /// Those that failed nearly as a whole, and do not.
    pub left_out: usize,
    /// Whether some log names only what failed: a test that is not among it counts as passed.
    pub passes_missing: bool,
    /// Every test that failed or flipped, the most unsteady first.
    pub tests: Vec<HistoryReport>,
}

/// One test over several runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoryReport {
    /// Its id.
    pub id: String,
    /// The binary, package or suite.
    pub title: Option<String>,
    /// Whether it passed, run by run.
    pub passed: Vec<bool>,
    /// Passed runs of all, in millionths.
    pub pass_rate_ppm: u64,
    /// How often a run differs from the one before.
    pub flips: usize,
    /// How often it passed only at a second try.
    pub retried: usize,
    /// How often it failed alone.
    pub alone: usize,
    /// Whether it belongs into quarantine.
    pub quarantine: bool,
}

/// `--report json`.
#[derive(Debug)]
pub(super) struct Json;

impl Exporter<Triage<'_>> for Json {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "json",
            about: "Everything, for programs",
            file: "triage.json",
            kept: false,
        }
    }

    fn text(&self, triage: &Triage<'_>, _style: Style) -> String {
        render(triage)
    }
}

/// Renders everything as JSON.
fn render(triage: &Triage<'_>) -> String {
    let report = Report {
        format: FORMAT,
        runs: triage.runs.iter().map(|(input, run)| one_run(&input.name, run)).collect(),
        notes: triage.notes.clone(),
        failures: triage.findings.iter().map(|found| failure(triage, found)).collect(),
        groups: triage.groups.iter().map(group).collect(),
        flakiness: triage.flakiness.as_ref().map(flakiness),
    };
    let text = serde_json::to_string_pretty(&report).expect("plain data with text keys");
    harmless(&text) + "\n"
}

fn one_run(input: &str, run: &TestRun) -> RunReport {
    let problems = match &run.completeness {
        Completeness::Reconciled => Vec::new(),
        Completeness::NoFinalLine => vec!["no final line".to_owned()],
        Completeness::Mismatch(problems) => problems.clone(),
    };
    RunReport {
        input: input.to_owned(),
        runner: run.runner.name().to_owned(),
        version: run.version.clone(),
        title: run.title.clone(),
        complete: run.completeness.is_complete(),
        problems,
        tests: run.tests(),
        passed: run.read.passed,
        failed: run.read.failed,
        errors: run.read.errors,
    }
}

fn failure(triage: &Triage<'_>, finding: &Finding<'_>) -> FailureReport {
    let case = &finding.case;
    FailureReport {
        id: case.id.full.clone(),
        file: case.id.file.clone(),
        run: finding.run,
        status: case.status,
        phase: case.phase,
        category: finding.category,
        priority: finding.priority,
        confidence: finding.confidence,
        tier: finding.tier,
        rule: finding.rule.clone(),
        reason: finding.reason.clone(),
        remedy: finding.remedy.clone(),
        evidence: finding.evidence.clone(),
        exception: case.exception.clone(),
        message: case.message.clone(),
        place: case.location.as_ref().map(|at| format!("{}:{}", at.file, at.line)),
        group: triage.groups[finding.group].id.clone(),
    }
}

fn group(group: &Group) -> GroupReport {
    let (first, last) = group.ends();
    GroupReport {
        id: group.id.clone(),
        signature: group.signature.clone(),
        failures: group.members.len(),
        tests: group.tests,
        first,
        last,
        past: group.past.clone(),
    }
}

fn flakiness(flakiness: &Flakiness) -> FlakinessReport {
    FlakinessReport {
        runs: flakiness.runs,
        left_out: flakiness.left_out,
        passes_missing: flakiness.passes_missing,
        tests: flakiness.tests.iter().map(history).collect(),
    }
}

fn history(test: &TestHistory) -> HistoryReport {
    HistoryReport {
        id: test.id.clone(),
        title: test.title.clone(),
        passed: test.passed.clone(),
        pass_rate_ppm: test.pass_rate_ppm(),
        flips: test.flips(),
        retried: test.retried,
        alone: test.alone,
        quarantine: test.is_flaky(),
    }
}

//! Why tests failed, for programs: everything that the other formats say, under a published schema.
//!
//! Invariants: `format` says how to read it, adding a field keeps it and changing a meaning raises
//! it; text from outside is kept to the letter, harmful characters as escapes of JSON.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::ser::{SerializeStruct, Serializer};
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

    fn text(&self, triage: &Triage<'_>, style: Style) -> String {
        let mut bytes = Vec::new();
        self.write(triage, style, &mut bytes).expect("memory can be written");
        String::from_utf8(bytes).expect("JSON is text")
    }

    /// Piece by piece: of a hundred thousand failures, the text would take more than they do.
    fn write(&self, triage: &Triage<'_>, _style: Style, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(Harmless(&mut *out), &Written(triage))?;
        out.write_all(b"\n")
    }
}

/// Writes JSON with harmful characters as escapes. Whoever writes JSON writes whole characters.
struct Harmless<'a>(&'a mut dyn Write);

impl Write for Harmless<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        self.0.write_all(harmless(text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A [`Report`] of which each failure is made when it is written.
struct Written<'t, 'a>(&'t Triage<'a>);

impl Serialize for Written<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let triage = self.0;
        let runs: Vec<_> =
            triage.runs.iter().map(|(input, run)| one_run(&input.name, run)).collect();
        let mut report = serializer.serialize_struct("Report", 6)?;
        report.serialize_field("format", &FORMAT)?;
        report.serialize_field("runs", &runs)?;
        report.serialize_field("notes", &triage.notes)?;
        report
            .serialize_field("failures", &Each(&triage.findings, |found| failure(triage, found)))?;
        report.serialize_field("groups", &Each(&triage.groups, group))?;
        report.serialize_field("flakiness", &triage.flakiness.as_ref().map(flakiness))?;
        report.end()
    }
}

/// A list of which each part is made when it is written.
struct Each<'t, T, F>(&'t [T], F);

impl<'t, T, R: Serialize, F: Fn(&'t T) -> R> Serialize for Each<'t, T, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(&self.1))
    }
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
        rule: finding.rule.as_deref().map(str::to_owned),
        reason: finding.reason.clone().into_owned(),
        remedy: finding.remedy.clone().into_owned(),
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

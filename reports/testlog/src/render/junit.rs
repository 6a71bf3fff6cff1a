//! Failed tests as a JUnit report, each with its category and the rule that decided.
//!
//! Invariants: a failure stays a failure and an error an error; there is no time of day in it.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::words::{first_line, rule};
use crate::Status;
use crate::triage::{Finding, Triage};
use reports::render::{Exporter, ReportFormat, Style};
use reports::text::escape;

/// `--report junit`.
#[derive(Debug)]
pub(super) struct Junit;

impl Exporter<Triage<'_>> for Junit {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "junit",
            about: "A test report in the XML of `JUnit`",
            file: "junit.xml",
            kept: false,
        }
    }

    fn text(&self, triage: &Triage<'_>, _style: Style) -> String {
        render(triage)
    }
}

/// Renders the runs as `JUnit` XML: a suite for each, with the tests whose ids are known.
fn render(triage: &Triage<'_>) -> String {
    let mut report = Report::new("chaos classify");
    for (number, (input, run)) in triage.runs.iter().enumerate() {
        let title = run.title.as_deref().unwrap_or(run.runner.name());
        let mut suite = TestSuite::new(format!("{}: {}", escape(&input.name), escape(title)));
        for (status, id) in run.quiet.iter() {
            let status = match status {
                Status::Skipped | Status::Xfailed => TestCaseStatus::skipped(),
                _ => TestCaseStatus::success(),
            };
            suite.add_test_case(TestCase::new(escape(&id), status));
        }
        for finding in triage.findings_of(number) {
            suite.add_test_case(failed(finding));
        }
        if !run.completeness.is_complete() {
            suite.add_test_case(incomplete());
        }
        report.add_test_suite(suite);
    }
    report.to_string().expect("a report of text is XML") + "\n"
}

/// What has not been read may have failed: no reader of the report may take it for a pass.
fn incomplete() -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_type("incomplete");
    status.set_message("not all of the run was read, so it has not passed");
    TestCase::new("the log is whole", status)
}

fn failed(finding: &Finding<'_>) -> TestCase {
    let case = &finding.case;
    let kind = match case.status {
        Status::Error => NonSuccessKind::Error,
        _ => NonSuccessKind::Failure,
    };
    let mut status = TestCaseStatus::non_success(kind);
    let words = format!("{}: {}", finding.category.name(), escape(&finding.reason));
    status.set_type(escape(case.exception.as_deref().unwrap_or(rule(finding))));
    status.set_message(words);
    status.set_description(format!(
        "{}\n{} {}, decided by {} ({})\n{}\n{}",
        escape(first_line(&case.message)),
        finding.category.name(),
        finding.priority.name(),
        escape(rule(finding)),
        finding.confidence.name(),
        escape(&finding.evidence),
        escape(&finding.remedy),
    ));
    let mut test = TestCase::new(escape(&case.id.full), status);
    test.set_classname(escape(&case.id.file));
    test
}

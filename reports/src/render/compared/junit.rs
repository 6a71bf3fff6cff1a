//! A gate or a comparison as a test report for CI systems: a test case for each number.
//!
//! Invariant: what could not be compared is an error and never skipped, so that it stays red.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::page::{Compared, Page, Section};
use crate::compare::GateRow;
use crate::judge::Verdict;
use crate::render::export::{Exporter, ReportFormat};
use crate::render::style::Style;
use crate::text::escape;

/// `--format junit`.
#[derive(Debug)]
pub(crate) struct PageJunit;

impl<T: Compared> Exporter<T> for PageJunit {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "junit",
            about: "A test report in the XML of `JUnit`",
            file: T::FILES.junit,
            kept: false,
        }
    }

    fn text(&self, subject: &T, _style: Style) -> String {
        let page = subject.page();
        let mut report = Report::new("chaos");
        report.add_test_suite(whole(&page));
        report.add_test_suites(page.sections.iter().map(suite));
        report.to_string().expect("a report of text is XML") + "\n"
    }
}

/// What holds of no scenario alone. It has a case in any event: a report without one says nothing.
fn whole(page: &Page) -> TestSuite {
    let title = escape(&page.title);
    let mut suite = TestSuite::new(title.as_str());
    if page.reasons.is_empty() {
        suite.add_test_case(case(&title, "can be judged", TestCaseStatus::success()));
    }
    suite.add_test_cases(page.reasons.iter().map(|reason| inconclusive(&title, reason)));
    suite
}

fn suite(section: &Section) -> TestSuite {
    let name = escape(&section.scenario);
    let mut suite = TestSuite::new(name.as_str());
    suite.add_test_cases(section.reasons.iter().map(|reason| inconclusive(&name, reason)));
    suite.add_test_cases(section.rows.iter().map(|row| of_row(&name, row)));
    suite
}

fn of_row(scenario: &str, row: &GateRow) -> TestCase {
    let status = match row.verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Fail => failed(NonSuccessKind::Failure, "moved", &row.words()),
        Verdict::Inconclusive => failed(NonSuccessKind::Error, "inconclusive", &row.words()),
    };
    let name = format!("{}: {}", escape(&row.pipeline), escape(&row.metric));
    case(scenario, &name, status)
}

fn inconclusive(class: &str, reason: &str) -> TestCase {
    let status = failed(NonSuccessKind::Error, "inconclusive", &escape(reason));
    case(class, "can be compared", status)
}

fn case(class: &str, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    case
}

fn failed(kind: NonSuccessKind, name: &str, words: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(name).set_message(words);
    status
}

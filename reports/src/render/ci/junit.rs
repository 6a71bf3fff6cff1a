//! Runs as a test report for CI systems: a test case for each expectation and for each job.
//!
//! Invariants: what could not be measured is an error and never skipped, so that it stays red; a
//! break that the scenario expects is skipped and says so; there is no time of day in it.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::judge::{Check, Failure, Judged, Verdict};
use crate::record::{Job, Outcome};
use crate::render::export::{Exporter, ReportFormat};
use crate::render::style::Style;
use crate::text::escape;

/// `--format junit`.
#[derive(Debug)]
pub(crate) struct Junit;

impl Exporter<[Judged]> for Junit {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "junit",
            about: "A test report in the XML of `JUnit`",
            file: "junit.xml",
            kept: true,
        }
    }

    fn text(&self, runs: &[Judged], _style: Style) -> String {
        let mut report = Report::new("chaos");
        for judged in runs {
            add_run(&mut report, judged);
        }
        report.to_string().expect("a report of text is XML") + "\n"
    }
}

fn add_run(report: &mut Report, judged: &Judged) {
    let scenario = escape(&judged.run().header.scenario);
    let mut gates = TestSuite::new(format!("{scenario}: expectations"));
    gates.add_test_cases(judged.checks().iter().map(|check| gate(&scenario, check)));
    report.add_test_suite(gates);
    let failures = judged.failures();
    let mut failures = failures.iter();
    for pipeline in &judged.run().pipelines {
        let suite = format!("{scenario}: {}", escape(&pipeline.header.name));
        let mut jobs = TestSuite::new(suite.as_str());
        for record in &pipeline.jobs {
            // One failure for each failed job, in the order of pipelines and jobs.
            let failure = if record.outcome == Outcome::Failed { failures.next() } else { None };
            jobs.add_test_case(job(&suite, record, failure));
        }
        report.add_test_suite(jobs);
    }
}

fn gate(scenario: &str, check: &Check) -> TestCase {
    let words = match (&check.bound, &check.reason) {
        (_, Some(reason)) => escape(reason),
        (bound, None) => format!("measured {}, expected {bound}", check.measured),
    };
    let status = match check.verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Fail => failed(NonSuccessKind::Failure, "expectation", &words),
        Verdict::Inconclusive => failed(NonSuccessKind::Error, "inconclusive", &words),
    };
    let mut case = TestCase::new(format!("{}: {}", escape(&check.pipeline), check.metric), status);
    case.set_classname(scenario);
    case
}

fn failed(kind: NonSuccessKind, name: &str, words: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(name).set_message(words);
    status
}

fn job(suite: &str, job: &Job, failure: Option<&Failure<'_>>) -> TestCase {
    let status = match (job.outcome, failure) {
        (Outcome::Documented, _) => TestCaseStatus::success(),
        (_, Some(failure)) if failure.expected => {
            skipped(&format!("expected break: {}", failure.words()))
        }
        (_, Some(failure)) => {
            let mut status = failed(
                NonSuccessKind::Failure,
                failure.cause_name(),
                &format!("{}: {}", failure.words(), failure.remedy()),
            );
            status.set_description(format!(
                "{} {}, decided by {} ({})\n{}",
                failure.category().name(),
                failure.priority().name(),
                failure.rule().name(),
                failure.confidence().name(),
                escape(&failure.evidence()),
            ));
            status
        }
        (_, None) => skipped(&escape(job.detail.as_deref().unwrap_or("no reason given"))),
    };
    let mut case = TestCase::new(format!("{} {}", job.job, escape(&job.path)), status);
    case.set_classname(suite).set_time(Duration::from_micros(job.latency_us()));
    case
}

fn skipped(words: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(words);
    status
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::judge::judge;
    use crate::run::Run;

    /// The report read back by the same crate's reader.
    fn read(run: Run) -> (String, Report) {
        let text = Junit.text(&[judge(run)], Style::PLAIN);
        let report = Report::deserialize_from_str(&text).unwrap();
        (text, report)
    }

    fn counts(report: &Report) -> Vec<(usize, usize, usize, usize)> {
        let skipped = |suite: &TestSuite| {
            let cases = suite.test_cases.iter();
            cases.filter(|c| matches!(c.status, TestCaseStatus::Skipped { .. })).count()
        };
        let suites = report.test_suites.iter();
        suites.map(|s| (s.tests, s.failures, s.errors, skipped(s))).collect()
    }

    #[test]
    fn an_expected_break_is_skipped_and_any_other_is_red() {
        let mut run = fixture::concurrent();
        run.header.expect.remove("phase1");
        let expected = fixture::concurrent();
        assert_eq!(counts(&read(expected).1), [(2, 0, 0, 0), (10, 0, 0, 6), (10, 0, 0, 0)]);
        assert_eq!(counts(&read(run).1), [(2, 0, 0, 0), (10, 6, 0, 0), (10, 0, 0, 0)]);
    }

    #[test]
    fn what_could_not_be_measured_is_an_error() {
        let mut records = fixture::records();
        records.pop();
        let run = Run::from_records(records).unwrap();
        let gates = counts(&read(run).1)[0];
        assert_eq!(gates, (2, 0, 2, 0));
    }

    #[test]
    fn no_text_from_outside_becomes_markup() {
        let mut run = fixture::concurrent();
        run.header.expect.clear();
        let attack = "\"]]></failure><testcase name='x'/>\u{1b}[31m\u{0}\u{202e}\u{ffff}\n&<";
        for job in &mut run.pipelines[0].jobs {
            job.path = attack.to_owned();
            job.detail = Some(attack.to_owned());
        }
        let (text, report) = read(run);
        assert_eq!(report.test_suites[1].test_cases.len(), 10);
        assert!(!text.contains("<testcase name='x'/>") && !text.contains('\u{1b}'), "{text}");
        assert!(!text.contains('\u{202e}'));
    }
}

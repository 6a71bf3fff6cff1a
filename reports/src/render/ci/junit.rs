//! Runs as a test report for CI systems: a test case for each expectation and for each job.
//!
//! Invariants: what could not be measured is an error and never skipped, so that it stays red; a
//! break that the scenario expects is skipped and says so; there is no time of day in it.

use std::io::{self, Write};
use std::iter::once;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::judge::{Check, Failure, Judged, Standing, Verdict};
use crate::record::{Job, Outcome};
use crate::render::export::{Exporter, ReportFormat, text_of};
use crate::render::style::Style;
use crate::run::PipelineRun;
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
            kept: false,
        }
    }

    fn text(&self, runs: &[Judged], style: Style) -> String {
        text_of(|out| self.write(runs, style, out))
    }

    fn write(&self, runs: &[Judged], _style: Style, out: &mut dyn Write) -> io::Result<()> {
        let failures: Vec<Vec<Failure<'_>>> = runs.iter().map(Judged::failures).collect();
        let suites = runs.iter().zip(&failures).flat_map(|(judged, failures)| {
            let pipelines = judged.run().pipelines.iter();
            let jobs = pipelines.map(move |pipeline| Suite::jobs(judged, pipeline, failures));
            once(Suite::Gates(gates(judged))).chain(jobs)
        });
        let suites: Vec<Suite<'_>> = suites.collect();
        let mut report = Report::new("chaos");
        report.add_test_suites(suites.iter().map(Suite::counts));
        // It has the sums of its suites, which follow one by one.
        report.test_suites.clear();
        let frame = xml(&report);
        let (start, end) = frame.split_once(REPORT_END).unwrap_or((&frame, ""));
        out.write_all(start.as_bytes())?;
        suites.iter().try_for_each(|suite| suite.write(out))?;
        writeln!(out, "{REPORT_END}{end}")
    }
}

/// What the XML of the library ends with.
const REPORT_END: &str = "</testsuites>";
const SUITE_END: &str = "    </testsuite>\n";

/// Cases that are in memory at once.
const AT_ONCE: usize = 1_000;

/// The cases of one run: its expectations, or the jobs of one of its pipelines.
enum Suite<'a> {
    Gates(TestSuite),
    Jobs {
        name: String,
        standing: Option<Standing>,
        jobs: &'a [Job],
        failures: Vec<&'a Failure<'a>>,
    },
}

impl<'a> Suite<'a> {
    fn jobs(judged: &'a Judged, pipeline: &'a PipelineRun, failures: &'a [Failure<'a>]) -> Self {
        let of = &pipeline.header.name;
        let name = format!("{}: {}", escape(&judged.run().header.scenario), escape(of));
        let failures = failures.iter().filter(|failure| failure.job.pipeline == **of).collect();
        let summary = judged.summaries().iter().find(|summary| summary.pipeline == *of);
        let standing = summary.map(|summary| judged.standing(summary));
        Self::Jobs { name, standing, jobs: &pipeline.jobs, failures }
    }

    /// The suite without its cases, which are counted.
    fn counts(&self) -> TestSuite {
        match self {
            Self::Gates(gates) => gates.clone(),
            Self::Jobs { name, standing, jobs, failures } => {
                let of = |outcome| jobs.iter().filter(|job| job.outcome == outcome).count();
                let mut suite = TestSuite::new(name.as_str());
                if let Some(standing) = standing {
                    suite.add_property(("standing", standing.name()));
                }
                suite.tests = jobs.len();
                suite.failures = failures.iter().filter(|failure| !failure.expected).count();
                suite.skipped = suite.tests - of(Outcome::Documented) - suite.failures;
                suite
            }
        }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self::Jobs { name, jobs, failures, .. } = self else {
            return out.write_all(suite_xml(self.counts()).as_bytes());
        };
        if jobs.is_empty() {
            return out.write_all(suite_xml(self.counts()).as_bytes());
        }
        // One failure for each failed job, in the order of pipelines and jobs.
        let mut failures = failures.iter().copied();
        for (index, jobs) in jobs.chunks(AT_ONCE).enumerate() {
            let mut suite = if index == 0 { self.counts() } else { TestSuite::new("") };
            suite.test_cases.extend(jobs.iter().map(|record| {
                let has_failed = record.outcome == Outcome::Failed;
                job(name, record, if has_failed { failures.next() } else { None })
            }));
            let text = suite_xml(suite);
            let cases = text.strip_suffix(SUITE_END).unwrap_or(&text);
            let (start, rest) = cases.split_at(cases.find('\n').map_or(0, |end| end + 1));
            if index == 0 {
                out.write_all(start.as_bytes())?;
            }
            out.write_all(rest.as_bytes())?;
        }
        out.write_all(SUITE_END.as_bytes())
    }
}

/// A suite as it stands in a report, its line end included.
fn suite_xml(suite: TestSuite) -> String {
    let mut report = Report::new("");
    report.add_test_suite(suite);
    let text = xml(&report);
    let inner = text.split_once("<testsuites").and_then(|(_, rest)| rest.split_once('\n'));
    let inner = inner.and_then(|(_, rest)| rest.split_once(REPORT_END));
    inner.map_or_else(String::new, |(suite, _)| suite.to_owned())
}

fn xml(report: &Report) -> String {
    report.to_string().expect("a report of text is XML")
}

/// The expectations of a run.
fn gates(judged: &Judged) -> TestSuite {
    let scenario = escape(&judged.run().header.scenario);
    let mut gates = TestSuite::new(format!("{scenario}: expectations"));
    gates.add_test_cases(judged.checks().iter().map(|check| gate(&scenario, check)));
    gates
}

fn gate(scenario: &str, check: &Check) -> TestCase {
    let words = match (&check.bound, &check.reason) {
        (bound, None) => format!("measured {}, expected {bound}", check.measured),
        (bound, Some(reason)) if check.verdict == Verdict::Fail && !bound.is_empty() => {
            format!("measured {}, expected {bound}: {}", check.measured, escape(reason))
        }
        (_, Some(reason)) => escape(reason),
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
    fn what_became_of_a_pipeline_is_a_property_of_its_jobs() {
        let (_, report) = read(fixture::concurrent());
        let standing = |suite: &TestSuite| {
            let of = suite.properties.iter().find(|property| property.name.as_str() == "standing");
            of.map(|property| property.value.to_string())
        };
        let standings: Vec<Option<String>> = report.test_suites.iter().map(standing).collect();
        let expected = [None, Some("broke_as_expected".to_owned()), Some("good".to_owned())];
        assert_eq!(standings, expected);
    }

    #[test]
    fn cases_that_are_written_in_pieces_are_all_there_and_counted() {
        let mut run = fixture::concurrent();
        run.header.expect.clear();
        let pipeline = &mut run.pipelines[0];
        let more = pipeline.jobs.iter().cycle().take(2_510);
        pipeline.jobs =
            (1..).zip(more).map(|(number, job)| Job { job: number, ..job.clone() }).collect();
        let (text, report) = read(run);
        // The records do not agree with so many jobs, which is an error of its own.
        assert_eq!(counts(&report), [(2, 0, 1, 0), (2_510, 1_506, 0, 0), (10, 0, 0, 0)]);
        assert_eq!((report.tests, report.failures), (2_522, 1_506));
        for suite in &report.test_suites {
            assert_eq!(suite.test_cases.len(), suite.tests, "{:?}", suite.name);
        }
        let numbers = report.test_suites[1].test_cases.iter().map(|case| case.name.as_str());
        assert!(numbers.zip(1..).all(|(name, number)| name.starts_with(&format!("{number} "))));
        // What is read and written as a whole again is the same text.
        assert_eq!(xml(&report) + "\n", text);
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

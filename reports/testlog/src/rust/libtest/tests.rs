//! Claims about forged, cut and missing events; real logs are read by the tests of the crate.

use super::LibtestReader;
use crate::bytes::LONGEST;
use crate::run::Room;
use crate::{Completeness, Runner, Status, TestRun};

const WHOLE: Completeness = Completeness::Reconciled;

fn runs(lines: &[&str]) -> Vec<TestRun> {
    let mut reader = LibtestReader::new(&Room::ALL);
    for line in lines {
        reader.line(line.as_bytes());
    }
    reader.finish()
}

fn only(lines: &[&str]) -> TestRun {
    let mut runs = runs(lines);
    assert_eq!(runs.len(), 1);
    runs.remove(0)
}

fn suite(tests: u64) -> String {
    format!(r#"{{ "type": "suite", "event": "started", "test_count": {tests} }}"#)
}

fn test(name: &str, event: &str) -> String {
    format!(r#"{{ "type": "test", "name": "{name}", "event": "{event}" }}"#)
}

fn end(passed: u64, failed: u64) -> String {
    format!(r#"{{ "type": "suite", "event": "ok", "passed": {passed}, "failed": {failed} }}"#)
}

/// A run of the events in `text`: `a>` starts test `a`, `a+` and `a-` are its results.
fn told(tests: u64, text: &str, passed: u64, failed: u64) -> TestRun {
    let events = text.split(' ').map(|word| match word.split_at(1) {
        (name, ">") => test(name, "started"),
        (name, "+") => test(name, "ok"),
        (name, _) => test(name, "failed"),
    });
    let lines: Vec<String> =
        [suite(tests)].into_iter().chain(events).chain([end(passed, failed)]).collect();
    only(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The ids that failed and those that did not.
fn ids(run: &TestRun) -> (String, String) {
    let failed = run.failures().map(|case| case.id.full.clone()).collect();
    (failed, run.quiet.iter().map(|(_, id)| id).collect())
}

#[test]
fn the_reading_of_several_results_that_agrees_with_the_counts_is_taken() {
    let check = |text: &str, (passed, failed): (u64, u64), failures: &str, others: &str| {
        let run = told(passed + failed, text, passed, failed);
        assert_eq!(run.completeness, WHOLE, "{text}");
        assert_eq!(ids(&run), (failures.to_owned(), others.to_owned()), "{text}");
        assert_eq!((run.read.passed, run.read.failed), (passed, failed), "{text}");
    };
    // A test that forges its own result, one that forges another's, and both.
    check("a> a+ a- b> b+", (1, 1), "a", "b");
    check("a> a+ b> a- b+", (2, 0), "", "ab");
    check("a> a- b> a+ b+", (1, 1), "a", "b");
    check("a> a+ a- b> b- a+ c> b+ c+", (1, 2), "ba", "c");
    // What is said of a test before it runs is no result.
    check("a> b- a+ b> b+", (2, 0), "", "ab");
    // What is started and never ends was not there.
    check("a> x> a+", (1, 0), "", "a");
}

#[test]
fn several_results_of_which_no_reading_agrees_are_failures_and_said_to_be_unclear() {
    for (text, failed) in [("a> a+ a- b> b+", 2), ("a> a+ a- b> b- b+", 1)] {
        let run = told(2, text, 2 - failed, failed);
        let Completeness::Mismatch(problems) = &run.completeness else { panic!("{text}: whole") };
        assert!(problems[0].starts_with("tests with several results"), "{problems:?}");
        assert!(run.failures().any(|case| case.id.full == "a"), "{text}");
    }
}

#[test]
fn a_suite_that_a_test_prints_is_output_and_one_after_a_death_is_the_next() {
    let inner = [suite(1), test("x", "started"), test("x", "ok"), end(1, 0)];
    let outer = [suite(1), test("a", "started")];
    let tail = [test("a", "failed"), end(0, 1)];
    let all: Vec<&str> = outer.iter().chain(&inner).chain(&tail).map(String::as_str).collect();
    let run = only(&all);
    assert_eq!((ids(&run).0.as_str(), &run.completeness), ("a", &WHOLE));

    let died = runs(&all[..6]);
    let [died, next] = died.as_slice() else { panic!("{} runs", died.len()) };
    assert_eq!(died.completeness, Completeness::NoFinalLine);
    assert_eq!((died.cases[0].status, died.cases[0].id.full.as_str()), (Status::Error, "a"));
    assert_eq!((next.quiet.kept(), &next.completeness), (1, &WHOLE));
}

#[test]
fn an_event_behind_text_without_an_end_of_line_is_read() {
    let line = format!("no end {{ \"type\": \"{}", test("a", "ok"));
    let run = only(&[&suite(1), &test("a", "started"), &line, &end(1, 0)]);
    assert_eq!((run.read.passed, &run.completeness), (1, &WHOLE));
}

#[test]
fn results_alone_are_read_where_no_test_is_said_to_start() {
    let run = told(2, "a+ b-", 1, 1);
    assert_eq!(run.completeness, WHOLE);
    assert_eq!(ids(&run), ("b".to_owned(), "a".to_owned()));
}

#[test]
fn a_benchmark_that_was_measured_has_held() {
    let bench = r#"{ "type": "bench", "name": "b", "median": 1.00, "deviation": 0.1 }"#;
    let end = r#"{ "type": "suite", "event": "ok", "passed": 0, "failed": 0, "measured": 1 }"#;
    let run = only(&[&suite(1), bench, end]);
    assert_eq!((run.read.passed, &run.completeness), (1, &WHOLE));
}

#[test]
fn the_result_of_a_line_that_was_cut_is_known() {
    let mut line = r#"{ "type": "test", "name": "a", "event": "failed", "stdout": ""#.to_owned();
    line.push_str(&"\\n".repeat(LONGEST));
    line.truncate(LONGEST);
    let run = only(&[&suite(1), &test("a", "started"), &line, &end(0, 1)]);
    assert_eq!((ids(&run).0.as_str(), &run.completeness), ("a", &WHOLE));
}

#[test]
fn a_slow_test_still_runs() {
    let run = only(&[
        &suite(1),
        &test("a", "started"),
        &test("a", "timeout"),
        &test("a", "ok"),
        &end(1, 0),
    ]);
    assert_eq!((run.read.passed, &run.completeness), (1, &WHOLE));
}

#[test]
fn nextest_that_stops_at_the_first_failure_says_how_much_is_missing() {
    let run = only(&[
        r#"{"type":"suite","event":"started","test_count":10}"#,
        r#"{"type":"test","event":"started","name":"a::a$t"}"#,
        r#"{"type":"test","event":"failed","name":"a::a$t","exec_time":0.004,"stdout":""}"#,
        r#"{"type":"suite","event":"failed","passed":0,"failed":1,"filtered_out":9}"#,
    ]);
    assert_eq!((run.runner, &run.completeness), (Runner::Nextest, &WHOLE));
    assert_eq!(run.session_error.as_deref(), Some("stopped: 9 of 10 tests were not run"));
    assert_eq!((run.cases[0].duration_ms, run.cases[0].id.file.as_str()), (Some(4), "a::a"));
}

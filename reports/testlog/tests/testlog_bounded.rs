//! Goal: what is kept of a log has a bound, and reading it takes linear work, whatever it repeats.
//! Method: eight megabytes of what costs most for its length, in every format. Kept without a
//! bound it would be hundreds of megabytes; with anything quadratic in it, it would take hours.

use std::fmt::Write as _;

use testlog::{Completeness, Log};

const SIZE: usize = 8 << 20;
/// What a log may leave behind: failures, ids of what did not fail, and runs.
const KEPT: usize = 48 << 20;

/// A log of lines that differ by their number.
fn log(head: &str, line: impl Fn(&mut String, u64)) -> String {
    let mut text = head.to_owned();
    let mut number = 0;
    while text.len() < SIZE {
        line(&mut text, number);
        number += 1;
    }
    text
}

/// The bytes that a log leaves behind, roughly.
fn kept(log: &Log) -> usize {
    let of_run = |run: &testlog::TestRun| {
        let cases = run.cases.iter().map(|case| {
            let captured = case.captured.iter().map(|capture| capture.text.len());
            let id = case.id.full.len() + case.id.file.len() + case.id.name.len();
            size_of_val(case) + id + case.message.len() + captured.sum::<usize>()
        });
        size_of_val(run) + run.title.as_ref().map_or(0, String::len) + cases.sum::<usize>()
    };
    log.runs.iter().map(of_run).sum()
}

fn check(name: &str, text: &str) -> Log {
    let log = testlog::read(text.as_bytes(), None).expect("a slice");
    assert!(!log.runs.is_empty(), "{name}: nothing was read");
    let kept = kept(&log);
    assert!(kept < KEPT, "{name}: {} MB of {} runs", kept >> 20, log.runs.len());
    log
}

#[test]
fn runs_and_packages_without_end_are_counted_and_not_kept() {
    let suite =
        |tests: u64| format!(r#"{{ "type": "suite", "event": "started", "test_count": {tests} }}"#);
    let cargo =
        "running 1 test\ntest a ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored\n\n";
    let all = log("", |text, _| text.push_str(cargo));
    let runs = check("cargo", &all).runs;
    let passed: u64 = runs.iter().map(|run| run.read.passed).sum();
    assert_eq!(passed, all.matches(" ... ok").count() as u64);
    let last = runs.last().expect("runs");
    assert!(matches!(last.completeness, Completeness::Mismatch(_)), "{:?}", last.completeness);

    check("pytest", &log("", |text, _| text.push_str("=== test session starts ===\n")));
    check(
        "pytest, cut",
        &log("", |text, number| {
            let _ =
                writeln!(text, "=== test session starts ===\ncollected 3 items\na.py::t{number} ");
        }),
    );
    check(
        "libtest",
        &log("", |text, number| {
            let _ = writeln!(text, "{}", suite(5));
            let _ =
                writeln!(text, r#"{{ "type": "test", "event": "started", "name": "t{number}" }}"#);
        }),
    );
    check(
        "nextest",
        &log("", |text, number| {
            let _ = writeln!(text, r#"{{"type":"suite","event":"started","test_count":5}}"#);
            let _ = writeln!(text, r#"{{"type":"test","event":"started","name":"b{number}$t"}}"#);
        }),
    );
    check(
        "go",
        &log("", |text, number| {
            let _ = writeln!(text, r#"{{"Action":"start","Package":"p{number}"}}"#);
        }),
    );
    check(
        "reportlog",
        &log("", |text, _| {
            text.push_str("{\"$report_type\": \"SessionStart\"}\n");
        }),
    );
}

#[test]
fn tests_that_never_end_are_not_kept_without_bound() {
    check(
        "libtest",
        &log(
            "{ \"type\": \"suite\", \"event\": \"started\", \"test_count\": 1 }\n",
            |text, number| {
                let _ = writeln!(
                    text,
                    r#"{{ "type": "test", "event": "started", "name": "t{number}" }}"#
                );
            },
        ),
    );
    check(
        "go",
        &log("", |text, number| {
            let _ = writeln!(text, r#"{{"Action":"run","Package":"p","Test":"T{number}"}}"#);
        }),
    );
    check(
        "pytest",
        &log("=== test session starts ===\n2 workers [9 items]\n", |text, number| {
            let _ = writeln!(text, "a.py::t{number} \n[gw0] [ 50%] FAILED a.py::u{number} ");
        }),
    );
    check(
        "reruns",
        &log("=== test session starts ===\n", |text, number| {
            let _ = writeln!(text, "a.py::t{number} RERUN [ 50%]");
        }),
    );
    check(
        "tries",
        &log("    Starting 9 tests across 1 binary\n", |text, number| {
            let _ = writeln!(text, "  TRY 1 FAIL [   0.004s] bin t{number}");
        }),
    );
}

#[test]
fn failures_without_end_are_counted_and_the_rest_is_still_read() {
    let count = 60_000;
    let mut text = format!(
        "{{ \"type\": \"suite\", \"event\": \"started\", \"test_count\": {} }}\n",
        count + 1
    );
    let mut report = |name: &str, event: &str| {
        let _ = writeln!(text, r#"{{ "type": "test", "event": "started", "name": "{name}" }}"#);
        let _ = writeln!(text, r#"{{ "type": "test", "name": "{name}", "event": "{event}" }}"#);
    };
    for number in 0..count {
        report(&format!("tests::test_{number}"), "failed");
    }
    report("last", "ok");
    let _ = writeln!(
        text,
        r#"{{ "type": "suite", "event": "failed", "passed": 1, "failed": {count} }}"#
    );
    let log = check("libtest", &text);
    let run = &log.runs[0];
    assert_eq!((run.read.failed, run.read.passed), (count, 1));
    let unnamed = count - run.cases.len() as u64;
    let said = format!("{} failures without room for an id", reports::text::thousands(unnamed));
    assert_eq!(run.completeness, Completeness::Mismatch(vec![said]));
}

#[test]
fn one_test_with_everything_in_it_is_kept_in_part() {
    let head = "<testsuites><testsuite><testcase name=\"a\">";
    check("failures", &log(head, |text, _| text.push_str("<failure message=\"a\"/>")));
    check("outputs", &log(head, |text, _| text.push_str("<system-out>x</system-out>")));
    check("references", &log(&format!("{head}<failure>"), |text, _| text.push_str("&lt;")));
    check("depth", &log("<testsuites>", |text, _| text.push_str("<testsuite>")));
    check("attributes", &log("<testsuites><testsuite a=\"", |text, _| text.push_str("\" a=\"")));
    let head = r#"{"numTotalTests":1,"success":true,"testResults":["#;
    check(
        "suites",
        &log(head, |text, number| {
            let comma = if number == 0 { "" } else { "," };
            let _ =
                write!(text, r#"{comma}{{"name":"s{number}","status":"failed","message":"m"}}"#);
        }),
    );
    let test = r#"{"assertionResults":[{"fullName":"t","status":"failed","failureMessages":[""#;
    check("messages", &log(&format!("{head}{test}"), |text, _| text.push_str("m\",\"")));
    check("a message", &log(&format!("{head}{test}"), |text, _| text.push_str("\\n")));
    check("brackets", &log(&format!("{head}{{\"x\":"), |text, _| text.push('[')));
}

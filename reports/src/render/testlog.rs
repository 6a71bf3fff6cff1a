//! What was read from a test runner's output: counts, completeness, and each failure by its id.

use super::Style;
use crate::testlog::{Case, Completeness, Held, Log, Phase, Status, TestRun};
use crate::text::escape;

/// The page for one input.
pub fn render(log: &Log, style: Style) -> String {
    let mut text = String::new();
    for run in &log.runs {
        if !text.is_empty() {
            text.push('\n');
        }
        render_run(&mut text, run, style);
    }
    text
}

fn render_run(text: &mut String, run: &TestRun, style: Style) {
    let mut head = vec![run.runner.name().to_owned()];
    head.extend(run.version.clone());
    head.extend(run.title.clone());
    let counted = run.read.kinds().into_iter().filter(|(_, count)| *count > 0);
    let counts: Vec<String> = counted.map(|(kind, count)| format!("{count} {kind}")).collect();
    let counts = if counts.is_empty() { "no tests".to_owned() } else { counts.join(", ") };
    line(text, &format!("{}: {counts} · {}", head.join(" "), completeness(run)));
    if let Completeness::Mismatch(problems) = &run.completeness {
        for problem in problems {
            line(text, &format!("  incomplete: {problem}"));
        }
    }
    if let Some(error) = &run.session_error {
        line(text, &format!("  session: {}", first_line(error)));
    }
    if run.held == Held::Some {
        line(text, "  some failures have no id in this log");
    }
    for case in &run.cases {
        render_case(text, case, style);
    }
}

const fn completeness(run: &TestRun) -> &'static str {
    match run.completeness {
        Completeness::Reconciled => "all counts agree",
        Completeness::NoFinalLine => "incomplete: no final line",
        Completeness::Mismatch(_) => "incomplete",
    }
}

fn render_case(text: &mut String, case: &Case, style: Style) {
    let word = match (case.status, case.phase) {
        (Status::Error, Phase::Collection) => "error in collection",
        (Status::Error, Phase::Setup) => "error in setup",
        (Status::Error, Phase::Teardown) => "error in teardown",
        (Status::SubtestFailed, _) => "failed (part)",
        (status, _) => status.name(),
    };
    let part = case.subtest.as_deref().filter(|part| !part.is_empty());
    let part = part.map(|part| format!(" {part}")).unwrap_or_default();
    let attempts = match case.attempts {
        1 => String::new(),
        attempts => format!(" · {attempts} attempts"),
    };
    // The id is never cut: it is what the reader copies.
    line(text, &format!("  {word}  {}{part}{attempts}", case.id.full));
    let place = case.location.as_ref().map(|at| format!("{}:{}: ", at.file, at.line));
    let message = format!("{}{}", place.unwrap_or_default(), first_line(&case.message));
    if !message.is_empty() {
        let cut: String = message.chars().take(style.width.saturating_sub(4)).collect();
        line(text, &format!("    {cut}"));
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn line(text: &mut String, line: &str) {
    text.push_str(&escape(line));
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testlog;

    #[test]
    fn each_failure_stands_with_its_id_its_place_and_its_message() {
        let log = "\
============ test session starts ============
platform linux -- Python 3.11.7, pytest-8.4.2, pluggy-1.6.0
collected 3 items

a.py::test_a[x - y] FAILED                                      [ 33%]
a.py::test_b PASSED                                             [ 66%]
a.py::test_b ERROR                                              [ 66%]
a.py::test_c SKIPPED (no)                                       [100%]

=========== ERRORS ===========
___ ERROR at teardown of test_b ___
a.py:2: in fixture
    x
E   OSError: cannot\u{7} clean up
========== FAILURES ==========
___ test_a[x - y] ___
a.py:9: in test_a
    y
E   ValueError: wrong
===== short test summary info =====
FAILED a.py::test_a[x - y] - ValueError: wrong
ERROR a.py::test_b - OSError: cannot clean up
==== 1 failed, 1 passed, 1 skipped, 1 error in 0.10s ====
";
        let log = testlog::read(log.as_bytes(), None).expect("a slice");
        insta::assert_snapshot!(render(&log, Style::PLAIN), @r"
        pytest 8.4.2: 1 failed, 1 passed, 1 skipped, 1 errors · all counts agree
          error in teardown  a.py::test_b
            a.py:2: OSError: cannot\x07 clean up
          failed  a.py::test_a[x - y]
            a.py:9: ValueError: wrong
        ");
    }
}

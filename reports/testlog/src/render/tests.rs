//! Goal: every format says the same, and none obeys text from outside.

use std::collections::BTreeSet;

use super::*;
use crate::triage::{Input, Rules, SHIPPED, Triage};
use reports::render::{ReportFormat, Style};

const ATTACK: &str = "ValueError: =cmd|' /C calc'!A0 </failure>`x`|\u{202e}";

fn check(tests: &[(&str, Option<&str>)], look: impl Fn(&Triage<'_>)) {
    let inputs: [Input; 1] = [crate::triage::tests::input("log.txt", tests)];
    let rules = Rules::compile(vec![toml::from_str(SHIPPED).unwrap()]).unwrap();
    look(&Triage::new(&inputs, &rules, false));
}

const TESTS: [(&str, Option<&str>); 3] = [
    ("t/a.py::test_a[x - y]", Some("ConnectionRefusedError: [Errno 111] Connection refused")),
    ("t/b.py::test_b", Some("assert 6 == 7")),
    ("t/b.py::test_c", None),
];

#[test]
fn the_page_leads_from_the_cause_to_the_remedy() {
    check(&TESTS, |triage| {
        insta::assert_snapshot!(text::Text.text(triage, Style::PLAIN), @r"
        pytest: 2 failed, 1 passed · all counts agree

        2 failures in 2 groups: 1 BUG, 1 ENVIRONMENT

        BUG HIGH  The code gives another value than the test expects
          failed  t/b.py::test_b
            t/b.py:9: assert 6 == 7
            likely, by wrong-value: text `assert `
            → decide which of the two is right, the value or the expectation

        ENVIRONMENT MEDIUM  A service cannot be reached
          failed  t/a.py::test_a[x - y]
            t/a.py:9: ConnectionRefusedError: [Errno 111] Connection refused
            likely, by connection: text `Connection refused`
            → start the service before the tests and wait until it answers
        ");
    });
}

#[test]
fn a_screen_shows_the_most_urgent_groups_and_says_how_many_are_left() {
    let down = Some("ConnectionRefusedError: [Errno 111] Connection refused");
    let words: Vec<String> =
        ('a'..='y').map(|letter| format!("OddError: {letter}{letter}")).collect();
    let mut tests = vec![("t/down.py::test_1", down), ("t/down.py::test_2", down)];
    let names: Vec<String> = (0..words.len()).map(|n| format!("t/odd.py::test_{n}")).collect();
    tests.extend(names.iter().zip(&words).map(|(name, words)| (name.as_str(), Some(&**words))));
    tests.push(("t/last.py::test_bug", Some("assert 6 == 7")));
    check(&tests, |triage| {
        let page = text::Text.text(triage, Style::PLAIN);
        let first = page.split("\n\n").nth(2).unwrap();
        assert!(first.starts_with("BUG HIGH"), "{page}");
        let left = "\n… and 7 groups more, none more urgent (`--verbose`)\n";
        assert!(page.ends_with(left), "{page}");
        let verbose = Style { verbose: true, ..Style::PLAIN };
        assert!(!text::Text.text(triage, verbose).contains("--verbose"));
    });
}

#[test]
fn the_report_has_the_sections_of_the_failure_analysis() {
    check(&TESTS, |triage| {
        insta::assert_snapshot!(txt::Txt.text(triage, Style::PLAIN), @r"
        ================================================================================
        TEST FAILURE ANALYSIS REPORT
        ================================================================================

        SUMMARY
        --------------------------------------------------------------------------------
        Total Tests:    3
        Passed:         1 (33.3 %)
        Failed:         2 (66.6 %)

        FAILURES BY CATEGORY
        --------------------------------------------------------------------------------
        BUG               1 tests
          Description: Potential bug (requires investigation)
        ENVIRONMENT       1 tests
          Description: Environment-specific (hardware, timing)

        PRIORITY MATRIX
        --------------------------------------------------------------------------------
         priority   BUG   CONFIGURATION   ENVIRONMENT   TEST_DESIGN   UNKNOWN   all
        ────────────────────────────────────────────────────────────────────────────
         HIGH         1               0             0             0         0     1
         MEDIUM       0               0             1             0         0     1
         LOW          0               0             0             0         0     0
         all          1               0             1             0         0     2

        FAILURES BY TEST FILE
        --------------------------------------------------------------------------------
        t/a.py                                    1 failures
        t/b.py                                    1 failures

        FAILURES BY SIGNATURE
        --------------------------------------------------------------------------------
        a32a84b99747a97f 1 failures AssertionError | assert <n> == <n> | -
          First: t/b.py::test_b
        6d4f9ab65976a962 1 failures ConnectionRefusedError | ConnectionRefusedError:
          [Errno <n>] Connection refused | -
          First: t/a.py::test_a[x - y]

        DETAILED FAILURE ANALYSIS
        --------------------------------------------------------------------------------
        1. t/a.py::test_a[x - y]
           Status:   failed
           File:     t/a.py
           Priority: MEDIUM, ENVIRONMENT
           Reason:   A service cannot be reached
           Decided:  by connection, likely, ambiguous
           Evidence: text `Connection refused`
           Message:  ConnectionRefusedError: [Errno 111] Connection refused
           Place:    t/a.py:9
           Remedy:   start the service before the tests and wait until it answers
        2. t/b.py::test_b
           Status:   failed
           File:     t/b.py
           Priority: HIGH, BUG
           Reason:   The code gives another value than the test expects
           Decided:  by wrong-value, likely, ambiguous
           Evidence: text `assert `
           Message:  assert 6 == 7
           Place:    t/b.py:9
           Remedy:   decide which of the two is right, the value or the expectation
        ");
    });
}

#[test]
fn a_comment_has_the_matrix_and_a_row_for_each_group() {
    check(&TESTS, |triage| {
        let page = markdown::Markdown.text(triage, Style::PLAIN);
        assert!(page.starts_with("## 2 failures in 2 groups\n"), "{page}");
        assert!(page.contains("\n| MEDIUM | 0 | 0 | 1 | 0 | 0 | 1 |\n"), "{page}");
        let row =
            "\n| ENVIRONMENT | MEDIUM | 1 | `A service cannot be reached` (`connection`, likely)";
        assert!(page.contains(row), "{page}");
    });
}

#[test]
fn the_inventory_is_read_back_row_by_row_and_runs_no_formula() {
    let tests = [("=a.py::test_a", Some(ATTACK)), ("b.py::test_b", Some("assert 1 == 2"))];
    check(&tests, |triage| {
        let text = csv::Csv.text(triage, Style::PLAIN);
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(&rows[0][0], "'=a.py");
        let head: Vec<_> = rows[1].iter().take(5).collect();
        assert_eq!(head, ["b.py", "test_b", "FAILED", "BUG", "HIGH"]);
        assert!(!text.contains('\u{202e}'));
    });
}

#[test]
fn no_text_from_outside_is_markup() {
    check(&[("a.py::test_a", Some(ATTACK))], |triage| {
        let xml = junit::Junit.text(triage, Style::PLAIN);
        let report = quick_junit::Report::deserialize_from_str(&xml).unwrap();
        assert_eq!(report.test_suites[0].failures, 1);
        assert_eq!(xml.matches("</failure>").count(), 1, "{xml}");
        let page = markdown::Markdown.text(triage, Style::PLAIN);
        assert!(page.contains("``") && page.contains("¦") && !page.contains('\u{202e}'), "{page}");
    });
}

#[test]
fn the_json_is_read_back_and_keeps_every_letter() {
    check(&[("a.py::test_a", Some(ATTACK))], |triage| {
        let text = json::Json.text(triage, Style::PLAIN);
        assert!(!text.contains('\u{202e}'));
        let report: json::Report = serde_json::from_str(&text).unwrap();
        assert_eq!(report.failures[0].message, ATTACK);
        assert_eq!(report.groups[0].id, report.failures[0].group);
    });
}

#[test]
fn every_failure_is_in_one_cell_of_the_matrix() {
    check(&TESTS, |triage| {
        insta::assert_snapshot!(matrix::Matrix.text(triage, Style::PLAIN), @r"
        2 failures
         priority   BUG   CONFIGURATION   ENVIRONMENT   TEST_DESIGN   UNKNOWN   all
        ────────────────────────────────────────────────────────────────────────────
         HIGH         1               0             0             0         0     1
         MEDIUM       0               0             1             0         0     1
         LOW          0               0             0             0         0     0
         all          1               0             1             0         0     2
        ");
    });
}

#[test]
fn no_two_formats_share_a_word_or_a_file() {
    let formats = TRIAGE.map(|format| format.format());
    for name in [|f: &ReportFormat| f.word, |f: &ReportFormat| f.file] {
        let names: BTreeSet<&str> = formats.iter().map(name).collect();
        assert_eq!(names.len(), TRIAGE.len(), "{names:?}");
    }
}

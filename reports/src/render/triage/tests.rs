//! Goal: every format says the same, and none obeys text from outside.

use super::*;
use crate::render::Style;
use crate::triage::{Input, Rules, SHIPPED, Triage};

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
        insta::assert_snapshot!(text::render(triage, false, Style::PLAIN), @"");
    });
}

#[test]
fn the_report_has_the_sections_of_the_failure_analysis() {
    check(&TESTS, |triage| insta::assert_snapshot!(txt::render(triage), @""));
}

#[test]
fn a_comment_has_the_matrix_and_a_row_for_each_group() {
    check(&TESTS, |triage| insta::assert_snapshot!(markdown::render(triage), @""));
}

#[test]
fn the_inventory_is_read_back_row_by_row_and_runs_no_formula() {
    let tests = [("=a.py::test_a", Some(ATTACK)), ("b.py::test_b", Some("assert 1 == 2"))];
    check(&tests, |triage| {
        let text = csv::render(triage);
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
        let xml = junit::render(triage);
        let report = quick_junit::Report::deserialize_from_str(&xml).unwrap();
        assert_eq!(report.test_suites[0].failures, 1);
        assert_eq!(xml.matches("</failure>").count(), 1, "{xml}");
        let page = markdown::render(triage);
        assert!(page.contains("``") && page.contains("¦") && !page.contains('\u{202e}'), "{page}");
    });
}

#[test]
fn the_json_is_read_back_and_keeps_every_letter() {
    check(&[("a.py::test_a", Some(ATTACK))], |triage| {
        let text = json::render(triage);
        assert!(!text.contains('\u{202e}'));
        let report: json::Report = serde_json::from_str(&text).unwrap();
        assert_eq!(report.failures[0].message, ATTACK);
        assert_eq!(report.groups[0].id, report.failures[0].group);
    });
}

#[test]
fn every_failure_is_in_one_cell_of_the_matrix() {
    check(&TESTS, |triage| {
        insta::assert_snapshot!(matrix::render(triage, Style::PLAIN), @"");
    });
}

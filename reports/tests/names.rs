//! Goal: a name alone says little, and what it says is right more often than not.
//! Method: `triage/names.tsv` has every test of fraiseql 1.9.1's chaos suite with the category of
//! what would make it fail, set down from its body before any rule was touched; a `-` where the
//! body says nothing. The log has their names and no errors, as the original analyser saw them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use reports::testlog;
use reports::triage::{Rules, SHIPPED};

const NAMES: &str = include_str!("triage/names.tsv");
const UNKNOWN: &str = "UNKNOWN";

/// The label and the answer of each test whose cause is readable; the page of what is wrong.
fn judged() -> (Vec<(&'static str, &'static str)>, String) {
    let rows = NAMES.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let labels: BTreeMap<&str, &str> = rows.map(|row| (row[0], row[1])).collect();
    assert_eq!(labels.len(), 137, "every test once");
    let mut text = "===== test session starts =====\ncollected 137 items\n\n".to_owned();
    labels.keys().for_each(|id| {
        let _ = writeln!(text, "{id} FAILED");
    });
    text.push_str("\n===== 137 failed in 1.00s =====\n");
    let log = testlog::read(text.as_bytes(), None).expect("a slice");
    let rules = Rules::compile(vec![toml::from_str(SHIPPED).expect("the shipped rules")]);
    let rules = rules.expect("they compile");
    let mut wrong = String::new();
    let mut pairs = Vec::new();
    for case in log.runs[0].failures() {
        let id = case.id.full.as_str();
        let label = labels[id];
        let decided = rules.decide(case);
        let answer = decided.as_ref().map_or(UNKNOWN, |(rule, _)| rule.category.name());
        if label != "-" {
            if label != answer {
                let by = decided.map(|(rule, evidence)| format!(" ({}, {evidence})", rule.name));
                let _ = writeln!(wrong, "{id}: {label}, not {answer}{}", by.unwrap_or_default());
            }
            pairs.push((label, answer));
        }
    }
    (pairs, wrong)
}

#[test]
fn a_quarter_of_the_readable_names_at_most_is_left_open_and_most_answers_are_right() {
    let (pairs, wrong) = judged();
    let count = |holds: &dyn Fn(&str, &str) -> bool| {
        pairs.iter().filter(|(label, answer)| holds(label, answer)).count()
    };
    let open = count(&|_, answer| answer == UNKNOWN);
    let right = count(&|label, answer| label == answer);
    assert_eq!(pairs.len(), 128, "readable");
    assert!(open * 4 <= pairs.len(), "{open} of {} are open\n{wrong}", pairs.len());
    let answered = pairs.len() - open;
    assert!(right * 10 >= answered * 7, "{right} right of {answered}\n{wrong}");
}

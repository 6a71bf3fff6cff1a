//! Goal: the rules say of failures that they were not written for what is true of them.
//! Method: suites over real libraries, each test broken on purpose under a label that its author
//! set down before it ran; `triage/suites.tar.gz` has them and their logs. Rules were written from
//! `known`; `unseen` has other libraries, and its log was not read while they were. No answer is a
//! wrong answer.

mod archive;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use reports::Category;
use testlog::triage::{Rules, SHIPPED};

const KNOWN: (&str, &str) = ("known/log.txt", include_str!("triage/known/labels.tsv"));
const UNSEEN: (&str, &str) = ("unseen/log.txt", include_str!("triage/unseen/labels.tsv"));

const ASKED: [Category; 4] =
    [Category::Bug, Category::Configuration, Category::Environment, Category::TestDesign];

/// Each test with its label and the answer; the page of what is wrong.
fn judged((log, labels): (&str, &str)) -> (Vec<(String, String)>, String) {
    let labels: BTreeMap<&str, &str> =
        labels.lines().map(|line| line.split_once('\t').expect("an id and a label")).collect();
    let log = archive::unpacked("triage/suites.tar.gz").remove(log).expect("a log");
    let log = testlog::read(log.as_slice(), None).expect("a slice");
    assert!(log.runs[0].completeness.is_complete(), "{:?}", log.runs[0].completeness);
    // Rules alone: nearly all of a suite fails, and evidence of the run would answer for them.
    let rules = Rules::compile(vec![toml::from_str(SHIPPED).expect("the shipped rules")]);
    let rules = rules.expect("they compile");
    let failures: Vec<_> = log.runs[0].failures().collect();
    assert_eq!(failures.len(), labels.len(), "every labelled test failed once");
    let mut wrong = String::new();
    let mut pairs = Vec::new();
    for case in failures {
        let id = case.id.full.as_str();
        let decided = rules.decide(case);
        let (category, rule, evidence) =
            decided.as_ref().map_or((Category::Unknown, "-", ""), |(rule, evidence)| {
                (rule.category, rule.name.as_str(), evidence.as_str())
            });
        let (label, answer) = (labels[id], category.name());
        if label != answer {
            let _ = writeln!(wrong, "{id}: {label}, not {answer} ({rule}, {evidence})");
        }
        pairs.push((label.to_owned(), answer.to_owned()));
    }
    (pairs, wrong)
}

#[expect(clippy::cast_precision_loss, reason = "some dozens")]
fn macro_f1(pairs: &[(String, String)]) -> f64 {
    let scores = ASKED.map(|category| {
        let name = category.name();
        let count = |holds: &dyn Fn(&(String, String)) -> bool| {
            pairs.iter().filter(|pair| holds(pair)).count() as f64
        };
        let both = count(&|(label, answer)| label == name && answer == name);
        2.0 * both / (count(&|(label, _)| label == name) + count(&|(_, answer)| answer == name))
    });
    scores.iter().sum::<f64>() / scores.len() as f64
}

#[test]
fn the_rules_hold_for_failures_of_libraries_that_they_were_not_written_for() {
    let (pairs, wrong) = judged(UNSEEN);
    let score = macro_f1(&pairs);
    assert!(pairs.len() >= 50 && score >= 0.8, "macro-F1 {score:.3} of {}\n{wrong}", pairs.len());
}

#[test]
fn the_rules_hold_for_the_failures_that_they_were_written_from() {
    let (pairs, wrong) = judged(KNOWN);
    let score = macro_f1(&pairs);
    assert!(pairs.len() >= 50 && score >= 0.9, "macro-F1 {score:.3} of {}\n{wrong}", pairs.len());
}

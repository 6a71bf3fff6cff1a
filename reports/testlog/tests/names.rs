//! Goal: of a suite that injects faults, a name says little but is right more often than not, and
//! what the errors say is right nearly always.
//! Method: `triage/fraiseql/labels.tsv` has every test of fraiseql 1.9.1's chaos suite with the
//! category of what would make it fail, set down from its body before any rule was touched; a `-`
//! where the body says nothing. Once the rules see their names only, as the original analyser did.
//! Once they see the logs of real runs of that suite: on two processors and on four, with a
//! database, and without the one that it needs.

mod archive;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use testlog::triage::{Rules, SHIPPED};

const LABELS: &str = include_str!("triage/fraiseql/labels.tsv");
/// Real runs: two processors, four, with a database, and without the one that it needs.
fn runs() -> [String; 4] {
    let mut packed = archive::unpacked("triage/fraiseql/runs.tar.gz");
    let mut run = |name: &str| {
        String::from_utf8(packed.remove(name).expect("a log in the archive")).expect("UTF-8")
    };
    [
        run("two-processors.log"),
        run("four-processors.log"),
        run("database.log"),
        include_str!("triage/fraiseql/no-database.log").to_owned(),
    ]
}

const UNKNOWN: &str = "UNKNOWN";

/// The label of each test.
fn labels() -> BTreeMap<&'static str, &'static str> {
    let rows = LABELS.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let labels: BTreeMap<_, _> = rows.map(|row| (row[0], row[1])).collect();
    assert_eq!(labels.len(), 137, "every test once");
    labels
}

/// How the failures of some logs whose cause is readable were judged.
#[derive(Default)]
struct Judged {
    readable: usize,
    open: usize,
    right: usize,
    wrong: String,
}

impl Judged {
    fn of(logs: &[String]) -> Self {
        let labels = labels();
        let rules = Rules::compile(vec![toml::from_str(SHIPPED).expect("the shipped rules")]);
        let rules = rules.expect("they compile");
        let mut judged = Self::default();
        for log in logs {
            let log = testlog::read(log.as_bytes(), None).expect("a slice");
            assert!(log.runs[0].completeness.is_complete(), "{:?}", log.runs[0].completeness);
            for case in log.runs[0].failures() {
                let label = labels[case.id.full.as_str()];
                if label == "-" {
                    continue;
                }
                let decided = rules.decide(case);
                let answer = decided.as_ref().map_or(UNKNOWN, |(rule, _)| rule.category.name());
                judged.readable += 1;
                judged.open += usize::from(answer == UNKNOWN);
                judged.right += usize::from(answer == label);
                if answer != label {
                    let by = decided.map(|(rule, evidence)| format!("{}, {evidence}", rule.name));
                    let (id, by) = (&case.id.full, by.unwrap_or_default());
                    let _ = writeln!(judged.wrong, "{id}: {label}, not {answer} ({by})");
                }
            }
        }
        judged
    }
}

#[test]
fn a_quarter_of_the_readable_names_at_most_is_left_open_and_most_answers_are_right() {
    let mut log = "===== test session starts =====\ncollected 137 items\n\n".to_owned();
    for id in labels().keys() {
        let _ = writeln!(log, "{id} FAILED");
    }
    log.push_str("\n===== 137 failed in 1.00s =====\n");
    let Judged { readable, open, right, wrong } = Judged::of(&[log]);
    assert_eq!(readable, 128);
    assert!(open * 4 <= readable, "{open} of {readable} are open\n{wrong}");
    let answered = readable - open;
    assert!(right * 10 >= answered * 7, "{right} right of {answered}\n{wrong}");
}

#[test]
fn what_real_runs_print_is_judged_right_nine_times_in_ten() {
    let Judged { readable, right, wrong, .. } = Judged::of(&runs());
    assert_eq!(readable, 22);
    assert!(right * 10 >= readable * 9, "{right} right of {readable}\n{wrong}");
}

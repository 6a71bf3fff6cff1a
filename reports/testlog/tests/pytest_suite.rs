//! Goal: every failing and every passing id of a hard suite is read, and none is invented.
//! Method: the suite in `pytest_suite/` was run by `scripts/pytest-logs` in four versions of
//! pytest and many variants. `suite/pytest.tar.gz` has what each printed (`.log`) and what pytest
//! itself counted (`.tsv`, written by a plugin from pytest's own lists); `suite/logs.tsv` lists
//! them with their sums. Each log is read as text and checked against pytest's list.

mod archive;

use std::collections::BTreeMap;
use std::io::BufReader;
use std::sync::LazyLock;

use testlog::{Completeness, Phase, Status, TestRun};

/// What a variant's text holds at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// The id of every test.
    Everything,
    /// The ids of failures; what holds is a dot.
    Failures,
    /// The ids of failures, in lines without a header to say where an id ends: `t[a] - b] - x`
    /// is `t[a]` or `t[a] - b]`. Ids are compared up to the first such place.
    Ambiguous,
    /// As `Ambiguous`, with the ids of what holds.
    AmbiguousAll,
    /// As `Failures`, and no final line to reconcile with.
    NoFinalLine,
}

/// By name. The variants that are not named have `-v` or `-rA`, and hold everything.
fn holds(variant: &str) -> Holds {
    match variant {
        "quieter" => Holds::NoFinalLine,
        "q-ra-no" => Holds::AmbiguousAll,
        "plain-no" | "plain-line" | "q-no" | "q-line" => Holds::Ambiguous,
        _ if variant.ends_with("-ra") => Holds::Everything,
        _ if variant.starts_with("plain-") || variant.starts_with("q-") => Holds::Failures,
        _ if variant.ends_with("-plain") || variant.ends_with("-q") => Holds::Failures,
        "rerun-rr" | "ci-q-native" => Holds::Failures,
        _ => Holds::Everything,
    }
}

/// Ids by kind, each as often as it was counted.
type Ids = BTreeMap<&'static str, Vec<String>>;

static FILES: LazyLock<BTreeMap<String, Vec<u8>>> =
    LazyLock::new(|| archive::unpacked("suite/pytest.tar.gz"));

fn text(file: &str) -> &'static str {
    let bytes = FILES.get(file).unwrap_or_else(|| panic!("no {file} in the archive"));
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// One line of the table: a log, the code that pytest exited with, and its counts in words.
struct Listed {
    log: &'static str,
    exit: u8,
    counts: &'static str,
}

fn table() -> Vec<Listed> {
    let rows = include_str!("suite/logs.tsv").lines().skip(1);
    let listed = rows.map(|row| match row.split('\t').collect::<Vec<_>>()[..] {
        [log, exit, counts] => Listed { log, exit: exit.parse().expect("a code"), counts },
        _ => panic!("not three fields: {row}"),
    });
    listed.collect()
}

/// What pytest counted, and the code it exited with.
fn truth(log: &str) -> (Ids, u8) {
    let text = text(&log.replace(".log", ".tsv"));
    let mut ids = Ids::new();
    let mut exit = None;
    for line in text.lines() {
        let mut fields = line.splitn(3, '\t');
        let (category, when) = (fields.next().expect("a kind"), fields.next().expect("a phase"));
        if category == "exit" {
            exit = Some(when.parse().expect("a code"));
            continue;
        }
        let kind = match (category, when) {
            ("failed" | "subtests failed", _) => "failed",
            ("error", "setup") => "error in setup",
            ("error", "teardown") => "error in teardown",
            ("error", _) => "error in collection",
            ("passed", _) => "passed",
            _ => continue,
        };
        ids.entry(kind).or_default().push(fields.next().expect("an id").to_owned());
    }
    (ids, exit.expect("an exit code"))
}

fn read(run: &TestRun, old: bool) -> Ids {
    let mut ids = Ids::new();
    for case in &run.cases {
        let kind = match (case.status, case.phase) {
            (Status::Failed | Status::SubtestFailed, _) => "failed",
            (Status::Error, Phase::Setup) => "error in setup",
            (Status::Error, Phase::Teardown) => "error in teardown",
            (Status::Error, _) => "error in collection",
            (Status::Flaky, _) => "passed",
            _ => continue,
        };
        ids.entry(kind).or_default().push(case.id.full.clone());
    }
    // Version 6 counts parts that held as tests that passed.
    for (status, id) in run.quiet.iter() {
        if status == Status::Passed || old && status == Status::SubtestPassed {
            ids.entry("passed").or_default().push(id);
        }
    }
    ids
}

fn sorted(mut ids: Ids, holds: Holds) -> Ids {
    if !matches!(holds, Holds::Everything | Holds::AmbiguousAll) {
        ids.remove("passed");
    }
    if matches!(holds, Holds::Ambiguous | Holds::AmbiguousAll) {
        // Without headers nothing tells a setup from a teardown either.
        let errors: Vec<String> = ["error in setup", "error in teardown"]
            .iter()
            .filter_map(|kind| ids.remove(kind))
            .flatten()
            .collect();
        ids.insert("error", errors);
        for id in ids.values_mut().flatten() {
            if let Some(at) = id.find("] - ") {
                id.truncate(at + 1);
            }
        }
    }
    for list in ids.values_mut() {
        list.sort();
    }
    ids
}

/// What is wrong with one log, a line for each finding.
fn findings(log: &str) -> Vec<String> {
    let (version, name) = log.split_once('/').expect("a version and a name");
    let holds = holds(name.strip_suffix(".log").expect("a log"));
    let read_log = testlog::read(BufReader::new(&*FILES[log]), None).expect("a slice");
    let [run] = read_log.runs.as_slice() else {
        return vec![format!("{} runs", read_log.runs.len())];
    };
    let (truth, exit) = truth(log);
    let old = version == "v62";
    let (expected, found) = (sorted(truth, holds), sorted(read(run, old), holds));
    let mut wrong = Vec::new();
    for kind in expected.keys().chain(found.keys()) {
        let (mut missed, mut invented) =
            (expected.get(kind).cloned().unwrap_or_default(), Vec::new());
        for id in found.get(kind).into_iter().flatten() {
            match missed.iter().position(|known| known == id) {
                Some(at) => drop(missed.remove(at)),
                None => invented.push(id.clone()),
            }
        }
        wrong.extend(missed.iter().map(|id| format!("{kind}: missed {id:?}")));
        wrong.extend(invented.iter().map(|id| format!("{kind}: invented {id:?}")));
    }
    let ended = if holds == Holds::NoFinalLine {
        Completeness::NoFinalLine
    } else {
        Completeness::Reconciled
    };
    if run.completeness != ended {
        wrong.push(format!("{:?}", run.completeness));
    }
    if run.exit_hint.is_some_and(|hint| hint != exit) {
        wrong.push(format!("exit code {exit}, read as {:?}", run.exit_hint));
    }
    wrong.sort();
    wrong.dedup();
    wrong
}

fn check(version: &str) {
    let own = |listed: &Listed| listed.log.starts_with(&format!("{version}/"));
    let logs: Vec<Listed> = table().into_iter().filter(own).collect();
    assert!(logs.len() > 45, "{} logs", logs.len());
    let all: Vec<String> = logs
        .iter()
        .flat_map(|Listed { log, .. }| {
            findings(log).into_iter().map(move |wrong| format!("{log}: {wrong}"))
        })
        .collect();
    assert!(all.is_empty(), "{} findings\n{}", all.len(), all.join("\n"));
}

#[test]
fn the_table_lists_what_is_in_the_archive() {
    let logs = FILES.keys().filter(|file| file.strip_suffix(".log").is_some());
    let listed: Vec<&str> = table().iter().map(|listed| listed.log).collect();
    assert_eq!(logs.collect::<Vec<_>>(), listed);
    for Listed { log, exit, counts } in table() {
        let mut sums = BTreeMap::<&str, u64>::new();
        let truth = text(&log.replace(".log", ".tsv"));
        let (first, reports) = truth.split_once('\n').expect("a line for the exit code");
        assert_eq!(first, format!("exit\t{exit}"), "{log}");
        for report in reports.lines() {
            *sums.entry(report.split('\t').next().expect("a kind")).or_default() += 1;
        }
        let told = counts.split(", ").map(|count| {
            let (sum, kind) = count.split_once(' ').expect("a count and a kind");
            (kind, sum.parse().expect("a number"))
        });
        assert_eq!(told.collect::<BTreeMap<_, _>>(), sums, "{log}");
    }
}

#[test]
fn every_id_of_pytest_6_is_exact() {
    check("v62");
}

#[test]
fn every_id_of_pytest_7_is_exact() {
    check("v74");
}

#[test]
fn every_id_of_pytest_8_is_exact() {
    check("v84");
}

#[test]
fn every_id_of_pytest_9_is_exact() {
    check("v90");
}

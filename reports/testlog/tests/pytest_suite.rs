//! Goal: every failing and every passing id of a hard suite is read, and none is invented.
//! Method: the suite in `pytest_suite/` was run by `scripts/pytest-logs` in four versions of
//! pytest and many variants. Beside what each printed lies what pytest itself counted, written
//! by a plugin from pytest's own lists. Each log is read as text and held against that list.

#![expect(clippy::disallowed_methods, reason = "the tests read files of the tree")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
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

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testlogs")
}

fn unpacked(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let file = File::open(path).expect("a log in the tree");
    GzDecoder::new(file).read_to_end(&mut bytes).expect("a packed log");
    bytes
}

/// What pytest counted, and the code it exited with.
fn truth(path: &Path) -> (Ids, u8) {
    let text = String::from_utf8(unpacked(path)).expect("UTF-8");
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
fn findings(log: &Path) -> Vec<String> {
    let name = log.file_name().expect("a name").to_string_lossy();
    let variant = name.strip_suffix(".log.gz").expect("a log");
    let holds = holds(variant);
    let text = unpacked(log);
    let read_log = testlog::read(BufReader::new(text.as_slice()), None).expect("a slice");
    let [run] = read_log.runs.as_slice() else {
        return vec![format!("{} runs", read_log.runs.len())];
    };
    let (truth, exit) = truth(&log.with_file_name(format!("{variant}.tsv.gz")));
    let old = log.parent().is_some_and(|folder| folder.ends_with("v62"));
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
    let mut logs: Vec<PathBuf> = fs::read_dir(folder().join(version))
        .expect("a version's folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.to_string_lossy().ends_with(".log.gz"))
        .collect();
    logs.sort();
    assert!(logs.len() > 45, "{} logs", logs.len());
    let all: Vec<String> = logs
        .iter()
        .flat_map(|log| {
            let name = log.file_name().expect("a name").to_string_lossy().into_owned();
            findings(log).into_iter().map(move |wrong| format!("{name}: {wrong}"))
        })
        .collect();
    assert!(all.is_empty(), "{} findings\n{}", all.len(), all.join("\n"));
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

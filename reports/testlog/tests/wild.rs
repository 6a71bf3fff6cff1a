//! Goal: logs of real projects, which nobody made for this reader, are read exactly or said to be
//! incomplete. Method: `wild/logs.tsv` lists logs that were printed by real suites or published
//! by others, each with what its own runner counted; where the runner also wrote down every
//! result, the ids are compared with these. Every log is read a second time behind each kind of
//! prefix, encoding and line end, and a third time cut off.

mod archive;
mod wild {
    pub(super) mod dress;
    pub(super) mod table;
}

use std::collections::BTreeMap;

use testlog::{Completeness, Held, Log, Status, TestRun};

use wild::dress;
use wild::table::{self, Counted, Entry, State};

/// Ids by kind, each as often as it was reported.
type Ids = BTreeMap<(usize, String), Vec<String>>;

fn state(run: &TestRun) -> State {
    match run.completeness {
        Completeness::Reconciled => State::Whole,
        Completeness::NoFinalLine => State::Cut,
        Completeness::Mismatch(_) => State::Mismatch,
    }
}

fn counted(run: &TestRun) -> Counted {
    let read = &run.read;
    Counted {
        failed: read.failed + read.subtests_failed,
        errors: read.errors,
        passed: read.passed,
        xpassed: read.xpassed,
        // Runners differ in where they count a part that was skipped or failed as marked.
        skipped: read.skipped + read.xfailed + read.subtests_skipped,
    }
}

fn ids(log: &Log) -> Ids {
    let mut ids = Ids::new();
    for (at, run) in log.runs.iter().enumerate() {
        let mut add = |kind: &str, id: String| {
            ids.entry((at, kind.to_owned())).or_default().push(id);
        };
        for case in &run.cases {
            let kind = match case.status {
                Status::Error => "error",
                Status::Flaky => "passed",
                _ => "failed",
            };
            add(kind, case.id.full.clone());
        }
        for (status, id) in run.quiet.iter() {
            if status == Status::Passed && run.held == Held::All {
                add("passed", id);
            }
        }
    }
    ids
}

/// What is there and not in the other, each entry as often as it is there.
fn beyond(one: Option<&Vec<String>>, other: Option<&Vec<String>>) -> Vec<String> {
    let mut left = other.cloned().unwrap_or_default();
    let mut found = Vec::new();
    for id in one.into_iter().flatten() {
        match left.iter().position(|known| known == id) {
            Some(at) => drop(left.swap_remove(at)),
            None => found.push(id.clone()),
        }
    }
    found
}

/// What is wrong with what was read of a log, a line for each finding.
fn findings(entry: &Entry, log: &Log) -> Vec<String> {
    let mut wrong = Vec::new();
    let states: Vec<State> = log.runs.iter().map(state).collect();
    if states != entry.states {
        let problems: Vec<_> = log.runs.iter().map(|run| &run.completeness).collect();
        wrong.push(format!("{states:?} instead of {:?}: {problems:?}", entry.states));
    }
    for (run, expected) in log.runs.iter().zip(&entry.counts) {
        // Of what was cut off, only a part can have been read.
        if state(run) == State::Whole && counted(run) != *expected {
            wrong.push(format!("read {:?} of {expected:?}", counted(run)));
        }
    }
    if !entry.has_ids {
        return wrong;
    }
    let (expected, found) = (table::ids(&entry.name), ids(log));
    for key in expected.keys().chain(found.keys()) {
        let (at, kind) = key;
        let Some(run) = log.runs.get(*at) else { continue };
        let known = kind != "passed" || run.held == Held::All;
        let (expected, found) = (expected.get(key), found.get(key));
        if known && state(run) == State::Whole {
            wrong.extend(beyond(expected, found).iter().map(|id| format!("{kind}: missed {id:?}")));
        }
        wrong.extend(beyond(found, expected).iter().map(|id| format!("{kind}: invented {id:?}")));
    }
    wrong.sort();
    wrong.dedup();
    wrong
}

fn report(findings: &[String]) {
    let shown: Vec<&str> = findings.iter().take(60).map(String::as_str).collect();
    assert!(findings.is_empty(), "{} findings\n{}", findings.len(), shown.join("\n"));
}

#[test]
fn every_log_is_read_exactly_or_said_to_be_incomplete() {
    let mut all = Vec::new();
    for entry in table::entries() {
        let log = table::read(table::bytes(&entry.name));
        let wrong = findings(&entry, &log);
        all.extend(wrong.into_iter().map(|wrong| format!("{}: {wrong}", entry.name)));
    }
    report(&all);
}

#[test]
fn the_table_lists_what_is_in_the_archives() {
    let listed = table::entries().into_iter().flat_map(|Entry { name, has_ids, .. }| {
        let ids = has_ids.then(|| format!("{name}.ids"));
        ids.into_iter().chain([format!("{name}.log")])
    });
    let mut listed: Vec<String> = listed.collect();
    listed.sort();
    assert_eq!(table::files().collect::<Vec<_>>(), listed);
}

#[test]
fn the_table_has_logs_of_many_projects_and_of_every_runner() {
    let entries = table::entries();
    for runner in ["pytest", "cargo", "nextest", "go", "jest", "junit"] {
        assert!(entries.iter().any(|entry| entry.runner == runner), "{runner}");
    }
    for entry in &entries {
        let log = table::read(table::bytes(&entry.name));
        let read = log.runs.first().map(|run| run.runner);
        assert!(read.is_none_or(|read| entry.runner.contains(read.name())), "{}", entry.name);
    }
}

/// Whether a log is text that may stand behind a prefix, and does not yet.
fn is_bare(entry: &Entry) -> bool {
    let text = ["pytest", "cargo", "nextest"].contains(&entry.runner.as_str());
    text && !entry.origin.contains("behind ")
}

#[test]
fn no_prefix_encoding_or_line_end_changes_what_is_read() {
    let mut all = Vec::new();
    for entry in table::entries().into_iter().filter(is_bare) {
        let bytes = table::bytes(&entry.name);
        for (dress, wear) in dress::DRESSES {
            let log = table::read(&wear(bytes));
            // Letters alone, without an end, may be words of anything.
            if log.runs.is_empty() && entry.states == [State::Cut] {
                continue;
            }
            let wrong = findings(&entry, &log);
            all.extend(wrong.into_iter().map(|wrong| format!("{} {dress}: {wrong}", entry.name)));
        }
    }
    report(&all);
}

#[test]
fn a_log_that_is_cut_off_is_said_to_be_and_invents_nothing() {
    let mut all = Vec::new();
    // Suites of pytest's plugins print whole sessions, and only the end shows that these are not
    // their own.
    let listed = |entry: &Entry| entry.has_ids && !entry.name.starts_with("py-pytest");
    for entry in table::entries().into_iter().filter(listed) {
        let bytes = table::bytes(&entry.name);
        let lasting = entry.states.len();
        for part in 1..=12 {
            // A Go test that was running has no result, and is an error of the log's own.
            let log = table::read(&bytes[..bytes.len() * part / 13]);
            let whole = log.runs.iter().filter(|run| state(run) == State::Whole).count();
            // What follows the final line says nothing more.
            if lasting == 1 && whole > 0 && !findings(&entry, &log).is_empty() {
                all.push(format!("{} at {part}/13 is called whole", entry.name));
            }
            let (known, found) = (table::ids(&entry.name), ids(&log));
            for (key, found) in
                found.iter().filter(|(key, _)| key.1 != "error" || entry.runner != "go")
            {
                // Before the summary only a header names a test, without its file.
                let bare = |id: &String| {
                    let all = known.get(key).into_iter().flatten();
                    all.clone().any(|known| known.ends_with(&format!("::{id}")))
                };
                let mut invented = beyond(Some(found), known.get(key));
                invented.retain(|id| !bare(id));
                let finding =
                    |id| format!("{} at {part}/13: {} invented {id:?}", entry.name, key.1);
                all.extend(invented.into_iter().map(finding));
            }
        }
    }
    report(&all);
}

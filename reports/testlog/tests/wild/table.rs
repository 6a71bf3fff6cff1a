//! The table of logs, and what stands beside each.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use testlog::Log;

/// What has to be said about one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Whole,
    Cut,
    Mismatch,
}

/// What the runner itself counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) failed: u64,
    pub(crate) errors: u64,
    pub(crate) passed: u64,
    pub(crate) xpassed: u64,
    /// And failed as marked.
    pub(crate) skipped: u64,
}

/// One line of the table.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// The project, and how the log was made or where it was published.
    pub(crate) origin: String,
    pub(crate) runner: String,
    pub(crate) states: Vec<State>,
    pub(crate) counts: Vec<Counted>,
    /// Whether a file beside the log holds the id of every result.
    pub(crate) has_ids: bool,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wild")
}

fn unpacked(file: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let packed = File::open(folder().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    GzDecoder::new(packed).read_to_end(&mut bytes).expect("a packed file");
    bytes
}

/// Every log.
pub(crate) fn entries() -> Vec<Entry> {
    let text = std::fs::read_to_string(folder().join("logs.tsv")).expect("the table");
    text.lines().skip(1).map(entry).collect()
}

fn entry(line: &str) -> Entry {
    let fields: Vec<&str> = line.split('\t').collect();
    let [name, origin, runner, states, counts, ids] = fields.as_slice() else {
        panic!("not six fields: {line}");
    };
    Entry {
        name: (*name).to_owned(),
        origin: (*origin).to_owned(),
        runner: (*runner).to_owned(),
        states: parts(states).map(state).collect(),
        counts: parts(counts).map(counted).collect(),
        has_ids: *ids == "ids",
    }
}

fn parts(field: &str) -> impl Iterator<Item = &str> {
    field.split("; ").filter(|run| !run.is_empty())
}

fn state(word: &str) -> State {
    match word {
        "whole" => State::Whole,
        "cut" => State::Cut,
        "mismatch" => State::Mismatch,
        _ => panic!("no state: {word}"),
    }
}

/// `2 failed, 85 passed`; `nothing` where nothing ran.
fn counted(text: &str) -> Counted {
    let mut counted = Counted::default();
    if text == "nothing" {
        return counted;
    }
    for part in text.split(", ") {
        let (count, kind) = part.split_once(' ').expect("a count and a kind");
        let sum = match kind {
            "failed" => &mut counted.failed,
            "errors" => &mut counted.errors,
            "passed" => &mut counted.passed,
            "xpassed" => &mut counted.xpassed,
            "skipped" => &mut counted.skipped,
            _ => panic!("no kind: {kind}"),
        };
        *sum = count.parse().expect("a number");
    }
    counted
}

/// What a log holds, to the byte.
pub(crate) fn bytes(name: &str) -> Vec<u8> {
    unpacked(&format!("{name}.gz"))
}

/// The id of every result, by run and kind.
pub(crate) fn ids(name: &str) -> BTreeMap<(usize, String), Vec<String>> {
    let text = String::from_utf8(unpacked(&format!("{name}.ids.gz"))).expect("UTF-8");
    let mut ids: BTreeMap<(usize, String), Vec<String>> = BTreeMap::new();
    for line in text.lines() {
        let mut fields = line.splitn(3, '\t');
        let run = fields.next().and_then(|run| run.parse().ok()).expect("a run");
        let kind = fields.next().expect("a kind").to_owned();
        ids.entry((run, kind)).or_default().push(fields.next().expect("an id").to_owned());
    }
    ids
}

/// Reads a log as the program does.
pub(crate) fn read(bytes: &[u8]) -> Log {
    testlog::read(BufReader::new(bytes), None).expect("a slice")
}

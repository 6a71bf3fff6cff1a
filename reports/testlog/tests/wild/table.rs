//! The table of logs, and what is in the archives for each.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufReader;
use std::sync::LazyLock;

use testlog::Log;

use crate::archive::unpacked;

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
    /// Whether the log's archive holds the id of every result as well.
    pub(crate) has_ids: bool,
}

impl Entry {
    /// The archive that the log is in: that of the runner, whatever its format.
    fn archive(&self) -> String {
        self.runner.split(' ').next().unwrap_or_default().to_owned()
    }
}

/// Every file of every archive: one for each runner that the table names.
static FILES: LazyLock<BTreeMap<String, Vec<u8>>> = LazyLock::new(|| {
    let runners: BTreeSet<String> = entries().iter().map(Entry::archive).collect();
    let archives = runners.iter().map(|runner| unpacked(&format!("wild/{runner}.tar.gz")));
    archives.flatten().collect()
});

fn file(name: &str) -> &'static [u8] {
    FILES.get(name).unwrap_or_else(|| panic!("no {name} in the archives"))
}

/// The names of all that is in the archives.
pub(crate) fn files() -> impl Iterator<Item = &'static str> {
    FILES.keys().map(String::as_str)
}

/// Every log.
pub(crate) fn entries() -> Vec<Entry> {
    include_str!("logs.tsv").lines().skip(1).map(entry).collect()
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
pub(crate) fn bytes(name: &str) -> &'static [u8] {
    file(&format!("{name}.log"))
}

/// The id of every result, by run and kind.
pub(crate) fn ids(name: &str) -> BTreeMap<(usize, String), Vec<String>> {
    let text = std::str::from_utf8(file(&format!("{name}.ids"))).expect("UTF-8");
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

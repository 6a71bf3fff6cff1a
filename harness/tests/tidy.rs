//! Goal: the habits of this code base that no lint knows.
//! Method: read every Rust file of the workspace as text. A rule is one function from a file to
//! what is wrong with it, and all findings are listed at once.

use std::fs;
use std::path::{Path, PathBuf};

const CRATES: [&str; 8] = [
    "generators",
    "mock-claude",
    "reports",
    "scenarios",
    "harness",
    "scripts/fuzz/src",
    "scripts/fuzz/fuzz_targets",
    "scripts/loom/src",
];
const MAX_COLUMNS: usize = 100;
const MAX_LINES: usize = 600;
const GOOD_LINES: usize = 400;

/// Files that quote a wire format, a shell command or a screen to the letter, which a line break
/// would corrupt.
const VERBATIM: [&str; 10] = [
    "mock-claude/examples/static.rs",
    "mock-claude/src/cli/args.rs",
    "mock-claude/src/cli/ui/draw/tests.rs",
    "mock-claude/src/api/error.rs",
    "mock-claude/src/journal/conduct/mod.rs",
    "mock-claude/src/limits/refusal.rs",
    "mock-claude/src/proxy/nearest.rs",
    "reports/src/render/ci/markdown.rs",
    "reports/src/render/compared/ablation.rs",
    "reports/src/render/failures/csv.rs",
];

/// A Rust file by its path from the workspace's root.
struct Source {
    path: String,
    text: String,
}

/// Every Rust file of every crate, tests and benches included.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = CRATES.iter().map(|name| root.join(name)).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let relative = path.strip_prefix(&root).expect("below the root");
                let text = fs::read_to_string(&path).expect("UTF-8");
                found.push(Source { path: relative.to_string_lossy().into_owned(), text });
            }
        }
    }
    found.sort_by(|left, right| left.path.cmp(&right.path));
    assert!(found.len() > 60, "only {} files were found", found.len());
    found
}

/// Holds a rule against every file; the rule gives what is wrong, with or without a line number.
fn check(rule: impl Fn(&Source) -> Vec<(usize, String)>) {
    let findings: Vec<String> = sources()
        .iter()
        .flat_map(|source| {
            let found = rule(source).into_iter();
            found.map(|(line, wrong)| format!("{}:{line}: {wrong}", source.path))
        })
        .collect();
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

/// The lines for which a test holds, counted from 1, each with what is wrong with it.
fn lines(source: &Source, wrong: impl Fn(&str) -> Option<String>) -> Vec<(usize, String)> {
    (1..).zip(source.text.lines()).filter_map(|(n, line)| Some((n, wrong(line)?))).collect()
}

#[test]
fn every_file_opens_with_why_it_exists() {
    check(|source| {
        let wrong = (1, "does not open with `//! ` and a sentence".to_owned());
        if source.text.starts_with("//! ") { Vec::new() } else { vec![wrong] }
    });
}

#[test]
fn no_line_is_longer_than_a_hundred_characters() {
    check(|source| {
        lines(source, |line| {
            let columns = line.chars().count();
            let quoted = VERBATIM.contains(&source.path.as_str());
            (columns > MAX_COLUMNS && !quoted).then(|| format!("{columns} characters"))
        })
    });
}

#[test]
#[expect(clippy::print_stderr, reason = "a file that grows is mentioned before it is refused")]
fn no_file_is_longer_than_six_hundred_lines() {
    let count = |source: &Source| source.text.lines().count();
    for source in sources().iter().filter(|source| count(source) > GOOD_LINES) {
        eprintln!("{}: {} lines, more than {GOOD_LINES}", source.path, count(source));
    }
    check(|source| match count(source) {
        lines if lines > MAX_LINES => vec![(lines, format!("more than {MAX_LINES} lines"))],
        _ => Vec::new(),
    });
}

#[test]
fn nothing_is_left_to_do() {
    // Put together here, so that this file does not find itself.
    let marks = ["todo", "unimplemented"].map(|name| format!("{name}!"));
    check(|source| {
        lines(source, |line| marks.iter().find(|mark| line.contains(mark.as_str())).cloned())
    });
}

#[test]
fn only_measure_reads_the_clock_of_the_machine() {
    let clocks = ["Instant", "SystemTime", "UNIX_EPOCH"];
    check(|source| {
        let harness = source.path.starts_with("harness/src/");
        if !harness || source.path == "harness/src/process/measure.rs" {
            return Vec::new();
        }
        lines(source, |line| {
            let clock = clocks.iter().find(|clock| line.contains(**clock))?;
            line.contains("std::time").then(|| format!("`std::time::{clock}`"))
        })
    });
}

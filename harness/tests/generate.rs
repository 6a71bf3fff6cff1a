//! Goal: generated files are the same bytes for the same seed, of exactly the size that was asked
//! for, however large, and never over something that exists.
//! Method: generate to standard output and to disk and compare; memory is what the kernel says of
//! the process while it writes into a pipe.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

#[cfg(target_os = "linux")]
use support::peak_memory_kb;
use support::{Sandbox, wait_for};

/// Generates to standard output and to disk, and gives the one text of both.
fn check(what: &[&str]) -> String {
    let sandbox = Sandbox::new();
    let command = [&["generate"], what].concat();
    let printed = sandbox.chaos(&command).exits(0).stdout;
    sandbox.chaos(&[&command[..], &["--output", "made.py"]].concat()).exits(0);
    assert!(sandbox.read("made.py") == printed, "{what:?}: the file differs from what is printed");
    printed
}

#[test]
fn a_file_has_as_many_lines_as_asked_for_and_follows_its_seed() {
    let made = check(&["file", "--lines", "500"]);
    assert_eq!(made.lines().count(), 500);
    assert!(made == check(&["file", "--lines", "500", "--seed", "7"]));
    assert!(made != check(&["file", "--lines", "500", "--seed", "8"]));
}

#[test]
fn a_nested_file_is_as_deep_as_asked_for() {
    let blocks = check(&["nested", "--shape", "blocks", "--depth", "40"]);
    let indents: BTreeSet<usize> =
        blocks.lines().map(|line| line.len() - line.trim_start().len()).collect();
    assert!(indents.len() > 40, "{indents:?}");
    let brackets = check(&["nested", "--shape", "brackets", "--depth", "300"]);
    assert!(brackets.matches(['(', '[', '{']).count() >= 300);
    let expression = check(&["nested", "--shape", "expression", "--depth", "1000"]);
    assert!(expression.matches(" + ").count() >= 999);
}

/// The texts of all files below a folder, by path.
fn texts(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(texts(&path));
        } else {
            let text = fs::read_to_string(&path).expect("a text");
            found.push((path.to_string_lossy().into_owned(), text));
        }
    }
    found.sort();
    found
}

#[test]
fn a_repository_has_exactly_the_files_lines_and_duplicates_that_were_asked_for() {
    let sandbox = Sandbox::new();
    let generate = |output: &str, seed: &str| {
        let command = ["generate", "repo", "--files", "40", "--lines", "3000", "--spread"];
        let rest = ["skewed", "--duplicates", "0.25", "--seed", seed, "--output", output];
        sandbox.chaos(&[&command[..], &rest].concat()).exits(0);
        let strip = |(path, text): (String, String)| {
            let root = sandbox.path(output).to_string_lossy().into_owned();
            (path.strip_prefix(&root).expect("inside").to_owned(), text)
        };
        texts(&sandbox.path(output)).into_iter().map(strip).collect::<Vec<_>>()
    };
    let first = generate("one", "7");
    let lines: usize = first.iter().map(|(_, text)| text.lines().count()).sum();
    assert_eq!((first.len(), lines), (40, 3000));
    let different: BTreeSet<&String> = first.iter().map(|(_, text)| text).collect();
    assert_eq!(different.len(), 30, "a quarter of the files repeats others");
    assert!(first == generate("two", "7"), "the same seed");
    assert!(first != generate("three", "8"), "another seed");
}

#[test]
fn nothing_that_exists_is_overwritten() {
    let sandbox = Sandbox::new();
    sandbox.write("thesis.py", "years of work");
    let file = ["generate", "file", "--lines", "5", "--output", "thesis.py"];
    sandbox.chaos(&file).exits(2).says(&["`thesis.py` exists already", "hint:"]);
    sandbox.write("folder/thesis.py", "years of work");
    let repo = ["generate", "repo", "--files", "2", "--lines", "9", "--output", "folder"];
    sandbox.chaos(&repo).exits(2).says(&["`folder` is not empty", "hint:"]);
    assert_eq!(sandbox.names("folder"), ["thesis.py"]);
    for path in ["thesis.py", "folder/thesis.py"] {
        assert_eq!(sandbox.read(path), "years of work");
    }
}

#[test]
fn what_cannot_be_generated_is_refused_before_anything_is_written() {
    let sandbox = Sandbox::new();
    let refused = |arguments: &[&str], words: &[&str]| {
        let command = [&["generate"], arguments].concat();
        sandbox.chaos(&command).exits(2).says(words);
    };
    let huge = "18446744073709551615";
    refused(&["file", "--lines", "0"], &["--lines", "0"]);
    refused(&["file", "--lines", "-5"], &["-5"]);
    refused(&["file", "--lines", huge], &["--lines", huge]);
    refused(&["nested", "--shape", "blocks", "--depth", "20001"], &["--depth", "20000"]);
    refused(&["nested", "--shape", "spiral", "--depth", "2"], &["spiral", "blocks"]);
    let repo = ["repo", "--output", "repo", "--files"];
    refused(&[&repo[..], &["10", "--lines", "9"]].concat(), &["too few"]);
    refused(&[&repo[..], &[huge, "--lines", huge]].concat(), &["--files", huge]);
    for share in ["1.5", "-0.5", "NaN", "inf"] {
        let share = format!("--duplicates={share}");
        refused(&[&repo[..], &["2", "--lines", "9", &share]].concat(), &["from 0 to 1"]);
    }
    assert_eq!(sandbox.names("."), Vec::<String>::new());
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let sandbox = Sandbox::new();
    let mut child = sandbox
        .command(&["generate", "file", "--lines", "100000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut first = [0; 100];
    let mut pipe = child.stdout.take().expect("a pipe");
    pipe.read_exact(&mut first).expect("the first line");
    drop(pipe);
    let ran = wait_for(child).exits(0);
    assert_eq!(ran.stderr, "");
}

#[cfg(target_os = "linux")]
#[test]
fn a_million_lines_take_less_than_32_mb_of_memory() {
    let sandbox = Sandbox::new();
    let mut child = sandbox
        .command(&["generate", "file", "--lines", "1000000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    // A process that has ended says nothing of its memory any more, but this one cannot end
    // before its last pages are read, and by then it has been asked hundreds of times.
    let mut pipe = child.stdout.take().expect("a pipe");
    let (mut buffer, mut lines, mut peak, mut asked) = (vec![0; 65_536], 0, 0, 0);
    loop {
        let read = pipe.read(&mut buffer).expect("the pipe can be read");
        if read == 0 {
            break;
        }
        lines += buffer[..read].split(|byte| *byte == b'\n').count() - 1;
        if let Some(kb) = peak_memory_kb(child.id()) {
            (peak, asked) = (peak.max(kb), asked + 1);
        }
    }
    wait_for(child).exits(0);
    assert_eq!(lines, 1_000_000);
    assert!(asked > 100, "the kernel answered only {asked} times");
    assert!(peak < 32 * 1024, "{peak} kB");
}

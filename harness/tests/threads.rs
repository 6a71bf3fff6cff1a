//! Goal: the number of threads changes how long a command takes and nothing else.
//! Method: give the same command to two processes, one of which may use one thread and the other
//! four, and compare every file and the screen. What a machine took is filtered by name.

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use support::{QUICK, Ran, Sandbox};

/// Lines of a screen that tell of the machine.
const OF_THE_MACHINE: [&str; 3] = [" wall time ", " own memory, resident ", "run took "];

/// What a command says and leaves behind, but for what depends on the machine.
fn outcome(arguments: &[&str], threads: &str, files: &[(&str, &str)]) -> (String, Files) {
    let sandbox = Sandbox::new();
    for (name, text) in files {
        sandbox.write(name, text);
    }
    let mut command = arguments.to_vec();
    command.extend(["--threads", threads]);
    let Ran { code, stdout, stderr } = sandbox.chaos(&command);
    // The widths of a table's columns are those of all rows.
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_exact = |line: &&str| !OF_THE_MACHINE.iter().any(|row| line.starts_with(row));
    let screen: Vec<String> =
        stdout.lines().filter(is_exact).map(|line| words(line.trim_matches('─'))).collect();
    let mut left = Files::new();
    collect(sandbox.root(), sandbox.root(), &mut left);
    (format!("{code:?}\n{}\n{stderr}", screen.join("\n")), left)
}

type Files = BTreeMap<String, Vec<u8>>;

fn collect(root: &Path, folder: &Path, left: &mut Files) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.strip_prefix(root).expect("below the root").display().to_string();
        if path.is_dir() {
            collect(root, &path, left);
        } else if !name.ends_with("measured.json") {
            left.insert(name, fs::read(&path).expect("a file"));
        }
    }
}

/// Whatever a command does on one thread it does on four; gives what it left.
fn check(arguments: &[&str], files: &[(&str, &str)]) -> (String, Files) {
    let one = outcome(arguments, "1", files);
    let four = outcome(arguments, "4", files);
    assert_eq!(one.0, four.0, "{arguments:?}");
    let names = |left: &Files| left.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&one.1), names(&four.1), "{arguments:?}");
    for (name, bytes) in &one.1 {
        assert!(four.1[name] == *bytes, "{arguments:?}: {name} differs");
    }
    one
}

#[test]
fn scenarios_and_their_pipelines_write_the_same_bytes_on_any_number_of_threads() {
    let run = ["run", "large-repo", "concurrent", "brownout", "--out", "out"];
    let (_, left) = check(&run, &[]);
    assert!(left.len() >= 3 * 8, "{:?}", left.keys());
    let records = String::from_utf8_lossy(&left["out/large-repo/run.jsonl"]);
    assert!(records.lines().count() > 500, "too little happened to prove anything");
    check(&["run", "large-repo", "concurrent", "--format", "json", "--out", "out"], &[]);
}

#[test]
fn an_ablation_is_the_same_on_any_number_of_threads() {
    let ablate = ["ablate", "--scenario", "concurrent", "--pipeline", "hardened", "--out", "out"];
    let (screen, left) = check(&ablate, &[]);
    assert!(screen.contains("without") && left.contains_key("out/ablation.txt"), "{screen}");
}

#[test]
fn claims_are_the_same_on_any_number_of_threads() {
    check(&["claims", "--row", "1", "2", "3", "--format", "json", "--quiet"], &[]);
}

#[test]
fn a_gate_is_the_same_on_any_number_of_threads() {
    let sandbox = Sandbox::new();
    sandbox.chaos(&["run", "concurrent", "repeated", "--quiet", "--out", "out"]);
    let accept = ["baseline", "accept", "--baseline", "b.json", "out/concurrent", "out/repeated"];
    let reason = ["--reason", "first"];
    sandbox.chaos(&[&accept[..], &reason].concat()).exits(0);
    let moved = sandbox.read("b.json").replacen("\"calls\": 10,", "\"calls\": 11,", 1);
    for baseline in [sandbox.read("b.json"), moved] {
        let gate = ["gate", "--baseline", "b.json", "--quiet", "--keep", "kept"];
        let (_, left) = check(&gate, &[("b.json", &baseline)]);
        assert!(left.contains_key("kept/concurrent/report.html"), "{:?}", left.keys());
    }
}

#[test]
fn the_first_failure_is_the_first_in_order_and_what_came_before_it_is_shown() {
    let slow = QUICK.replace("files = 6", "files = 600").replace("lines = 300", "lines = 60_000");
    let files = [("slow.toml", &*slow), ("quick.toml", QUICK), ("last.toml", QUICK)];
    let thesis = [("out/quick/thesis.txt", "years"), ("out/last/thesis.txt", "years")];
    let run = ["run", "slow.toml", "quick.toml", "last.toml", "--out", "out"];
    let (screen, left) = check(&run, &[&files[..], &thesis].concat());
    assert!(screen.starts_with("Some(2)"), "{screen}");
    assert!(screen.contains("slow.toml: Quick"), "{screen}");
    assert!(screen.contains("`out/quick` holds something"), "{screen}");
    assert!(!screen.contains("out/last"), "{screen}");
    assert!(left.contains_key("out/slow/report.html"), "{:?}", left.keys());
}

#[test]
fn a_number_of_threads_that_is_none_is_refused() {
    let sandbox = Sandbox::new();
    for none in ["0", "257", "many"] {
        sandbox.chaos(&["run", "concurrent", "--threads", none]).exits(2).says(&["--threads"]);
    }
}

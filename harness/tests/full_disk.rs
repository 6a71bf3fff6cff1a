//! Goal: a disk that is full is an error with a name and a code of its own, never a panic and
//! never a half-written report that looks whole.
//! Method: a limit on the size of files (`ulimit -f`) makes writes fail with a real error of the
//! kernel, and needs no privilege; `/dev/full` stands in for standard output on a full disk. The
//! signal that goes with the limit is ignored, so that the write returns instead.

#![cfg(target_os = "linux")]

use std::fs::OpenOptions;
use std::process::Command;

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::{CHAOS, QUICK, Ran, Sandbox};

/// Runs the binary where no file can grow beyond this many blocks of 512 or 1,024 bytes.
fn check(sandbox: &Sandbox, blocks: u32, arguments: &[&str]) -> Ran {
    let limit = format!("trap '' XFSZ; ulimit -f {blocks} && exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &limit, CHAOS]).args(arguments).current_dir(sandbox.root());
    Ran::of(&mut command)
}

#[test]
fn the_limit_is_real_and_nothing_here_passes_without_it() {
    let sandbox = Sandbox::new();
    let script = "trap '' XFSZ; ulimit -f 1 && head -c 100000 /dev/zero > grown";
    let shell = Command::new("sh").args(["-c", script]).current_dir(sandbox.root()).output();
    assert!(!shell.expect("`sh` is there").status.success(), "`ulimit -f` has no effect here");
    assert!(std::fs::metadata(sandbox.path("grown")).expect("a file").len() <= 1024);
}

#[test]
fn a_run_whose_records_cannot_be_written_stops_and_says_so() {
    for clock in ["simulated", "wall"] {
        let sandbox = Sandbox::new();
        sandbox.write("quick.toml", QUICK);
        let command = ["run", "--scenario", "quick.toml", "--out", "out", "--clock", clock];
        let ran = check(&sandbox, 1, &command).exits(1);
        let ran = ran.says(&["cannot write `out/run.jsonl`", "File too large"]);
        assert_eq!(ran.stdout, "", "no verdict without records");
        assert_eq!(sandbox.names("out"), ["run.jsonl"]);
    }
}

#[test]
fn a_report_that_cannot_be_written_leaves_no_half_of_one() {
    let sandbox = Sandbox::new();
    sandbox.write("quick.toml", QUICK);
    sandbox.summaries(&["quick.toml"]);
    let command = ["baseline", "accept", "--baseline", "b.json", "out"];
    check(&sandbox, 1, &command).exits(2).says(&["cannot write `b.json`"]);
    assert_eq!(sandbox.names("."), ["out", "quick.toml"]);
}

#[test]
fn a_generated_file_that_does_not_fit_is_an_error() {
    let sandbox = Sandbox::new();
    let command = ["generate", "file", "--lines", "100000", "--output", "made.py"];
    check(&sandbox, 8, &command).exits(1).says(&["cannot write `made.py`"]);
    let repo = ["generate", "repo", "--files", "2", "--lines", "100000", "--output", "repo"];
    check(&sandbox, 8, &repo).exits(1).says(&["cannot write `repo/"]);
}

#[test]
fn results_that_cannot_be_printed_are_an_error() {
    let sandbox = Sandbox::new();
    for arguments in [&["list"][..], &["generate", "file", "--lines", "10"]] {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("`/dev/full` is there");
        let child = sandbox
            .command(arguments)
            .stdout(full)
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("the binary starts");
        support::wait_for(child).exits(1).says(&["cannot write", "No space left"]);
    }
}

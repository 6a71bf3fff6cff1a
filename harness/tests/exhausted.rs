//! Goal: what a machine has not enough of is said at once, and proves nothing about a pipeline.
//! Method: run a burst with a hard limit of descriptors that is below what it needs.

#![cfg(target_os = "linux")]

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use std::process::Command;

use engine::preset::shipped;
use support::{CHAOS, QUICK, Ran, Sandbox};

/// A burst of a hundred in real time, under this many descriptors.
fn burst(sandbox: &Sandbox, descriptors: u32) -> Ran {
    sandbox.write("burst.toml", QUICK.replace("files = 6", "files = 100"));
    // What nobody can accept any more would be waited for until the end of the job.
    let phase1 = shipped("phase1").expect("it ships");
    sandbox.write("phase1.toml", phase1.replace("job_ms = 300_000", "job_ms = 3_000"));
    let run = format!("ulimit -n {descriptors}; exec {CHAOS} run burst.toml --clock wall");
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{run} --pipeline phase1.toml --out out --force")]);
    Ran::of(command.current_dir(sandbox.root()).env_clear())
}

#[test]
fn a_run_that_runs_out_of_descriptors_says_so_and_is_inconclusive() {
    let sandbox = Sandbox::new();
    let ran = burst(&sandbox, 80).exits(4).says(&["out of file descriptors", "ulimit -n"]);
    assert!(ran.stdout.contains("this machine"), "{}", ran.stdout);
    assert!(sandbox.read("out/measured.json").contains("\"file descriptors\""));
    let ran = burst(&sandbox, 1_000).exits(0);
    assert!(ran.stdout.contains("phase1.toml 100/100 documented"), "{}", ran.stdout);
}

#[test]
fn the_soft_limit_is_raised_to_what_the_system_allows() {
    let sandbox = Sandbox::new();
    sandbox.write("burst.toml", QUICK.replace("files = 6", "files = 100"));
    let run = format!("ulimit -S -n 80; exec {CHAOS} run burst.toml --clock wall --quiet");
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{run} --pipeline phase1 --out out")]);
    Ran::of(command.current_dir(sandbox.root()).env_clear()).exits(0);
}

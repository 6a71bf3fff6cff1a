//! Goal: a run that is stopped, killed or followed in real time leaves records that can be read,
//! and they say how far they can be trusted.
//! Method: real processes in real time with answers that take an hour, so that nothing ends by
//! itself; signals are sent once the record file shows that the run is under way. The tests wait
//! for events and never assert how long something took.

use std::collections::BTreeMap;
use std::process::{Child, Stdio};

use reports::{Cause, Summary};

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::{QUICK, Sandbox, signal, wait_for, wait_until};

/// Starts a run in real time of six files that begin at once: one is refused, five take an hour.
/// Waits until the refusal is on record.
fn start(sandbox: &Sandbox) -> Child {
    let slow = QUICK.replace("first_token_ms = 1\n", "first_token_ms = 3_600_000\n");
    let fault = "[[fault]]\nkind = \"status\"\nname = \"down\"\nstatus = 500\n\
                 when = { every = 6 }\n";
    sandbox.write("slow.toml", format!("{slow}\n{fault}"));
    let command = ["run", "--scenario", "slow.toml", "--clock", "wall", "--out", "out"];
    let child = sandbox
        .command(&command)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    under_way(sandbox, 1);
    child
}

/// Waits until this many jobs are on disk: those that take longer have begun by then.
fn under_way(sandbox: &Sandbox, jobs: usize) {
    let records = sandbox.path("out/run.jsonl");
    wait_until("a job has ended", || {
        let text = std::fs::read_to_string(&records).unwrap_or_default();
        text.matches(r#""record":"job""#).count() >= jobs
    });
}

/// Stops a run with a signal and checks everything that it has to leave behind.
fn check(name: &str) {
    let sandbox = Sandbox::new();
    let child = start(&sandbox);
    signal(&child, name);
    let ran = wait_for(child).exits(105);
    assert!(ran.stdout.contains("INCONCLUSIVE"), "a summary is printed: {}", ran.stdout);
    let judged = sandbox.judged("out");
    let run = judged.run();
    assert!(run.interrupted(), "{:?}", run.footer);
    assert_eq!(run.pipelines[0].jobs.len(), 6, "every job that had begun is on record");
    let summary = &judged.summaries()[0];
    assert_eq!(
        summary.failures,
        BTreeMap::from([(Cause::ServerError, 1), (Cause::Interrupted, 5)])
    );
    assert_eq!(summary.unreconciled, Vec::<String>::new());
    assert_eq!(sandbox.names("out"), support::RUN_FILES);
    let report = sandbox.chaos(&["report", "out"]).exits(4).stdout;
    assert!(report.contains("interrupted"), "{report}");
}

#[test]
fn ctrl_c_ends_a_run_in_good_order() {
    check("INT");
}

#[test]
fn a_request_to_terminate_ends_a_run_in_good_order() {
    check("TERM");
}

#[test]
fn the_second_ctrl_c_ends_the_process_whatever_it_is_doing() {
    // The summary is larger than a pipe holds and nobody reads it, so after the first Ctrl-C the
    // process cannot end by itself.
    let sandbox = Sandbox::new();
    for number in 0..1_500 {
        sandbox.write(&format!("tree/{}{number}.md", "long-name-".repeat(10)), "text");
    }
    sandbox.write("tree/z.py", "def z(): pass\n");
    let slow = QUICK.replace("first_token_ms = 1\n", "first_token_ms = 3_600_000\n");
    sandbox.write("slow.toml", slow);
    let command = ["run", "--scenario", "slow.toml", "--clock", "wall", "--out", "out"];
    let mut child = sandbox
        .command(&[&command[..], &["--verbose", "--input", "tree"]].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    under_way(&sandbox, 1_500);
    signal(&child, "INT");
    wait_until("the reports are written", || sandbox.path("out/measured.json").exists());
    assert_eq!(child.try_wait().expect("a child can be asked"), None, "it is still printing");
    signal(&child, "INT");
    // The pipe is read only after the process has ended.
    wait_until("the process ends", || child.try_wait().expect("it can be asked").is_some());
    wait_for(child).exits(105);
}

#[test]
fn a_killed_run_can_be_read_and_says_that_it_died() {
    let sandbox = Sandbox::new();
    let mut child = start(&sandbox);
    child.kill().expect("a child can be killed");
    wait_for(child);
    let run = sandbox.records("out");
    assert_eq!(run.footer, None);
    let report = sandbox.chaos(&["report", "out"]).exits(4).stdout;
    assert!(report.contains("died"), "{report}");
    // And the folder is free again: the lock went with the process.
    sandbox.write("quick.toml", QUICK);
    sandbox.chaos(&["run", "--scenario", "quick.toml", "--out", "out"]).exits(0);
    assert_eq!(sandbox.names("out.1"), ["run.jsonl"]);
}

#[test]
fn a_record_that_was_half_written_is_left_out_and_mentioned() {
    let sandbox = Sandbox::new();
    sandbox.summaries(&["concurrent"]);
    let text = sandbox.read("out/run.jsonl");
    sandbox.write("out/run.jsonl", &text[..text.len() / 2]);
    let report = sandbox.chaos(&["report", "out"]).exits(4).stdout;
    // What does not fit the width goes on in the next line.
    assert!(report.replace("\n    ", " ").contains("died while it wrote line"), "{report}");
}

#[test]
fn real_time_and_simulated_time_agree_on_everything_but_time() {
    let sandbox = Sandbox::new();
    let fault = "[[fault]]\nkind = \"status\"\nname = \"busy\"\nstatus = 503\n\
                 when = { first_attempts = 1 }\n\n\
                 [[fault]]\nkind = \"status\"\nname = \"bad luck\"\nstatus = 500\n\
                 when = { share = 0.3 }\n";
    sandbox.write("mine.toml", format!("{QUICK}\n{fault}"));
    let phase3 = sandbox.chaos(&["show", "phase3"]).exits(0).stdout;
    sandbox.write("fast.toml", phase3.replace("base_ms = 1_000", "base_ms = 1"));
    let numbers = |clock: &str| {
        let command = ["mine.toml", "--pipeline", "phase1", "fast.toml", "--clock", clock];
        let summaries = sandbox.summaries(&command);
        let exact = |s: &Summary| {
            let tokens = (s.tokens_in, s.tokens_out);
            (s.documented, s.failures.clone(), s.calls, s.retries, tokens, s.cost_microusd)
        };
        summaries.iter().map(exact).collect::<Vec<_>>()
    };
    let simulated = numbers("simulated");
    assert!(simulated[1].0 > 0 && simulated[1].3 > 0, "{simulated:?}");
    assert_eq!(simulated, numbers("wall"));
}

#[cfg(unix)]
#[test]
fn a_run_whose_folder_is_taken_away_ends_at_once_and_says_so() {
    let sandbox = Sandbox::new();
    for taken in ["removed", "moved"] {
        let child = start(&sandbox);
        let out = sandbox.path("out");
        match taken {
            "removed" => std::fs::remove_dir_all(&out).expect("the folder is there"),
            _ => std::fs::rename(&out, sandbox.path("away")).expect("the folder is there"),
        }
        let ran = wait_for(child).exits(2);
        ran.says(&["`out/run.jsonl` was removed or moved while the run went on"]);
        assert!(!out.exists(), "{taken}");
    }
    assert!(!sandbox.records("away").complete(), "what was moved can be read");
}

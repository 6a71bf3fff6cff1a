//! Goal: a job that waits for what never comes ends as never answered, and its run has a report
//! and a verdict. Method: pipelines without a time limit before a server that falls silent, run by
//! the real binary in simulated time.

use std::collections::BTreeMap;

use reports::{Cause, Run};

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::{QUICK, Sandbox};

const BURST: &str = "shape = \"burst\"";
const ONE_BY_ONE: &str = "shape = \"sequential\"\nusers = 1";
const HANG: &str = "kind = \"wire\"\nwhat = { hang = {} }";
const STALL: &str = "kind = \"latency\"\nstall = { after_tokens = 5 }";

/// A shipped pipeline without its time limits.
fn patient(sandbox: &Sandbox, pipeline: &str) {
    let shown = sandbox.chaos(&["show", pipeline]).exits(0).stdout;
    let is_limit = |line: &&str| ["call_ms", "part_ms", "job_ms"].iter().any(|k| line.contains(k));
    let kept: Vec<&str> = shown.lines().filter(|line| !is_limit(line)).collect();
    sandbox.write("patient.toml", kept.join("\n"));
}

/// The second request of six falls silent; how the jobs ended, in the order of their numbers.
#[track_caller]
fn check(pipeline: &str, load: &str, fault: &str, platform: &str) -> (Run, Vec<Option<Cause>>) {
    let sandbox = Sandbox::new();
    patient(&sandbox, pipeline);
    let fault = format!("[[fault]]\nname = \"silence\"\n{fault}\nwhen = {{ nth = [2] }}\n");
    let quick = QUICK.replace("shape = \"burst\"", load);
    sandbox.write("mine.toml", format!("{quick}\n{fault}\n{platform}"));
    let summary = sandbox.summaries(&["mine.toml", "--pipeline", "patient.toml"]).remove(0);
    assert_eq!(summary.jobs, summary.documented + summary.failed);
    let run = sandbox.records("out");
    let by_number = run.pipelines[0].jobs.iter().map(|job| (job.job, job.cause));
    let causes = by_number.collect::<BTreeMap<_, _>>().into_values().collect();
    (run, causes)
}

const NEVER: Option<Cause> = Some(Cause::NeverAnswered);

#[test]
fn a_job_before_a_silent_server_ends_as_never_answered() {
    for (pipeline, fault) in [("phase1", HANG), ("phase1", STALL), ("hardened", HANG)] {
        let (run, causes) = check(pipeline, BURST, fault, "");
        assert_eq!(causes, [None, NEVER, None, None, None, None], "{pipeline}, {fault}");
        let judged = reports::judge(run);
        let failure = judged.failures().remove(0);
        assert_eq!(failure.fault.map(|fault| fault.name), Some("silence"));
        assert_eq!(failure.category().name(), "CONFIGURATION");
        assert_eq!(failure.stage_name(), "deadline");
    }
}

#[test]
fn what_stands_behind_a_job_that_is_never_answered_never_begins() {
    let queue = "[platform]\nkind = \"ecs\"\nmemory_mb = 512\nslots_per_task = 1\n\
        min_tasks = 1\nmax_tasks = 1\nstart_up_ms = 0\nbacklog_per_task = 10\n\
        scale_every_s = 86_400\nduplicate_share = 0.0\n";
    for (load, platform) in [(ONE_BY_ONE, ""), (BURST, queue), ("shape = \"batch\"", queue)] {
        let (run, causes) = check("phase1", load, HANG, platform);
        assert_eq!(causes, [None, NEVER, NEVER, NEVER, NEVER, NEVER], "{load}, {platform}");
        let jobs = &run.pipelines[0].jobs;
        assert_eq!(jobs.iter().map(|job| job.calls).sum::<u64>(), 2);
        let last = jobs.iter().find(|job| job.job == 6).expect("six jobs");
        let words = "its turn never came: what was before it was never answered";
        assert_eq!(last.detail.as_deref(), Some(words));
    }
}

#[test]
fn a_run_that_is_never_answered_has_a_verdict_and_the_next_pipeline_runs() {
    let sandbox = Sandbox::new();
    patient(&sandbox, "phase1");
    let fault = format!("[[fault]]\nname = \"silence\"\n{HANG}\nwhen = {{ nth = [2] }}\n");
    sandbox.write("mine.toml", format!("{QUICK}\n{fault}"));
    let command = ["run", "mine.toml", "--pipeline", "patient.toml", "phase3", "--out", "out"];
    let expect = ["--expect", "patient.toml: success_rate >= 95%"];
    let ran = sandbox.chaos(&[&command[..], &expect[..]].concat()).exits(99);
    assert!(ran.stdout.contains("failed: never answered"), "{}", ran.stdout);
    let told = sandbox.read("out/failures.txt");
    for word in ["patient.toml: never answered", "(job 2)", "fault `silence` injected"] {
        assert!(told.contains(word), "{word} is missing in:\n{told}");
    }
    assert!(!told.contains("phase3: never answered"));
}

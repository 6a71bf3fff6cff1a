//! Goal: the same seed gives the same bytes, whatever else differs.
//! Method: start twenty processes at once, each with its own folder, home, time zone, language and
//! width, on a machine whose cores are busy, and compare every file that may not depend on it.
//! Twenty equal results under load leave little room for an order that only happens to hold.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::{Ran, Sandbox};

const PROCESSES: usize = 20;
const EXACT: [&str; 8] = [
    "run.jsonl",
    "summary.txt",
    "jobs.txt",
    "failures.csv",
    "failures.txt",
    "matrix.txt",
    "annotations.txt",
    "report.html",
];

/// Runs a scenario in twenty processes at once under load; gives the one text of each exact file.
fn check(scenario: &str) -> Vec<String> {
    let sandbox = Sandbox::new();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let children: Vec<_> =
            (0..PROCESSES).map(|index| start(&sandbox, scenario, index)).collect();
        for child in children {
            let output = child.wait_with_output().expect("a child can be waited for");
            let ran = Ran::new(output);
            done.fetch_or(ran.code != Some(0), Ordering::Relaxed);
            ran.exits(0);
        }
        done.store(true, Ordering::Relaxed);
    });
    EXACT
        .iter()
        .map(|name| {
            let texts: BTreeSet<String> =
                (0..PROCESSES).map(|index| sandbox.read(&format!("{index}/out/{name}"))).collect();
            assert_eq!(texts.len(), 1, "{scenario}: {name} differs between processes");
            texts.into_iter().next().expect("one text")
        })
        .collect()
}

fn start(sandbox: &Sandbox, scenario: &str, index: usize) -> std::process::Child {
    let folder = sandbox.path(&index.to_string());
    std::fs::create_dir(&folder).expect("a folder");
    let pick = |choices: [&str; 4]| choices[index % 4].to_owned();
    sandbox
        .command(&["run", "--quiet", "--out", "out", "--scenario", scenario])
        .current_dir(&folder)
        .env("HOME", &folder)
        .env("TZ", pick(["UTC", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia"]))
        .env("LANG", pick(["C", "de_DE.UTF-8", "tr_TR.UTF-8", "hi_IN.UTF-8"]))
        .env("COLUMNS", pick(["20", "80", "132", "500"]))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts")
}

#[test]
fn twenty_processes_under_load_write_the_same_bytes() {
    let first = check("concurrent");
    assert!(first[0].lines().count() > 40, "too little happened to prove anything");
}

#[test]
fn twenty_processes_meet_the_same_faults() {
    let first = check("large-repo");
    assert!(first[0].contains(r#""record":"fault""#), "no fault was injected");
}

#[test]
fn another_seed_gives_other_bytes_after_the_header_too() {
    let sandbox = Sandbox::new();
    let body = |seed: &str| {
        sandbox.summaries(&["large-repo", "--seed", seed]);
        let text = sandbox.read("out/run.jsonl");
        text.split_once('\n').expect("a header and more").1.to_owned()
    };
    let (seven, eight) = (body("7"), body("8"));
    assert_ne!(seven, eight);
    let faults = |text: &str| text.matches(r#""record":"fault""#).count();
    assert!(faults(&seven) > 0 && faults(&eight) > 0);
}

#[test]
fn another_seed_decides_otherwise_on_the_same_files() {
    let sandbox = Sandbox::new();
    let repo = ["generate", "repo", "--files", "60", "--lines", "900", "--output", "tree"];
    sandbox.chaos(&repo).exits(0);
    let faults = |seed: &str| -> Vec<String> {
        sandbox.summaries(&["large-repo", "--input", "tree", "--seed", seed]);
        let text = sandbox.read("out/run.jsonl");
        let fault = |line: &&str| line.contains(r#""record":"fault""#);
        text.lines().filter(fault).map(str::to_owned).collect()
    };
    let seven = faults("7");
    assert!(!seven.is_empty(), "no fault was injected");
    assert_eq!(seven, faults("7"));
    assert_ne!(seven, faults("8"));
}

#[test]
fn a_pipeline_records_the_same_whoever_runs_before_it() {
    let sandbox = Sandbox::new();
    let records = |pipelines: &[&str]| -> Vec<String> {
        let mut command = vec!["large-repo", "--pipeline"];
        command.extend(pipelines);
        sandbox.summaries(&command);
        let text = sandbox.read("out/run.jsonl");
        let own = |line: &&str| line.contains(r#","pipeline":"phase3","#);
        text.lines().filter(own).map(str::to_owned).collect()
    };
    let alone = records(&["phase3"]);
    assert!(alone.len() > 200, "{}", alone.len());
    assert_eq!(alone, records(&["phase1", "phase3"]));
    assert_eq!(alone, records(&["phase3", "phase1"]));
}

//! Goal: a number that moved turns a pull request red, and nothing that was not measured reads as
//! a pass.
//! Method: record real runs, accept them, corrupt one thing at a time in the records or in the
//! baseline, and read the exit code and the words.

use std::fs;

use serde_json::Value;

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::{QUICK, Ran, Sandbox};

/// A sandbox with a run of `concurrent` in `out` that is accepted into `baseline.json`.
fn accepted() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.summaries(&["concurrent"]);
    accept(&sandbox, "out").exits(0).says(&["accepted concurrent into baseline.json"]);
    sandbox
}

fn accept(sandbox: &Sandbox, run: &str) -> Ran {
    sandbox.chaos(&["baseline", "accept", "--baseline", "baseline.json", run])
}

/// Changes the baseline and gives what the gate says about the run in `out`.
fn check(sandbox: &Sandbox, corrupt: impl FnOnce(&mut Value)) -> Ran {
    let mut baseline: Value = serde_json::from_str(&sandbox.read("baseline.json")).expect("JSON");
    corrupt(&mut baseline);
    sandbox.write("corrupt.json", baseline.to_string());
    sandbox.chaos(&["gate", "--baseline", "corrupt.json", "out"])
}

#[test]
fn the_same_numbers_pass_with_and_without_runs_at_hand() {
    let sandbox = accepted();
    sandbox.chaos(&["gate", "--baseline", "baseline.json", "out"]).exits(0);
    fs::remove_dir_all(sandbox.path("out")).expect("the run can go");
    let again = sandbox.chaos(&["gate", "--baseline", "baseline.json"]).exits(0);
    assert!(again.stdout.contains("concurrent"), "{}", again.stdout);
    assert_eq!(sandbox.names("."), ["baseline.json"], "running again leaves nothing behind");
}

#[test]
fn the_runs_of_a_gate_are_kept_where_that_was_asked_for() {
    let sandbox = accepted();
    sandbox.chaos(&["gate", "--baseline", "baseline.json", "--keep", "kept"]).exits(0);
    let kept = sandbox.names("kept/concurrent");
    assert!(kept.contains(&"failures.csv".to_owned()), "{kept:?}");
    assert!(kept.contains(&"run.jsonl".to_owned()), "{kept:?}");
}

#[test]
fn a_run_on_a_tree_is_judged_by_a_new_run_and_not_by_generated_files() {
    let sandbox = Sandbox::new();
    sandbox.write("tree/a.py", "def a():\n    return 1\n");
    let run = ["run", "--scenario", "concurrent", "--input", "tree", "--quiet", "--out", "out"];
    sandbox.chaos(&run).exits(0);
    accept(&sandbox, "out").exits(0);
    let gate = ["gate", "--baseline", "baseline.json"];
    sandbox.chaos(&gate).exits(4).says(&["was accepted with `--input`", "hint:"]);
    sandbox.chaos(&["gate", "--baseline", "baseline.json", "out"]).exits(0);
}

#[test]
fn a_run_that_misses_its_own_expectations_is_accepted_with_a_warning() {
    let sandbox = Sandbox::new();
    let expect = "[expect.phase1]\nsuccess_rate = { max = 0.5 }\n";
    sandbox.write("mine.toml", format!("pipelines = [\"phase1\"]\n{QUICK}{expect}"));
    sandbox.chaos(&["run", "--scenario", "mine.toml", "--quiet", "--out", "out"]).exits(99);
    accept(&sandbox, "out").exits(0).says(&["does not meet its own expectations"]);
}

#[test]
fn a_number_that_moved_fails_and_is_named_whichever_way_it_moved() {
    let sandbox = accepted();
    for moved in [26, 28] {
        let ran = check(&sandbox, |baseline| {
            baseline["entries"][0]["pipelines"]["phase3"]["metrics"]["calls"] = moved.into();
        });
        let screen = ran.exits(99).stdout;
        assert!(screen.contains("calls") && screen.contains("baseline accept"), "{screen}");
    }
    let ran = check(&sandbox, |baseline| {
        baseline["entries"][0]["pipelines"]["phase1"]["failures"]["rate_limited"] = 5.into();
    });
    assert!(ran.exits(99).stdout.contains("failed.rate_limited"));
}

#[test]
fn what_is_missing_on_either_side_is_inconclusive() {
    let sandbox = accepted();
    let pipelines = |baseline: &mut Value| baseline["entries"][0]["pipelines"].take();
    let ran = check(&sandbox, |baseline| {
        let mut all = pipelines(baseline);
        all["phase9"] = all["phase3"].clone();
        baseline["entries"][0]["pipelines"] = all;
    });
    assert!(ran.exits(4).stdout.contains("`phase9` is in the baseline and was not run"));
    let ran = check(&sandbox, |baseline| {
        let mut all = pipelines(baseline);
        all.as_object_mut().expect("a table").remove("phase1");
        baseline["entries"][0]["pipelines"] = all;
    });
    assert!(ran.exits(4).stdout.contains("`phase1` is not in the baseline"));
    let ran = check(&sandbox, |baseline| {
        let metrics = &mut baseline["entries"][0]["pipelines"]["phase3"]["metrics"];
        metrics.as_object_mut().expect("a table").remove("cost_microusd");
    });
    assert!(ran.exits(4).stdout.contains("cost_microusd"));
    let ran = check(&sandbox, |baseline| {
        let mut other = baseline["entries"][0].clone();
        other["scenario"] = "repeated".into();
        baseline["entries"].as_array_mut().expect("a list").push(other);
    });
    assert!(ran.exits(4).stdout.contains("was not run"));
    check(&sandbox, |baseline| baseline["entries"] = Value::Array(Vec::new())).exits(4);
}

#[test]
fn a_run_of_another_seed_or_scenario_is_inconclusive() {
    let sandbox = accepted();
    let gate = || sandbox.chaos(&["gate", "--baseline", "baseline.json", "out"]).exits(4).stdout;
    sandbox.summaries(&["concurrent", "--seed", "8"]);
    assert!(gate().contains("other seeds: 7 and 8"));
    sandbox.summaries(&["repeated"]);
    assert!(gate().contains("the scenario is in the baseline and was not run"));
}

#[test]
fn what_could_not_be_compared_is_not_even_run() {
    let sandbox = accepted();
    let mut baseline: Value = serde_json::from_str(&sandbox.read("baseline.json")).expect("JSON");
    baseline["entries"][0]["scenario_sha256"] = "0".repeat(64).into();
    sandbox.write("old.json", baseline.to_string());
    let ran = sandbox.chaos(&["gate", "--baseline", "old.json", "--keep", "kept"]).exits(4);
    let reason = "the scenario has changed since the baseline";
    assert!(ran.stdout.contains(reason), "{}", ran.stdout);
    assert!(!sandbox.path("kept").exists(), "it was run");
}

#[test]
fn a_file_that_is_no_baseline_is_invalid_and_one_that_is_missing_is_usage() {
    let sandbox = accepted();
    let gate = |text: &str, words: &[&str]| {
        sandbox.write("other.json", text);
        let ran = sandbox.chaos(&["gate", "--baseline", "other.json", "out"]);
        ran.exits(104).says(&["`other.json`"]).says(words);
        // Nor is it taken for an empty one, which would lose what it was meant to hold.
        sandbox.chaos(&["baseline", "accept", "--baseline", "other.json", "out"]).exits(104);
        assert_eq!(sandbox.read("other.json"), text);
    };
    gate("", &["not a baseline"]);
    gate("{\"format\": 1, ", &["not a baseline", "line 1"]);
    gate("[]", &["not a baseline"]);
    gate("{\"format\": 2}", &["format 2 is unknown", "reads format 1"]);
    let command = ["gate", "--baseline", "nowhere.json", "out"];
    sandbox.chaos(&command).exits(2).says(&["`nowhere.json`", "hint:", "baseline accept"]);
}

#[test]
fn a_run_in_real_time_or_an_interrupted_one_is_no_baseline() {
    let sandbox = Sandbox::new();
    sandbox.write("quick.toml", QUICK);
    sandbox.summaries(&["quick.toml", "--clock", "wall"]);
    accept(&sandbox, "out").exits(4).says(&["`out` cannot be a baseline", "real time"]);
    sandbox.summaries(&["quick.toml"]);
    let text = sandbox.read("out/run.jsonl");
    let stopped = text.replace(r#""interrupted":false"#, r#""interrupted":true"#);
    sandbox.write("out/run.jsonl", stopped);
    accept(&sandbox, "out").exits(4).says(&["interrupted"]);
    let (whole, _) = text.trim_end().rsplit_once('\n').expect("lines");
    sandbox.write("out/run.jsonl", format!("{whole}\n"));
    accept(&sandbox, "out").exits(4).says(&["no footer"]);
    assert!(!sandbox.path("baseline.json").exists());
}

#[test]
fn several_runs_are_accepted_all_or_none() {
    let sandbox = Sandbox::new();
    sandbox.write("quick.toml", QUICK);
    sandbox.summaries(&["quick.toml"]);
    let command = ["baseline", "accept", "--baseline", "baseline.json", "out", "nowhere"];
    let ran = sandbox.chaos(&command).exits(2);
    assert!(!ran.stderr.contains("accepted"), "it says what it did not do: {}", ran.stderr);
    assert!(!sandbox.path("baseline.json").exists());
}

#[test]
fn a_baseline_that_cannot_be_written_is_usage() {
    let sandbox = accepted();
    let command = ["baseline", "accept", "--baseline", "nowhere/b.json", "out"];
    sandbox.chaos(&command).exits(2).says(&["`nowhere/b.json`"]);
}

#[test]
fn accepting_the_same_run_again_changes_no_byte() {
    let sandbox = accepted();
    let before = sandbox.read("baseline.json");
    accept(&sandbox, "out").exits(0);
    assert_eq!(sandbox.read("baseline.json"), before);
}

#[test]
fn two_runs_are_compared_where_they_did_the_same_work() {
    let sandbox = Sandbox::new();
    let run = |out: &str, arguments: &[&str]| {
        let mut command = vec!["run", "--quiet", "--out", out, "--scenario"];
        command.extend(arguments);
        sandbox.chaos(&command).exits(0);
    };
    run("one", &["concurrent"]);
    run("two", &["concurrent"]);
    run("seed", &["concurrent", "--seed", "8"]);
    run("other", &["repeated"]);
    let compare = |head: &str| sandbox.chaos(&["compare", "one", head]);
    assert!(compare("two").exits(0).stdout.contains("0 numbers moved"));
    assert!(compare("seed").exits(4).stdout.contains("other seeds: 7 and 8"));
    assert!(compare("other").exits(4).stdout.contains("other scenarios"));
    compare("nowhere").exits(2).says(&["nowhere", "hint:"]);
}

#[test]
fn an_expectation_fails_or_is_inconclusive_but_never_passes_unmeasured() {
    let sandbox = Sandbox::new();
    let run = |more: &str, arguments: &[&str]| {
        sandbox.write("mine.toml", format!("{QUICK}\n{more}"));
        let mut command = vec!["run", "--out", "out", "--force", "--scenario", "mine.toml"];
        command.extend(arguments);
        sandbox.chaos(&command)
    };
    let calls = "[expect.phase1]\ncalls = { max = 5 }\n";
    let failed = run(calls, &[]).exits(99).stdout;
    assert!(failed.contains("FAIL") && failed.contains("(≤ 5)"), "{failed}");
    assert!(failed.contains('6'), "the measured value is shown: {failed}");
    // No job succeeds, so there is no latency to check against the bound.
    let down = "[[fault]]\nkind = \"status\"\nname = \"down\"\nstatus = 500\n\
                [expect.phase1]\nlatency_p95_ms = { max = 1000 }\n";
    assert!(run(down, &[]).exits(4).stdout.contains("no samples"));
    sandbox.write("tree/notes.md", "nothing to document\n");
    let rate = "[expect.phase1]\nsuccess_rate = { min = 0 }\n";
    let skipped = run(rate, &["--input", "tree"]).exits(4).stdout;
    assert!(skipped.contains("no samples"), "{skipped}");
    assert!(run("", &["--input", "tree"]).exits(4).stdout.contains("every job was skipped"));
}

#[test]
fn a_red_gate_is_red_in_every_format_and_on_every_page_of_the_run_that_it_kept() {
    let sandbox = accepted();
    let mut baseline: Value = serde_json::from_str(&sandbox.read("baseline.json")).expect("JSON");
    baseline["entries"][0]["pipelines"]["phase3"]["metrics"]["calls"] = 28.into();
    sandbox.write("corrupt.json", baseline.to_string());
    let all = "terminal,markdown,json,html,junit,github";
    let gate = ["gate", "--baseline", "corrupt.json", "--format", all, "--out", "pages/"];
    sandbox.chaos(&[&gate[..], &["--keep", "kept"]].concat()).exits(99);
    for (file, sign) in [
        ("pages/gate.txt", "FAIL  gate"),
        ("pages/gate.md", "**✗ FAIL** `gate`"),
        ("pages/gate.json", "\"verdict\": \"fail\""),
        ("pages/gate.html", "FAIL"),
        ("pages/gate.junit.xml", "failures=\"1\""),
        ("pages/gate.annotations.txt", "::error title=concurrent%3A phase3 calls"),
        ("kept/concurrent/summary.txt", "FAIL"),
        ("kept/concurrent/report.html", "FAIL"),
        ("kept/concurrent/annotations.txt", "::error title=concurrent%3A phase3 calls fail"),
    ] {
        let text = sandbox.read(file);
        assert!(text.contains(sign), "{file} does not say `{sign}`:\n{text}");
        assert!(file.ends_with("json") || text.contains("calls"), "{file}:\n{text}");
    }
    let green = ["gate", "--baseline", "baseline.json", "--format", "github"];
    assert_eq!(sandbox.chaos(&green).exits(0).stdout, "");
}

#[test]
fn a_tolerance_bears_what_got_worse_by_no_more_than_it_says() {
    let sandbox = accepted();
    let mut baseline: Value = serde_json::from_str(&sandbox.read("baseline.json")).expect("JSON");
    let metrics = &mut baseline["entries"][0]["pipelines"]["phase3"]["metrics"];
    let calls = metrics["calls"].as_u64().expect("a count");
    metrics["calls"] = (calls - 1).into();
    sandbox.write("other.json", baseline.to_string());
    let gate = |tolerance: &str, code| {
        let gate = ["gate", "--baseline", "other.json", "out", "--tolerance", tolerance];
        sandbox.chaos(&gate).exits(code)
    };
    gate("calls 0", 99);
    gate("phase1: calls 5", 99);
    gate("latency_* 50% 1h", 99);
    let borne = gate("phase3: calls 1", 0).stdout;
    assert!(borne.contains("worse, within the tolerance"), "{borne}");
    gate("calls 5%", 0);
    gate("cals 5%", 2).says(&["`cals` is no metric of a gate"]);
    // What is better needs no tolerance, once there is one for the number.
    let metrics = &mut baseline["entries"][0]["pipelines"]["phase3"]["metrics"];
    metrics["calls"] = (calls + 9).into();
    sandbox.write("other.json", baseline.to_string());
    gate("calls 0", 0);
}

#[test]
fn a_comparison_and_a_run_are_printed_in_the_format_that_is_asked_for() {
    let sandbox = accepted();
    let compare = ["compare", "out", "out", "--format", "json"];
    let document: Value = serde_json::from_str(&sandbox.chaos(&compare).exits(0).stdout).unwrap();
    assert_eq!(document["verdict"], "pass");
    let run = ["run", "concurrent", "--out", "again", "--force"];
    let json = sandbox.chaos(&[&run[..], &["--format", "json"]].concat()).exits(0).stdout;
    let document: Value = serde_json::from_str(&json).expect("nothing else is printed");
    assert_eq!(document["runs"][0]["verdict"], "pass", "{json}");
    sandbox.chaos(&[&run[..], &["--format", "markdown,csv"]].concat()).exits(0);
    let names = sandbox.names("again");
    assert!(["report.md", "summary.csv"].iter().all(|name| names.contains(&(*name).to_owned())));
    sandbox.chaos(&["gate", "--baseline", "baseline.json", "--format", "json,html"]).exits(2);
}

#[test]
fn a_baseline_can_be_read_and_two_of_them_compared() {
    let sandbox = accepted();
    let shown = sandbox.chaos(&["baseline", "show", "baseline.json"]).exits(0).stdout;
    assert!(shown.contains("4 of 10") && shown.contains("10 of 10"), "{shown}");
    let all = sandbox.chaos(&["baseline", "show", "baseline.json", "concurrent"]).exits(0).stdout;
    assert!(all.contains("accepted: 20") && all.contains("latency_p95_us"), "{all}");
    let unknown = ["baseline", "show", "baseline.json", "nested"];
    sandbox.chaos(&unknown).exits(2).says(&["has no scenario `nested`"]);
    let before = sandbox.read("baseline.json");
    accept(&sandbox, "out").exits(0);
    assert_eq!(sandbox.read("baseline.json"), before, "accepting the same changes no byte");
    sandbox.write("other.json", before.replace("\"calls\": 27", "\"calls\": 26"));
    let same = ["baseline", "diff", "baseline.json", "baseline.json"];
    assert!(sandbox.chaos(&same).exits(0).stdout.starts_with("SAME"));
    let differ = ["baseline", "diff", "baseline.json", "other.json"];
    let said = sandbox.chaos(&differ).exits(0).stdout;
    assert!(said.starts_with("DIFFERENT") && said.contains("calls"), "{said}");
}

#[test]
fn a_run_ends_when_a_threshold_cannot_be_met_any_more_and_says_which() {
    let sandbox = Sandbox::new();
    sandbox.write("mine.toml", format!("pipelines = [\"phase1\", \"phase3\"]\n{QUICK}"));
    let run = |out: &str, more: &[&str]| {
        let run = ["run", "concurrent", "--abort-on-fail", "--out", out];
        sandbox.chaos(&[&run[..], more].concat())
    };
    let expect = ["--expect", "phase1: failed < 2", "--expect", "phase3: failed == 0"];
    let ran = run("one", &expect).exits(99);
    let words = "(< 2)        fail: the run was stopped when it";
    assert!(ran.stdout.contains(words), "{}", ran.stdout);
    assert!(sandbox.records("one").pipelines[1].jobs.is_empty(), "phase3 was run all the same");
    run("two", &expect).exits(99);
    assert_eq!(sandbox.read("one/run.jsonl"), sandbox.read("two/run.jsonl"), "by chance");
    // What is met to the end changes nothing.
    run("three", &["--expect", "phase3: lost_lines == 0"]).exits(0);
    let mine = ["run", "mine.toml", "--abort-on-fail", "--out", "four"];
    sandbox.chaos(&mine).exits(2).says(&["nothing of `mine.toml` is expected", "hint:"]);
}

//! Goal: a history says what moved, since when and whether that was accepted; it never shows what
//! is not whole, never counts a run twice, and never calls a failure new that it has seen.
//! Method: run the binary over real runs of a pipeline that changes, and over small test logs.

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use std::fmt::Write as _;
use std::fs;
use std::process::Stdio;

use serde_json::Value;
use support::{QUICK, Ran, Sandbox};

/// Runs `mine.toml`, with so many attempts at each call, into a folder.
fn run(sandbox: &Sandbox, attempts: &str, out: &str) {
    let phase3 = sandbox.chaos(&["show", "phase3"]).exits(0).stdout;
    let changed = phase3.replace("\nattempts = 5\n", &format!("\nattempts = {attempts}\n"));
    assert_eq!(changed == phase3, attempts == "5", "the preset has five attempts");
    sandbox.write("mine.toml", changed);
    let run = ["run", "concurrent", "--quiet", "--pipeline", "mine.toml", "--out", out];
    let code = sandbox.chaos(&run).code;
    assert!(matches!(code, Some(0 | 99)), "{code:?}");
}

fn add(sandbox: &Sandbox, source: &str, label: &str, day: &str) -> Ran {
    let day = format!("2026-11-{day}");
    sandbox.chaos(&["history", "add", source, "--label", label, "--day", &day])
}

fn show(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    sandbox.chaos(&[&["history", "show"], arguments].concat())
}

/// Three runs, of which the last has a pipeline that gives up sooner.
fn three_runs() -> Sandbox {
    let sandbox = Sandbox::new();
    for (attempts, out, day) in [("5", "a", "01"), ("5", "b", "02"), ("2", "c", "03")] {
        run(&sandbox, attempts, out);
        let words = "added concurrent to chaos-history.redb";
        add(&sandbox, out, out, day).exits(0).says(&[words]);
    }
    sandbox
}

#[test]
fn a_step_is_shown_with_its_run_and_whether_it_was_accepted() {
    let sandbox = three_runs();
    let metrics = ["--metric", "documented", "calls", "cost_microusd", "latency_p95_us"];
    insta::assert_snapshot!(show(&sandbox, &metrics).exits(0).stdout, @r"
    HISTORY  3 runs, 2026-11-01 to 2026-11-03

    concurrent · mine.toml · seed 7 · simulated time: exact · 3 runs
     metric           line     first      last               range   runs        n
    ───────────────────────────────────────────────────────────────────────────────
     documented       ██▁         10         4              4 – 10      3
     latency_p95_us   ██▁     49.4 s    38.8 s     38.8 s – 49.4 s      3   4 – 10
     cost_microusd    ██▁    $0.4922   $0.1960   $0.1960 – $0.4922      3
     calls            ██▁         27        16             16 – 27      3
      step at `c` (2026-11-03), compared with `b` (2026-11-02): the pipeline's
        configuration changed
     metric           change     before      after
    ───────────────────────────────────────────────────
     documented       worse      10          4
     latency_p95_us   improved   49.395 s    38.773 s
     cost_microusd    improved   $0.492168   $0.196029
     calls            improved   27          16

    hint: `--baseline FILE` shows which steps were accepted, and why
    ");
    let accept = ["baseline", "accept", "--baseline", "baseline.json", "--reason", "cheaper", "c"];
    sandbox.chaos(&accept).exits(0);
    let baseline = sandbox.read("baseline.json");
    let (before, after) = baseline.split_once("\"accepted\": \"").expect("a day");
    sandbox.write("baseline.json", format!("{before}\"accepted\": \"2026-11-04{}", &after[10..]));
    let checked = [&metrics[..], &["--baseline", "baseline.json"]].concat();
    insta::assert_snapshot!(show(&sandbox, &checked).exits(0).stdout, @r"
    HISTORY  3 runs, 2026-11-01 to 2026-11-03

    concurrent · mine.toml · seed 7 · simulated time: exact · 3 runs
     metric           line     first      last               range   runs        n
    ───────────────────────────────────────────────────────────────────────────────
     documented       ██▁         10         4              4 – 10      3
     latency_p95_us   ██▁     49.4 s    38.8 s     38.8 s – 49.4 s      3   4 – 10
     cost_microusd    ██▁    $0.4922   $0.1960   $0.1960 – $0.4922      3
     calls            ██▁         27        16             16 – 27      3
      step at `c` (2026-11-03), compared with `b` (2026-11-02): the pipeline's
        configuration changed
     metric           change     before      after       accepted
    ──────────────────────────────────────────────────────────────────────────────
     documented       worse      10          4           yes, 2026-11-04: cheaper
     latency_p95_us   improved   49.395 s    38.773 s    yes, 2026-11-04: cheaper
     cost_microusd    improved   $0.492168   $0.196029   yes, 2026-11-04: cheaper
     calls            improved   27          16          yes, 2026-11-04: cheaper
    ");
    // The value before is not the one that stands.
    let accept = ["baseline", "accept", "--baseline", "old.json", "a"];
    sandbox.chaos(&accept).exits(0);
    let refused = show(&sandbox, &["--metric", "documented", "--baseline", "old.json"]).exits(0);
    assert!(refused.stdout.contains("no: the baseline has 10"), "{}", refused.stdout);
}

#[test]
fn the_same_history_gives_the_same_bytes_in_every_format() {
    let sandbox = three_runs();
    for format in ["terminal", "json", "csv"] {
        let once = show(&sandbox, &["--format", format]).exits(0).stdout;
        assert_eq!(show(&sandbox, &["--format", format]).exits(0).stdout, once);
    }
    let json: Value =
        serde_json::from_str(&show(&sandbox, &["--format", "json"]).stdout).expect("JSON");
    let series = &json["series"][0];
    assert_eq!((series["exact"].as_bool(), &json["runs"]), (Some(true), &3.into()));
    let lines = series["lines"].as_array().expect("lines");
    let documented = lines.iter().find(|line| line["metric"] == "documented").expect("a line");
    assert_eq!(documented["values"], serde_json::json!([10, 10, 4]));
    assert_eq!(documented["steps"][0]["to"], 2);
    let csv = show(&sandbox, &["--format", "csv", "--metric", "documented"]).stdout;
    assert_eq!(csv.lines().count(), 4, "{csv}");
    show(&sandbox, &["--format", "json,csv", "--out", "out/"]).exits(0);
    assert_eq!(sandbox.names("out"), ["history.csv", "history.json"]);
}

#[test]
fn the_same_run_is_counted_once_however_it_is_named() {
    let sandbox = three_runs();
    for source in ["a", "a/", "a/run.jsonl"] {
        let words = "concurrent is in chaos-history.redb already: `a` (2026-11-01)";
        add(&sandbox, source, "z", "09").exits(0).says(&[words]);
    }
    let last = show(&sandbox, &["--last", "1", "--format", "csv", "--metric", "calls"]).stdout;
    assert!(last.contains(",2026-11-03,c,calls,"), "{last}");
    assert_eq!(last.lines().count(), 2, "{last}");
    let again = show(&sandbox, &["--format", "csv", "--metric", "calls"]).stdout;
    assert_eq!(again.lines().count(), 4, "{again}");
}

#[test]
fn a_folder_of_runs_is_all_of_them_or_none() {
    let sandbox = Sandbox::new();
    run(&sandbox, "5", "kept/a");
    run(&sandbox, "2", "kept/b");
    let records = sandbox.read("kept/b/run.jsonl");
    let (cut, _) = records.trim_end().rsplit_once('\n').expect("a footer");
    sandbox.write("kept/b/run.jsonl", format!("{cut}\n"));
    let refused = add(&sandbox, "kept", "a", "01").exits(4);
    refused.says(&["kept/b` cannot be in a history", "no footer", "nothing was added"]);
    assert!(!sandbox.path("chaos-history.redb").exists(), "nothing is made for nothing");
    let stopped = records.replace("\"interrupted\":false", "\"interrupted\":true");
    assert_ne!(stopped, records, "the footer says whether it was interrupted");
    sandbox.write("kept/b/run.jsonl", stopped);
    add(&sandbox, "kept", "a", "01").exits(4).says(&["the run was interrupted"]);
    sandbox.write("kept/b/run.jsonl", records);
    let added = add(&sandbox, "kept", "a", "01").exits(0);
    assert_eq!(added.stderr.matches("added concurrent").count(), 2, "{}", added.stderr);
    // Two definitions of one pipeline under one label are no flaky metric.
    let shown = show(&sandbox, &[]).exits(0).stdout;
    assert!(!shown.contains("flaky") && shown.contains("configuration changed"));
}

#[test]
fn runs_of_one_label_that_differ_are_flaky_and_without_a_label_unknown() {
    let sandbox = Sandbox::new();
    for out in ["a", "b"] {
        run(&sandbox, "5", out);
    }
    // As if chance had decided: one token more, in the records and in the ledger.
    let records = sandbox.read("b/run.jsonl");
    sandbox.write("b/run.jsonl", records.replacen("\"tokens_in\":", "\"tokens_in\":1", 1));
    // An empty label is that of a variable that was not set.
    for (file, label) in [("with.redb", "c0ffee"), ("without.redb", " ")] {
        for out in ["a", "b"] {
            let add = ["history", "add", out, "--file", file, "--label", label];
            sandbox.chaos(&add).exits(0);
        }
    }
    let metric = ["--metric", "tokens_in"];
    let with = show(&sandbox, &[&["--file", "with.redb"], &metric[..]].concat()).exits(0).stdout;
    assert!(with.contains("flaky in 2 runs of `c0ffee`: tokens_in (95,001, 95,011)"), "{with}");
    assert!(with.contains("why it matters:") && !with.contains("step at"), "{with}");
    let bare = show(&sandbox, &[&["--file", "without.redb"], &metric[..]].concat()).exits(0).stdout;
    assert!(!bare.contains("flaky") && bare.contains("without a label"), "{bare}");
}

#[test]
fn real_time_has_a_line_of_its_own_and_no_steps() {
    let sandbox = Sandbox::new();
    sandbox.write("quick.toml", format!("pipelines = [\"phase3\"]\n{QUICK}"));
    for (out, clock) in [("a", "simulated"), ("b", "wall"), ("c", "wall")] {
        let run = ["run", "quick.toml", "--quiet", "--clock", clock, "--out", out];
        sandbox.chaos(&run).exits(0);
        add(&sandbox, out, out, "01").exits(0);
    }
    let shown = show(&sandbox, &["--verbose"]).exits(0).stdout;
    assert!(shown.contains("quick.toml · phase3 · seed 7 · simulated time: exact · 1 run\n"));
    assert!(shown.contains("quick.toml · phase3 · seed 7 · real time: timed · 2 runs\n"));
    assert!(shown.contains("before, time was simulated"), "{shown}");
    assert!(!shown.contains("step at"), "{shown}");
}

#[test]
fn an_empty_or_missing_history_says_what_to_do_next() {
    let sandbox = Sandbox::new();
    let missing = show(&sandbox, &[]).exits(2);
    missing.says(&["cannot read `chaos-history.redb`", "hint: `chaos history add` makes one"]);
    sandbox.chaos(&["history", "add", "none"]).exits(2).says(&["cannot read `none`"]);
    sandbox.write("prose.txt", "nothing of the kind\n");
    sandbox.chaos(&["history", "add", "prose.txt"]).exits(4).says(&["no test output", "hint:"]);
    fs::create_dir(sandbox.path("folder")).expect("a folder");
    sandbox.chaos(&["history", "add", "folder"]).exits(2).says(&["has none in it"]);
    sandbox.chaos(&["history", "add", "x", "--day", "2026-13-01"]).exits(2);
    assert!(!sandbox.path("chaos-history.redb").exists());
    let sandbox = three_runs();
    let other = show(&sandbox, &["--scenario", "outage"]).exits(2);
    other.says(&["nothing of what was asked for", "it has: concurrent mine.toml"]);
    let other = show(&sandbox, &["--metric", "speed"]).exits(2);
    other.says(&["nothing of what was asked for", "metrics are jobs, documented"]);
}

#[test]
fn labels_and_names_do_not_reach_the_terminal_or_the_file_as_they_are() {
    let sandbox = Sandbox::new();
    run(&sandbox, "5", "a");
    let key = "sk-ant-api03-abcdefghijklmnopqrstuvwxyz0123456789";
    add(&sandbox, "a", &format!("\u{1b}[31m{key}"), "01").exits(0);
    for format in ["terminal", "json", "csv"] {
        let shown = show(&sandbox, &["--format", format, "--verbose"]).exits(0).stdout;
        assert!(!shown.contains('\u{1b}') && !shown.contains(key), "{shown}");
    }
    let file = fs::read(sandbox.path("chaos-history.redb")).expect("a file");
    assert!(!String::from_utf8_lossy(&file).contains(key), "the key is in the file");
}

#[test]
fn two_processes_that_add_at_once_both_add() {
    let sandbox = Sandbox::new();
    let names = ["a", "b", "c", "d"];
    for name in names {
        run(&sandbox, "5", name);
    }
    let children = names.map(|name| {
        let add = ["history", "add", name, "--label", name];
        let mut command = sandbox.command(&add);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")
    });
    for child in children {
        support::wait_for(child).exits(0).says(&["added concurrent"]);
    }
    let csv = show(&sandbox, &["--format", "csv", "--metric", "calls"]).exits(0).stdout;
    assert_eq!(csv.lines().count(), 5, "{csv}");
}

/// A log of pytest in which these tests fail, of four.
fn log(failing: &[(&str, &str)]) -> String {
    let mut text = "=== test session starts ===\ncollected 4 items\n\n".to_owned();
    for name in ["test_a", "test_b", "test_c", "test_d"] {
        let failed = failing.iter().any(|(test, _)| *test == name);
        let _ = writeln!(text, "a.py::{name} {}", if failed { "FAILED" } else { "PASSED" });
    }
    text += "\n=== FAILURES ===\n";
    for (name, message) in failing {
        let _ = writeln!(text, "___ {name} ___\na.py:9: in {name}\n    y\nE   {message}");
    }
    text += "=== short test summary info ===\n";
    for (name, message) in failing {
        let _ = writeln!(text, "FAILED a.py::{name} - {message}");
    }
    let (failed, passed) = (failing.len(), 4 - failing.len());
    text + &format!("=== {failed} failed, {passed} passed in 0.10s ===\n")
}

#[test]
fn a_failure_is_new_known_or_came_back_by_its_signature() {
    let sandbox = Sandbox::new();
    let lost = |n: u32| ("test_a", format!("OSError: job {n} is lost at 0x7f0{n}"));
    let logs = [
        vec![lost(1), ("test_b", "ValueError: wrong".to_owned())],
        vec![("test_b", "ValueError: wrong".to_owned())],
        vec![
            lost(3),
            ("test_b", "ValueError: wrong".to_owned()),
            ("test_c", "TypeError: none".to_owned()),
        ],
    ];
    for (number, failing) in (1..).zip(&logs) {
        let failing: Vec<(&str, &str)> = failing.iter().map(|(t, m)| (*t, m.as_str())).collect();
        let name = format!("{number}.log");
        sandbox.write(&name, log(&failing));
        if number == 3 {
            classify_says(&sandbox, &name);
        }
        add(&sandbox, &name, &format!("c{number}"), &format!("0{number}")).exits(0);
    }
    insta::assert_snapshot!(show(&sandbox, &[]).exits(0).stdout, @r"
    HISTORY  3 test logs, 2026-11-01 to 2026-11-03

    tests · 3 logs · latest `c3` (2026-11-03): 1 new, 1 came back, 1 known
      new        TypeError | TypeError: none | -
                 a.py::test_c
      came back  OSError | OSError: job <n> is lost at <hex> | -
                 first seen `c1` (2026-11-01), in 1 of 2 earlier logs
                 a.py::test_a
      known      ValueError | ValueError: wrong | -
                 first seen `c1` (2026-11-01), last `c2` (2026-11-02), in 2 of 2 earlier logs
                 a.py::test_b
    ");
}

/// What `chaos classify` makes of the history before the log is in it.
fn classify_says(sandbox: &Sandbox, log: &str) {
    let classify = ["classify", log, "--history", "chaos-history.redb"];
    let text = sandbox.chaos(&classify).exits(99).stdout;
    let came_back = "    came back: first seen `c1` (2026-11-01), in 1 of 2 earlier logs\n";
    let known = "    known: first seen `c1` (2026-11-01), last `c2` (2026-11-02), in 2 of 2";
    for words in [came_back, known, "\n    new\n"] {
        assert!(text.contains(words), "`{words}` is missing in:\n{text}");
    }
    let csv = sandbox.chaos(&[&classify[..], &["--report", "csv"]].concat()).exits(99).stdout;
    let ends: Vec<&str> = csv.lines().filter_map(|line| line.rsplit(',').next()).collect();
    assert_eq!(ends, ["History", "came back", "known", "new"]);
    let json = sandbox.chaos(&[&classify[..], &["--report", "json"]].concat()).exits(99).stdout;
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let groups = json["groups"].as_array().expect("groups");
    let back = groups.iter().find(|group| group["past"]["standing"] == "came_back");
    assert_eq!(back.expect("one came back")["past"]["first_seen"]["label"], "c1");
}

#[test]
fn classify_without_a_history_yet_marks_nothing_and_says_so() {
    let sandbox = Sandbox::new();
    sandbox.write("1.log", log(&[("test_a", "ValueError: wrong")]));
    let classify = ["classify", "1.log", "--history", "h.redb"];
    let ran = sandbox.chaos(&classify).exits(99).says(&["no history `h.redb` yet", "hint:"]);
    assert!(!ran.stdout.contains("new"), "{}", ran.stdout);
    sandbox.chaos(&["history", "add", "1.log", "--file", "h.redb", "--suite", "unit"]).exits(0);
    sandbox.chaos(&classify).exits(99).says(&["has no log of suite `tests`"]);
}

#[test]
fn an_incomplete_log_proves_no_absence() {
    let sandbox = Sandbox::new();
    let failing = [("test_a", "ValueError: wrong")];
    let cut = log(&[]);
    let (cut, _) = cut.split_once("\n=== FAILURES").expect("a body");
    for (number, text) in (1..).zip([log(&failing), cut.to_owned(), log(&failing)]) {
        let name = format!("{number}.log");
        sandbox.write(&name, text);
        let added = add(&sandbox, &name, &number.to_string(), &format!("0{number}")).exits(0);
        assert_eq!(added.stderr.contains("is incomplete"), number == 2, "{}", added.stderr);
    }
    let shown = show(&sandbox, &[]).exits(0).stdout;
    assert!(shown.contains("1 known"), "{shown}");
}

//! Goal: two pipelines are held against each other in real time; what loses files is red in every
//! format, what holds says what it would have seen, and what proves nothing is inconclusive.
//! Method: built-in pipelines and commands in real time. Times are borne whatever they are: how
//! well they are told apart is the business of `scripts/alarms` and of the unit tests.

use serde_json::Value;

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::{PYTHON_CLIENT, QUICK, Ran, Sandbox};

/// Times say nothing on a machine that does something else as well.
const ANY_TIME: [&str; 6] = [
    "--tolerance",
    "latency_* 100000%",
    "--tolerance",
    "elapsed_us 100000%",
    "--tolerance",
    "first_token_* 100000%",
];

/// A scenario of six files, a command that asks for a model that there is not, and one that asks
/// nothing.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("quick.toml", format!("pipelines = [\"phase1\"]\n{QUICK}"));
    sandbox.write("lost.py", format!("{PYTHON_CLIENT}\nask(\"def f(): pass\", \"nowhere\")\n"));
    let command = |argv: &str| format!("format = 1\n[command]\nargv = [{argv}, \"{{file}}\"]\n");
    sandbox.write("lost.toml", command("\"python3\", \"lost.py\""));
    sandbox.write("silent.toml", command("\"/bin/true\""));
    sandbox
}

fn gate(sandbox: &Sandbox, base: &str, head: &str, more: &[&str]) -> Ran {
    let under = ["--scenario", "quick.toml", "--repeats", "7"];
    let pair = ["gate", "--base", base, "--head", head];
    let arguments = [&pair[..], &under, &ANY_TIME, more].concat();
    let path = std::env::var_os("PATH").expect("a path to Python");
    Ran::of(sandbox.command(&arguments).env("PATH", path))
}

#[test]
fn the_same_pipeline_holds_and_every_green_number_says_what_it_would_have_seen() {
    let sandbox = sandbox();
    let ran = gate(&sandbox, "phase1", "phase1", &["--quiet", "--format", "json"]).exits(0);
    assert_eq!(ran.stderr, "", "--quiet says nothing alongside");
    let page: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(page["verdict"], "pass");
    let numbers = page["scenarios"][0]["numbers"].as_array().expect("numbers").clone();
    let find = |metric: &str| numbers.iter().find(|of| of["metric"] == metric).expect("a number");
    for metric in ["documented", "elapsed_us", "latency_p50_us", "cost_microusd"] {
        let repeats = &find(metric)["repeats"];
        assert_eq!(repeats["base"].as_array().map(Vec::len), Some(7), "{metric}");
        assert!(repeats["seen_from_ppm"].is_u64(), "{metric}: {repeats}");
    }
    assert_eq!(find("cost_microusd")["repeats"]["seen_from_ppm"], 0, "every run costs the same");
}

#[test]
fn a_pipeline_that_loses_files_is_red_in_every_format() {
    let sandbox = sandbox();
    let formats = ["--format", "terminal,markdown,json,junit,github,html", "--out", "page"];
    gate(&sandbox, "phase1", "lost.toml", &formats).exits(99);
    let words = [
        ("gate.txt", "FAIL"),
        ("gate.md", "FAIL"),
        ("gate.json", "\"verdict\": \"fail\""),
        ("gate.junit.xml", "<failure"),
        ("gate.annotations.txt", "::error"),
        ("gate.html", "FAIL"),
    ];
    for (file, word) in words {
        let page = sandbox.read(&format!("page/{file}"));
        assert!(page.contains(word) && page.contains("documented"), "{file}: {page}");
    }
}

#[test]
fn a_base_that_delivers_nothing_and_runs_without_a_call_prove_nothing() {
    let sandbox = sandbox();
    let lost = gate(&sandbox, "lost.toml", "lost.toml", &[]).exits(4).stdout;
    assert!(lost.contains("INCONCLUSIVE") && lost.contains("the base"), "{lost}");
    let silent = gate(&sandbox, "phase1", "silent.toml", &[]).exits(4).stdout;
    assert!(silent.contains("head, run 1: no call reached the mock"), "{silent}");
}

#[test]
fn the_runs_are_kept_where_that_was_asked_for() {
    let sandbox = sandbox();
    gate(&sandbox, "phase1", "phase1", &["--keep", "kept"]).exits(0);
    let kept = sandbox.names("kept");
    assert_eq!(kept.len(), 14, "{kept:?}");
    assert!(sandbox.names("kept/head-7").contains(&"report.html".to_owned()));
}

#[test]
fn what_two_pipelines_need_is_asked_for_together() {
    let sandbox = sandbox();
    let usage = |arguments: &[&str], words: &str| {
        sandbox.chaos(arguments).exits(2).says(&[words]);
    };
    usage(&["gate"], "--baseline <FILE>");
    usage(&["gate", "--base", "phase1"], "--head <NAME|FILE>");
    usage(&["gate", "--baseline", "a.json", "--base", "phase1"], "cannot be used with");
    let pair = ["gate", "--base", "phase1", "--head", "phase3", "--scenario", "concurrent"];
    usage(&[&pair[..], &["--repeats", "6"]].concat(), "6 is not in 7..=50");
    usage(&["gate", "--baseline", "a.json", "--repeats", "9"], "--base <NAME|FILE>");
}

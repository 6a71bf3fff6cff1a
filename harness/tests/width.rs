//! Goal: what is printed fits the width it gets: 80 columns in a pipe, or what `COLUMNS` says.
//! Method: run every command that prints tables or sentences, and measure each line.

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::{Ran, Sandbox};

/// Runs a command at a width and checks each line but those that `may_be_longer` names.
#[track_caller]
fn check(
    sandbox: &Sandbox,
    width: Option<usize>,
    arguments: &[&str],
    may_be_longer: &str,
) -> String {
    let mut command = sandbox.command(arguments);
    if let Some(width) = width {
        command.env("COLUMNS", width.to_string());
    }
    let ran = Ran::of(&mut command);
    assert!(ran.code.is_some_and(|code| code != 1 && code != 2), "{}", ran.stderr);
    let longest = width.unwrap_or(80);
    for line in ran.stdout.lines() {
        let is_whole = !may_be_longer.is_empty() && line.contains(may_be_longer);
        let columns = line.chars().count();
        assert!(
            columns <= longest || is_whole,
            "{arguments:?} at {longest} prints a line of {columns}:\n{line}\n\n{}",
            ran.stdout
        );
    }
    ran.stdout
}

#[test]
fn runs_and_their_comparisons_fit() {
    let sandbox = Sandbox::new();
    let scenarios = ["concurrent", "outage", "large-file", "gateway-timeout", "function-burst"];
    for (index, scenario) in scenarios.into_iter().enumerate() {
        let width = [None, Some(80), Some(120), Some(72)][index % 4];
        check(&sandbox, width, &["run", scenario, "--currency", "INR", "--out", scenario], "");
        check(&sandbox, None, &["report", scenario], "");
    }
    sandbox.chaos(&["run", "concurrent", "--quiet", "--seed", "11", "--out", "other"]).exits(0);
    let [phase1, phase3] = ["phase1", "phase3"].map(|name| sandbox.chaos(&["show", name]).stdout);
    sandbox.write("mine.toml", phase3.replace("attempts = 5", "attempts = 2"));
    sandbox.write("yours.toml", phase1);
    let mine = ["run", "concurrent", "--quiet", "--pipeline", "mine.toml", "yours.toml"];
    sandbox.chaos(&[&mine[..], &["--out", "before"]].concat()).exits(0);
    sandbox.write("mine.toml", phase3);
    let accept = ["baseline", "accept", "--baseline", "b.json", "--reason", "first", "before"];
    sandbox.chaos(&accept).exits(0);
    for width in [None, Some(80), Some(120)] {
        check(&sandbox, width, &["gate", "--baseline", "b.json"], "");
        check(&sandbox, width, &["gate", "--baseline", "b.json", "other"], "");
        check(&sandbox, width, &["compare", "concurrent", "other"], "");
        check(&sandbox, width, &["compare", "concurrent", "large-file"], "");
        check(&sandbox, width, &["baseline", "show", "b.json"], "");
        check(&sandbox, width, &["ablate", "--scenario", "outage", "--pipeline", "phase3"], "");
    }
}

#[test]
fn lists_estimates_and_cards_fit() {
    let sandbox = Sandbox::new();
    sandbox.chaos(&["generate", "repo", "--files", "3", "--lines", "900", "--output", "src"]);
    for width in [None, Some(80), Some(120)] {
        check(&sandbox, width, &["list"], "");
        check(&sandbox, width, &["schema"], "");
        check(&sandbox, width, &["estimate", "src", "--limits", "start"], "");
        check(&sandbox, width, &["claims", "--row", "1", "5", "24", "--quiet"], "");
        let diagnosed = ["diagnose", "--pipeline", "phase1", "--quiet", "--only", "hang,identical"];
        check(&sandbox, width, &diagnosed, "");
        check(&sandbox, width, &["diagnose", "--list"], "");
    }
}

/// An id is what is copied: it stays whole.
#[test]
fn what_is_said_of_a_log_fits_and_ids_stay_whole() {
    let sandbox = Sandbox::new();
    let log = "../reports/testlog/tests/triage/fraiseql/no-database.log";
    let log = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(log);
    sandbox.write("tests.log", std::fs::read(log).expect("the log is there"));
    for width in [None, Some(80), Some(120)] {
        check(&sandbox, width, &["classify", "tests.log"], "::");
    }
}

#[test]
fn no_word_is_cut_where_a_line_is_broken() {
    let sandbox = Sandbox::new();
    let words = |width| -> Vec<String> {
        let printed = check(&sandbox, Some(width), &["list"], "");
        printed.split_whitespace().map(str::to_owned).collect()
    };
    assert_eq!(words(60), words(120));
    let estimate =
        check(&sandbox, Some(80), &["ablate", "--scenario", "outage", "--pipeline", "phase3"], "");
    assert!(estimate.contains("5xx server error"), "{estimate}");
}

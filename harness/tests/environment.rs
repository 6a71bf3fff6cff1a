//! Goal: every flag can be set by the environment, a typed flag wins, and nothing else changes.
//! Method: walk the whole command for the names; then set variables around the real binary.

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use clap::{Arg, Command, CommandFactory};
use harness::args::Args;
use mock_claude::cli::{TYPED_ONLY, name_of, with_variables};
use support::{QUICK, Ran, Sandbox};

/// Flags without a variable by the rule: they print something and end, or have one of their own.
const APART: [&str; 5] = ["help", "version", "list-presets", "show-preset", "admin-token"];

/// Checks each long flag of a command, and of all below it; gives how many have a variable.
fn walk(command: &Command, prefix: &str) -> usize {
    let mut found = 0;
    for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
        let Some(long) = arg.get_long() else { continue };
        let expected = format!("{prefix}_{}", name_of(long));
        let variable = arg.get_env().map(|name| name.to_string_lossy().into_owned());
        if TYPED_ONLY.contains(&long) {
            assert_eq!(variable, None, "{expected} destroys or consents");
        } else if !APART.contains(&long) {
            assert_eq!(variable, Some(expected));
            found += 1;
        }
    }
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        found += walk(inner, &format!("{prefix}_{}", name_of(inner.get_name())));
    }
    found
}

fn set(sandbox: &Sandbox, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
    Ran::of(sandbox.command(arguments).envs(variables.iter().copied()))
}

#[test]
fn every_long_flag_of_every_subcommand_has_its_variable() {
    let chaos = with_variables(Args::command());
    assert!(walk(&chaos, "CHAOS") > 100);
    let mock = with_variables(mock_claude::cli::Args::command());
    assert!(walk(&mock, "MOCK_CLAUDE") > 20);
    let named = |arg: &Arg| arg.get_env().is_some();
    assert!(!Args::command().get_arguments().any(named), "the rule alone gives them");
}

#[test]
fn a_variable_stands_in_for_a_flag_and_a_typed_flag_wins() {
    let sandbox = Sandbox::new();
    sandbox.write("quick.toml", QUICK);
    let seed = |variables: &[(&str, &str)], typed: &[&str]| {
        let run = [&["run", "quick.toml", "--quiet", "--out", "out", "--force"], typed].concat();
        let ran = set(&sandbox, variables, &run).exits(0);
        (sandbox.records("out").header.seed, ran.stdout.is_empty())
    };
    assert_eq!(seed(&[], &[]), (7, true), "the scenario's");
    assert_eq!(seed(&[("CHAOS_RUN_SEED", "9")], &[]), (9, true));
    assert_eq!(seed(&[("CHAOS_RUN_SEED", "9")], &["--seed", "11"]), (11, true));
    assert_eq!(seed(&[("CHAOS_GATE_SEED", "9"), ("CHAOS_RUN_FORCE", "x")], &[]), (7, true));
    let loud = set(&sandbox, &[("CHAOS_RUN_QUIET", "0")], &["run", "quick.toml"]).exits(0);
    assert!(!loud.stdout.is_empty());
    let quiet = set(&sandbox, &[("CHAOS_RUN_QUIET", "1")], &["run", "quick.toml"]).exits(0);
    assert_eq!(quiet.stdout, "");
}

#[test]
fn a_typed_flag_wins_over_the_variable_of_a_flag_that_it_excludes() {
    let sandbox = Sandbox::new();
    sandbox.write("quick.toml", QUICK);
    let variables = [("CHAOS_RUN_QUIET", "true")];
    let verbose = set(&sandbox, &variables, &["run", "quick.toml", "--verbose"]).exits(0);
    assert!(verbose.stdout.contains("success rate"), "{}", verbose.stdout);
    let both = [("CHAOS_RUN_QUIET", "true"), ("CHAOS_RUN_VERBOSE", "true")];
    let refused = set(&sandbox, &both, &["run", "quick.toml"]).exits(2);
    refused.says(&["hint: the environment has `CHAOS_RUN_QUIET`", "`CHAOS_RUN_VERBOSE`"]);
    let presets = set(&sandbox, &[("CHAOS_MOCK_PORT", "1")], &["mock", "--list-presets"]).exits(0);
    assert!(presets.stdout.contains("brownout"), "{}", presets.stdout);
}

#[test]
fn a_bad_value_is_refused_under_the_name_of_its_variable() {
    let sandbox = Sandbox::new();
    for (variable, value, command) in [
        ("CHAOS_RUN_SEED", "many", &["run", "concurrent"][..]),
        ("CHAOS_RUN_QUIET", "perhaps", &["run", "concurrent"]),
        ("CHAOS_BASELINE_DIFF_FORMAT", "pdf", &["baseline", "diff", "a", "b"]),
        ("CHAOS_MOCK_PORT", "70000", &["mock"]),
    ] {
        let hint = format!("hint: the environment has `{variable}`");
        set(&sandbox, &[(variable, value)], command).exits(2).says(&[&hint, value]);
    }
    let typed = ["run", "concurrent", "--seed", "many"];
    let refused = set(&sandbox, &[("CHAOS_RUN_SEED", "9")], &typed).exits(2);
    assert!(!refused.stderr.contains("environment"), "{}", refused.stderr);
}

/// No test may depend on what is set around it.
#[test]
fn the_sandbox_clears_the_environment() {
    let sandbox = Sandbox::new();
    let init = sandbox.chaos(&["init", "--", "env", "{file}"]).exits(2);
    init.says(&["no program `env` is found"]);
}

//! Goal: the README shows what the program prints. Method: run the command that it shows, and find
//! each line of the block in the output, in order; the block may leave lines out, not change them.

use std::path::Path;
use std::process::Command;

/// The lines that the README shows under a command, without the command itself.
fn shown_under(command: &str) -> Vec<String> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let text = std::fs::read_to_string(readme).expect("the README is there");
    let (_, after) = text.split_once(&format!("$ {command}\n")).expect("the README shows it");
    let (block, _) = after.split_once("```").expect("the block ends");
    block.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
}

#[test]
fn the_first_output_in_the_readme_is_what_the_command_prints() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_chaos"))
        .args(["run", "--scenario", "concurrent"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let printed = String::from_utf8(output.stdout).unwrap();
    let mut lines = printed.lines();
    for shown in shown_under("cargo run --release -- run --scenario concurrent") {
        assert!(
            lines.any(|line| line == shown),
            "the README shows a line that the program does not print, or not in this order:\n\
             {shown}\n\nprinted:\n{printed}"
        );
    }
}

#[test]
fn the_report_card_in_the_readme_is_what_the_command_prints() {
    let output = Command::new(env!("CARGO_BIN_EXE_chaos"))
        .args(["diagnose", "--pipeline", "phase1"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(99));
    let printed = String::from_utf8(output.stdout).unwrap();
    let mut lines = printed.lines();
    for shown in shown_under("chaos diagnose --pipeline phase1") {
        assert!(lines.any(|line| line == shown), "{shown}\n\nprinted:\n{printed}");
    }
}

#[test]
fn what_the_readme_says_of_failed_tests_is_what_the_command_prints() {
    let log = "reports/testlog/tests/triage/fraiseql/no-database.log";
    let output = Command::new(env!("CARGO_BIN_EXE_chaos"))
        .args(["classify", log])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(99));
    let printed = String::from_utf8(output.stdout).unwrap();
    let mut lines = printed.lines();
    for shown in shown_under(&format!("cargo run --release -- classify {log}")) {
        assert!(lines.any(|line| line == shown), "{shown}\n\nprinted:\n{printed}");
    }
}

#[test]
fn every_shipped_scenario_has_its_row_in_the_readme() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let text = std::fs::read_to_string(readme).unwrap();
    for scenario in scenarios::library::ALL {
        let row = format!("| `{}` |", scenario.name);
        assert!(text.contains(&row), "{row} is missing");
    }
}

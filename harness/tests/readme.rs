//! Goal: the README and the guides show what the program prints, and lead where they say.
//! Method: run the command that a guide shows, and find each line of the block in the output, in
//! order; the block may leave lines out, not change them. Links, tables and examples are read.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::{Ran, Sandbox, message, signal, wait_for};

/// The guides that lead a reader through the workspace.
const GUIDES: [&str; 6] = [
    "README.md",
    "harness/README.md",
    "mock-claude/README.md",
    "reports/README.md",
    "scenarios/README.md",
    "scripts/README.md",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn guide(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The lines that a guide shows under a command, without the command itself.
fn shown_under(path: &str, command: &str) -> Vec<String> {
    let text = guide(path);
    let (_, after) = text.split_once(&format!("$ {command}")).expect("the guide shows it");
    let (block, _) = after.split_once("```").expect("the block ends");
    let lines = block.lines().skip(1).filter(|line| !line.trim().is_empty());
    let shown: Vec<String> = lines.map(str::to_owned).collect();
    assert!(!shown.is_empty(), "{path} shows no output under `{command}`");
    shown
}

/// Finds each of the lines in what was printed, in order.
#[track_caller]
fn check(shown: &[String], printed: &str) {
    let mut lines = printed.lines();
    for line in shown {
        assert!(
            lines.any(|printed| printed == line),
            "a guide shows a line that the program does not print, or not in this order:\n{line}\
             \n\nprinted:\n{printed}"
        );
    }
}

/// The blocks of a language in a guide.
fn blocks(path: &str, language: &str) -> Vec<String> {
    let text = guide(path);
    let opening = format!("```{language}\n");
    let after = text.split(&opening).skip(1);
    after.filter_map(|after| Some(after.split_once("```")?.0.to_owned())).collect()
}

/// What a command prints at the width of the guides, a hundred columns.
fn printed(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    Ran::of(sandbox.command(arguments).env("COLUMNS", "100"))
}

#[test]
fn the_comparison_in_the_readme_is_what_the_command_prints() {
    let ran = printed(&Sandbox::new(), &["run", "concurrent"]).exits(0);
    check(&shown_under("README.md", "chaos run concurrent\n"), &ran.stdout);
}

#[test]
fn the_report_card_in_the_guide_is_what_the_command_prints() {
    let ran = printed(&Sandbox::new(), &["diagnose", "--pipeline", "phase1"]).exits(99);
    check(&shown_under("harness/README.md", "chaos diagnose --pipeline phase1"), &ran.stdout);
}

#[test]
fn the_ablation_in_the_guide_is_what_the_command_prints() {
    let command = "chaos ablate --scenario concurrent --pipeline phase3";
    let arguments: Vec<&str> = command.split(' ').skip(1).collect();
    let ran = printed(&Sandbox::new(), &arguments).exits(0);
    check(&shown_under("harness/README.md", command), &ran.stdout);
}

#[test]
fn what_the_readme_says_of_failed_tests_is_what_the_command_prints() {
    let log = "reports/testlog/tests/triage/fraiseql/no-database.log";
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["classify", log]);
    let ran = Ran::of(command.env("COLUMNS", "100").current_dir(root())).exits(99);
    check(&shown_under("README.md", &format!("chaos classify {log}")), &ran.stdout);
}

#[test]
fn the_red_gate_in_the_readme_is_what_the_commands_print() {
    let sandbox = Sandbox::new();
    let phase3 = sandbox.chaos(&["show", "phase3"]).exits(0).stdout;
    assert_eq!(phase3.matches("\nattempts = 5\n").count(), 1, "the README says five attempts");
    sandbox.write("mine.toml", &phase3);
    let shown = blocks("README.md", "console");
    let first = shown.iter().find(|block| block.contains("chaos baseline accept"));
    // The first of them only writes the file that is there already.
    for line in first.expect("the README accepts a run").lines().filter(|line| !line.contains('>'))
    {
        let words = line.strip_prefix("$ chaos ").expect("a command").replace('"', "");
        sandbox.chaos(&words.split(' ').collect::<Vec<_>>()).exits(0);
    }
    sandbox.write("mine.toml", phase3.replace("\nattempts = 5\n", "\nattempts = 2\n"));
    let ran = printed(&sandbox, &["gate", "--baseline", "baseline.json"]).exits(99);
    let shown = shown_under("README.md", "chaos gate --baseline baseline.json\n");
    check(&shown, &(ran.stdout + &ran.stderr));
}

#[test]
fn the_refusal_in_the_readme_is_what_the_mock_answers() {
    let sandbox = Sandbox::new();
    sandbox.write("faults.toml", blocks("README.md", "toml").first().expect("the fault"));
    let text = guide("README.md");
    let (_, asked) = text.split_once(" -d '").expect("the README asks with a body");
    let (body, after) = asked.split_once('\'').expect("the body ends");
    let (answer, _) = after.split_once("```").expect("the block ends");
    let shown: Vec<String> = answer.trim().lines().map(str::to_owned).collect();
    assert!(shown.len() > 3, "{shown:?}");
    let flags = ["mock", "--port", "0", "--preset", "instant", "--faults", "faults.toml"];
    let mut child = sandbox
        .command(&flags)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut url = String::new();
    BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut url).expect("a URL");
    let address = url.trim().strip_prefix("http://").expect("the first line is the URL");
    let answers = [message(address, body), message(address, body)];
    signal(&child, "TERM");
    wait_for(child).exits(0);
    check(&shown, &answers[0]);
    assert!(answers[1].starts_with("HTTP/1.1 200 "), "the second attempt: {}", answers[1]);
}

#[test]
fn every_shipped_scenario_has_its_row_in_the_guide() {
    let text = guide("scenarios/README.md");
    for scenario in scenarios::library::ALL {
        let row = format!("| `{}` |", scenario.name);
        assert!(text.contains(&row), "{row} is missing");
    }
}

#[test]
fn the_scenario_in_the_guide_is_a_scenario_with_every_section_that_it_shows() {
    let shown = blocks("scenarios/README.md", "toml");
    let (scenario, sections) = shown.split_first().expect("a scenario is shown");
    let platforms = sections.iter().filter(|section| section.contains("[platform]")).count();
    assert_eq!(platforms, 2, "a platform by its name, and one that is spelled out");
    assert!(sections.iter().any(|section| section.contains("checks = [")), "what is expected");
    for section in sections {
        let text = format!("{scenario}\n{section}");
        scenarios::Scenario::parse("mine.toml", &text).unwrap_or_else(|wrong| panic!("{wrong}"));
    }
}

#[test]
fn every_script_has_its_row_in_the_guide() {
    let text = guide("scripts/README.md");
    for entry in fs::read_dir(root().join("scripts")).expect("a folder") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        if name != "README.md" && name != "__pycache__" {
            assert!(text.contains(&format!("`{name}`")), "`{name}` is missing");
        }
    }
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let slug = |heading: &str| {
        let kept = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(slug).collect()
}

#[test]
fn every_link_between_the_guides_leads_somewhere() {
    let mut links = 0;
    for path in GUIDES {
        let text = guide(path);
        for target in text.split("](").skip(1).filter_map(|after| after.split(')').next()) {
            if target.starts_with("http") {
                continue;
            }
            links += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let here = root().join(path);
            let place = match file {
                "" => here,
                file => here.parent().expect("a folder").join(file),
            };
            assert!(place.exists(), "{path}: `{target}` leads nowhere");
            if !anchor.is_empty() {
                let text = fs::read_to_string(&place).expect("a page");
                assert!(anchors(&text).contains(anchor), "{path}: `{target}` has no such heading");
            }
        }
    }
    assert!(links > 40, "only {links} links were found");
}

//! Goal: the action shows what the gate found wherever a CI system looks, exits as the gate does,
//! and keeps a single comment.
//! Method: its own scripts, run as the action runs them, with a stand-in for `gh` that writes down
//! what it was asked.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::{CHAOS, Ran, Sandbox};

/// A script of the action.
fn script(sandbox: &Sandbox, name: &str) -> Command {
    let place = concat!(env!("CARGO_MANIFEST_DIR"), "/../.github/actions/gate");
    let mut command = Command::new(format!("{place}/{name}"));
    command.current_dir(sandbox.root()).env("REPORTS", sandbox.path("reports"));
    command
}

/// A sandbox with a run in `out` and a baseline of it.
fn accepted() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.summaries(&["concurrent"]);
    sandbox.chaos(&["baseline", "accept", "--baseline", "baseline.json", "out"]).exits(0);
    sandbox
}

fn gate(sandbox: &Sandbox, arguments: &str) -> Ran {
    let mut command = script(sandbox, "gate");
    command.env("CHAOS", CHAOS).env("BASELINE", "baseline.json").env("ARGS", arguments);
    Ran::of(command.env("GITHUB_STEP_SUMMARY", sandbox.path("summary.md")))
}

#[test]
fn the_steps_of_the_action_show_the_gate_and_exit_as_it_does() {
    let sandbox = accepted();
    let ran = gate(&sandbox, "out").exits(0);
    assert!(ran.stdout.contains("PASS  gate") && !ran.stdout.contains("::error"), "{}", ran.stdout);
    assert!(sandbox.read("summary.md").starts_with("**✓ PASS** `gate`"));
    let moved = sandbox.read("baseline.json").replace("\"calls\": 27", "\"calls\": 26");
    sandbox.write("baseline.json", moved);
    let ran = gate(&sandbox, "out").exits(99);
    assert!(ran.stdout.contains("::error title=concurrent%3A phase3 calls"), "{}", ran.stdout);
    assert!(sandbox.read("summary.md").contains("**✗ FAIL** `gate`"), "it is added, not replaced");
    gate(&sandbox, "out --tolerance 'phase3: calls 1'").exits(0);
    gate(&sandbox, "nowhere").exits(2).says(&["cannot read `nowhere`"]);
}

#[test]
fn one_comment_is_kept_and_a_token_that_may_not_comment_is_no_failure() {
    let sandbox = accepted();
    gate(&sandbox, "out").exits(0);
    // It lists the comments that are in `comments`, and fails where it is told to.
    let gh = "#!/bin/sh\necho \"$@\" | head -c 60 >> asked; echo >> asked\n\
              [ -z \"$FORBIDDEN\" ] || exit 1\n\
              case \"$*\" in *--paginate*) cat comments;; esac\n";
    sandbox.write("bin/gh", gh);
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(sandbox.path("bin/gh"), mode).expect("a mode can be set");
    let comment = |forbidden: &str| {
        let path = std::env::var("PATH").expect("a PATH");
        let path = format!("{}:{path}", sandbox.path("bin").display());
        let mut command = script(&sandbox, "comment");
        command.env("PATH", path).env("GITHUB_REPOSITORY", "o/n").env("PULL_REQUEST", "7");
        Ran::of(command.env("FORBIDDEN", forbidden)).exits(0).stdout
    };
    sandbox.write("comments", "");
    assert_eq!(comment(""), "");
    sandbox.write("comments", "41\n");
    assert_eq!(comment(""), "");
    let asked = sandbox.read("asked");
    assert!(asked.contains("api repos/o/n/issues/7/comments -f body=<!-- chaos gate"), "{asked}");
    assert!(asked.contains("api --method PATCH repos/o/n/issues/comments/41"), "{asked}");
    assert!(comment("yes").starts_with("::notice::the gate could not comment"));
}

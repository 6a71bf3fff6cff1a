//! Goal: the archive that is published unpacks, runs, and has what a user without Rust needs.
//! Method: the script packs the binaries of the tests; what comes out is unpacked and used.

#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Command;

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::{CHAOS, Ran, Sandbox};

fn run(command: &mut Command) -> Ran {
    Ran::of(command).exits(0)
}

#[test]
fn the_archive_that_is_published_unpacks_and_runs() {
    let sandbox = Sandbox::new();
    let built = Path::new(CHAOS).parent().expect("a binary is in a folder");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/release");
    run(Command::new(script).arg(built).env("CARGO_TARGET_DIR", sandbox.path("target")));
    let archives = sandbox.names("target/release-archives");
    let [lines, lines_sum, archive, archive_sum] = &archives[..] else { panic!("{archives:?}") };
    assert!(lines.contains("-debug.tar.gz") && lines_sum.ends_with(".sha256"), "{archives:?}");
    let folder = sandbox.path("target/release-archives");
    let sum = ["--check", "--quiet", archive_sum];
    run(Command::new("sha256sum").args(sum).current_dir(&folder));
    run(Command::new("tar").args(["xzf", archive]).current_dir(&folder));
    let name = archive.trim_end_matches(".tar.gz");
    let unpacked = |file: &str| folder.join(name).join(file);
    for file in ["LICENSE-MIT", "README.md", "man/chaos-run.1", "completions/chaos.bash"] {
        assert!(unpacked(file).is_file(), "{file} is not in {name}");
    }
    let ran = run(Command::new(unpacked("chaos"))
        .args(["run", "concurrent", "--quiet", "--format", "json"])
        .current_dir(sandbox.root()));
    assert!(ran.stdout.contains("\"verdict\": \"pass\""), "{}", ran.stdout);
    let version = run(Command::new(unpacked("mock-claude")).arg("--version"));
    assert!(version.stdout.starts_with("mock-claude "), "{}", version.stdout);
}

//! Goal: every file of a real source tree is accounted for: documented, failed with a cause, or
//! skipped with a reason; and no name of a file can do harm on a screen or in a spreadsheet.
//! Method: build a small tree that holds one of each kind, and read each file's fate.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::{CHAOS, QUICK, Ran, Sandbox};

/// A tree with one file of each kind below `tree`.
fn tree() -> Sandbox {
    let sandbox = Sandbox::new();
    let code = |name: &str| format!("def {name}():\n    return 1\n");
    sandbox.write("tree/good.py", code("good"));
    sandbox.write("tree/stub.pyi", "def stub() -> int: ...\n");
    sandbox.write("tree/deep/er/inside.py", code("inside"));
    sandbox.write("tree/latin_1.py", b"name = 'caf\xe9'\n");
    sandbox.write("tree/binary.py", b"def a():\0\n");
    sandbox.write("tree/empty.py", "");
    sandbox.write("tree/blank.py", "\n  \n");
    sandbox.write("tree/syntax_error.py", "def broken(:\n    return )\n");
    sandbox.write("tree/README.md", "# Read me\n");
    sandbox.write("tree/with space.py", code("space"));
    sandbox.write("tree/ünïcode.py", code("unicode"));
    sandbox.write("tree/new\nline.py", code("line"));
    sandbox.write("tree/=1+1.py", code("formula"));
    sandbox.write("tree/esc\u{1b}[31mred.py", code("red"));
    sandbox.write("tree/.ignore", "ignored.py\n");
    sandbox.write("tree/ignored.py", code("ignored"));
    sandbox.write("tree/.gitignore", "build/\n");
    sandbox.write("tree/.git/HEAD", "");
    sandbox.write("tree/build/made.py", code("made"));
    sandbox.write("tree/.hidden.py", code("hidden"));
    symlink("nowhere.py", sandbox.path("tree/dangling.py")).expect("a link");
    sandbox.write("quick.toml", QUICK);
    sandbox
}

/// Runs the tree through one pipeline and gives every file's fate, one a line.
fn check(sandbox: &Sandbox, scenario: &str) -> String {
    let command = ["run", "--scenario", scenario, "--input", "tree", "--pipeline", "phase1"];
    let ran = sandbox.chaos(&[&command[..], &["--out", "out", "--verbose"]].concat()).exits(0);
    assert!(!ran.stdout.contains('\u{1b}'));
    fates(sandbox)
}

fn fates(sandbox: &Sandbox) -> String {
    let run = sandbox.records("out");
    let fate = |job: &reports::record::Job| {
        let cause = job.cause.map(|cause| format!(" {}", cause.name())).unwrap_or_default();
        let detail = job.detail.as_deref().unwrap_or_default();
        format!("{:?}: {:?}{cause} {detail}", job.path, job.outcome).trim_end().to_owned()
    };
    let fates: Vec<String> = run.pipelines[0].jobs.iter().map(fate).collect();
    fates.join("\n")
}

#[test]
fn every_file_is_documented_or_skipped_with_a_reason() {
    insta::assert_snapshot!(check(&tree(), "quick.toml"), @r#"
    "=1+1.py": Documented
    "README.md": Skipped not in a known language
    "binary.py": Skipped binary
    "blank.py": Skipped empty
    "dangling.py": Skipped a symbolic link
    "deep/er/inside.py": Documented
    "empty.py": Skipped empty
    "esc\u{1b}[31mred.py": Documented
    "good.py": Documented
    "latin_1.py": Skipped not UTF-8
    "new\nline.py": Documented
    "stub.pyi": Documented
    "syntax_error.py": Documented
    "with space.py": Documented
    "ünïcode.py": Documented
    "#);
}

#[test]
fn a_name_is_harmless_in_every_report() {
    let sandbox = tree();
    let fault = "[[fault]]\nkind = \"status\"\nname = \"down\"\nstatus = 500\n";
    sandbox.write("down.toml", format!("{QUICK}\n{fault}"));
    let fates = check(&sandbox, "down.toml");
    assert_eq!(fates.matches("Failed server_error").count(), 9, "{fates}");
    let machine = ["measured.json", "run.jsonl"];
    for name in support::RUN_FILES.into_iter().filter(|name| !machine.contains(name)) {
        let text = sandbox.read(&format!("out/{name}"));
        let raw = text.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(raw, None, "{name} holds a control character");
    }
    let text = sandbox.read("out/failures.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names: Vec<String> =
        reader.records().map(|row| row.expect("a row")[0].to_owned()).collect();
    assert!(names.contains(&"'=1+1.py".to_owned()), "a formula: {names:?}");
    assert!(names.contains(&"new\\nline.py".to_owned()), "one line each: {names:?}");
    assert_eq!(names.len(), 9, "{names:?}");
}

#[test]
fn a_file_or_folder_that_may_not_be_read_fails_as_unreadable() {
    let sandbox = Sandbox::new();
    sandbox.write("quick.toml", QUICK);
    sandbox.write("tree/good.py", "def good(): pass\n");
    sandbox.write("tree/locked.py", "def locked(): pass\n");
    sandbox.write("tree/vault/inside.py", "def inside(): pass\n");
    let mode = |name: &str, mode: u32| {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(sandbox.path(name), permissions).expect("permissions can be set");
    };
    mode("tree/locked.py", 0o000);
    mode("tree/vault", 0o000);
    let command =
        ["run", "--scenario", "quick.toml", "--input", "tree", "--pipeline", "phase1", "--out"];
    let mut command = sandbox.command(&[&command[..], &["out"]].concat());
    // Nothing is locked for root, so root becomes nobody. The binary may be where nobody may look.
    if fs::metadata(sandbox.root()).expect("a folder").uid() == 0 {
        mode(".", 0o777);
        fs::hard_link(CHAOS, sandbox.path("chaos"))
            .or_else(|_| fs::copy(CHAOS, sandbox.path("chaos")).map(|_| ()))
            .expect("a copy of the binary");
        let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
        command = std::process::Command::new(sandbox.path("chaos"));
        command.args(arguments).current_dir(sandbox.root()).env_clear().uid(65_534).gid(65_534);
    }
    let ran = Ran::of(&mut command);
    mode("tree/vault", 0o755);
    ran.exits(0);
    insta::assert_snapshot!(fates(&sandbox), @r#"
    "good.py": Documented
    "locked.py": Failed unreadable Permission denied (os error 13)
    "vault": Failed unreadable Permission denied (os error 13)
    "#);
}

#[test]
fn names_that_are_not_utf_8_are_accounted_for_in_one_order() {
    let sandbox = Sandbox::new();
    sandbox.write("quick.toml", QUICK);
    sandbox.write("tree/a.py", "x = 1\n");
    // Both are shown as the same name; their lines tell them apart.
    for (name, text) in [(b"b\xfe.py", "x = 1\n"), (b"b\xff.py", "x = 1\ny = 2\n")] {
        let path = sandbox.path("tree").join(std::ffi::OsStr::from_bytes(name));
        fs::write(path, text).expect("a file");
    }
    for _ in 0..10 {
        let command = ["quick.toml", "--input", "tree", "--pipeline", "phase1"];
        sandbox.summaries(&command);
        let lines: Vec<u64> =
            sandbox.records("out").pipelines[0].jobs.iter().map(|job| job.lines).collect();
        assert_eq!(lines, [1, 1, 2]);
    }
}

#[test]
fn a_single_file_is_an_input_too() {
    let sandbox = tree();
    let summaries = sandbox.summaries(&["quick.toml", "--input", "tree/good.py"]);
    assert_eq!((summaries[0].documented, summaries[1].documented), (1, 1));
}

#[test]
fn what_a_shipped_scenario_expects_of_its_own_files_is_not_asked_of_others() {
    let sandbox = tree();
    let command = ["run", "--scenario", "nested", "--input", "tree", "--out", "out"];
    let screen = sandbox.chaos(&command).exits(0).stdout;
    assert!(screen.contains("nothing was expected"), "{screen}");
}

//! Goal: whatever is wrong with what was typed or with a file, there is a message that names it, a
//! remedy, and the documented exit code; never a panic, and nothing is changed.
//! Method: type it. What a call leaves behind is checked as well as what it says.

use std::os::unix::ffi::OsStrExt;

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::{QUICK, Ran, Sandbox};

/// Types a command that cannot work and checks its code, its words and that it left nothing.
#[track_caller]
fn check(sandbox: &Sandbox, arguments: &[&str], code: i32, words: &[&str]) -> String {
    let before = sandbox.names(".");
    let ran = sandbox.chaos(arguments).exits(code).says(words);
    assert_eq!(ran.stdout, "", "nothing is printed where results go");
    assert_eq!(sandbox.names("."), before, "nothing is left behind");
    ran.stderr
}

/// Runs a scenario file with this text and gives what is said about it.
#[track_caller]
fn check_file(text: impl AsRef<[u8]>, words: &[&str]) -> String {
    let sandbox = Sandbox::new();
    sandbox.write("mine.toml", text);
    check(&sandbox, &["run", "--scenario", "mine.toml"], 104, words)
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest_one() {
    let sandbox = Sandbox::new();
    let run = ["run", "--scenario"];
    let typed = |arguments: &[&str], words: &[&str]| {
        check(&sandbox, &[&run[..], arguments].concat(), 2, words);
    };
    typed(&["concurent"], &["unknown scenario `concurent`", "did you mean `concurrent`?"]);
    typed(&["zzz"], &["unknown scenario `zzz`", "`large-file`", "`nested`", "path of a file"]);
    typed(&[""], &["unknown scenario ``"]);
    typed(
        &["nested", "--pipeline", "phase2"],
        &["unknown pipeline `phase2`", "did you mean `phase3`?"],
    );
    typed(&["nested", "--pipeline", "phase1", "phase1"], &["`phase1`", "twice"]);
    typed(&["mine.toml"], &["cannot read `mine.toml`", "No such file", "hint: `chaos list`"]);
    typed(&["nested", "--seed", "-1"], &["-1"]);
    typed(&["nested", "--clock", "sundial"], &["sundial", "simulated"]);
    typed(&["nested", "--frce"], &["--frce"]);
    check(&sandbox, &["run"], 2, &["<SCENARIO>", "--help"]);
    check(&sandbox, &["rnu"], 2, &["rnu", "Usage"]);
    check(&sandbox, &["report", "nowhere"], 2, &["`nowhere`", "hint:"]);
    check(&sandbox, &[], 2, &["Usage"]);
}

#[test]
fn a_syntax_error_has_its_file_line_and_column() {
    let text = check_file("format = 1\ntitle = = 2\n", &["`mine.toml`", "mine.toml:2:9: "]);
    assert!(!text.contains("TOML parse error"), "{text}");
}

#[test]
fn everything_wrong_with_a_scenario_is_said_at_once_in_the_order_of_the_file() {
    let text = r#"format = 1
title = 5
question = "Really?"
pipeline = ["phase1"]
seed = -1

[[input]]
kind = "file"
lines = 0

[[input]]
kind = "fiel"

[load]
shape = "constant"
rate_per_minute = -20

[limits]
requests_per_minute = -5

[[fault]]
kind = "status"
name = "too likely"
status = 500
when = { share = 1.5 }

[expect.phase1]
calls = { max = -1 }
"#;
    insta::assert_snapshot!(check_file(text, &[]), @r"
    error: `mine.toml` has 9 problems
      mine.toml:2:9: `title`: expected a string, found an integer
      mine.toml:4:1: `pipeline`: unknown key
        hint: did you mean `pipelines`?
      mine.toml:5:8: `seed`: must be at least 0
      mine.toml:9:9: `input.0.lines`: must be at least 1
      mine.toml:12:8: `input.1.kind`: unknown value `fiel`
        hint: did you mean `file`?
      mine.toml:16:19: `load.rate_per_minute`: must be at least 1
      mine.toml:19:23: `limits.requests_per_minute`: must be at least 1
      mine.toml:25:18: `fault.0.when.share`: must be at most 1
      mine.toml:28:17: `expect.phase1.calls.max`: must be at least 0
    ");
}

#[test]
fn what_no_single_key_can_tell_is_said_at_once_too() {
    let text = format!(
        "{}\n[limits]\nrequests_burst = 4\n\n[expect.phase1]\nsuccess_rate = {{ min = 1.5 }}\n\
         calls = {{ min = 5, max = 4 }}\n\n[expect.phase9]\ncalls = {{ max = 1 }}\n",
        QUICK.replace("lines = 300", "lines = 2")
    );
    insta::assert_snapshot!(check_file(text, &[]), @r"
    error: `mine.toml` has 5 problems
      mine.toml:8:1: `input.0.lines`: `2` lines are too few for `6` files
      mine.toml:20:1: `limits.requests_burst`: needs `requests_per_minute` beside it
      mine.toml:23:18: `expect.phase1.success_rate.min`: is above 1, and a share never is
      mine.toml:24:1: `expect.phase1.calls`: has a `min` above its `max`, so nothing would pass
      mine.toml:26:9: `expect.phase9`: is not one of the scenario's `pipelines`
    ");
}

#[test]
fn everything_wrong_with_a_pipeline_is_said_at_once() {
    let sandbox = Sandbox::new();
    let phase3 = sandbox.chaos(&["show", "phase3"]).exits(0).stdout;
    let mine = phase3
        .replace("workers = 5", "workers = 0")
        .replace("attempts = 5", "attempts = -5")
        .replace("max_tokens = 4096", "max_tokens = 99999999999")
        .replace("overlap_lines = 50", "overlap_lines = true")
        .replace("statuses = [429, 502, 503, 504]", "statuses = [429, 70000]");
    sandbox.write("mine.toml", mine);
    let command = ["run", "--scenario", "nested", "--pipeline", "mine.toml"];
    insta::assert_snapshot!(check(&sandbox, &command, 104, &[]), @r"
    error: `mine.toml` has 5 problems
      mine.toml:14:14: `request.max_tokens`: must be at most 4294967295
      mine.toml:37:17: `chunk.overlap_lines`: expected an integer, found `true` or `false`
      mine.toml:40:11: `schedule.workers`: must be at least 1
      mine.toml:44:12: `retry.attempts`: must be at least 1
      mine.toml:47:18: `retry.statuses.1`: must be at most 65535
    ");
}

#[test]
fn another_format_is_refused_with_the_one_that_is_read() {
    let words = ["mine.toml:1:1: `format`: format 2", "this version reads format 1"];
    check_file("format = 2\nanything = { goes = true }\n", &words);
    check_file(QUICK.replace("format = 1", "format = 0"), &["format 0"]);
    check_file(QUICK.replace("format = 1", "format = \"1\""), &["expected an integer"]);
    check_file(QUICK.replace("format = 1\n", ""), &["missing key `format`"]);
    check_file(QUICK.replace("format = 1", "format = 99999999999999999999"), &["format"]);
}

#[test]
fn a_file_of_another_kind_is_refused_whatever_is_in_it() {
    check_file("", &["missing key `format`", "missing key `question`"]);
    check_file(b"format = 1\ntitle = \"caf\xe9\"\n", &["`mine.toml`:2: not UTF-8", "hint:"]);
    check_file(b"\x7fELF\0\0\0", &["mine.toml:1:"]);
    check_file("# ".to_owned() + &"x".repeat(10_000_000), &["too large", "hint:"]);
    check_file("{\"format\": 1}", &["mine.toml:1:1: "]);
    check_file("format = 1\nformat = 1\n", &["mine.toml:2:1: ", "duplicate key"]);
    check_file("\u{feff}format = 2\n", &["format 2"]);
    check_file("format = 1979-05-27\n", &["expected an integer, found a date"]);
}

#[test]
fn nesting_without_end_ends_in_a_message() {
    let deep = 100_000;
    check_file(format!("a = {}{}", "[".repeat(deep), "]".repeat(deep)), &["recurs"]);
    check_file(format!("a = {}1{}", "{a=".repeat(deep), "}".repeat(deep)), &["recurs"]);
    check_file(format!("a{} = 1", ".a".repeat(deep)), &["recurs"]);
    check_file(format!("[a{}]", ".a".repeat(deep)), &["recurs"]);
}

#[test]
fn a_key_cannot_reach_the_terminal_as_a_command() {
    let text = check_file("\"\\u001b[31mred\\u0007\" = 1\n", &["\\x1b[31mred\\x07"]);
    assert!(!text.contains('\u{7}'));
}

#[test]
fn a_path_that_is_not_a_file_is_no_scenario() {
    let sandbox = Sandbox::new();
    sandbox.write("folder/mine.toml", QUICK);
    let run = |path: &str, code, words: &[&str]| {
        check(&sandbox, &["run", "--scenario", path], code, words);
    };
    run("./folder", 2, &["cannot read `./folder`", "hint:"]);
    run("folder", 2, &["`folder`", "hint:"]);
    run("/dev/zero", 104, &["`/dev/zero`", "too large"]);
    run("/dev/null", 104, &["missing key"]);
}

#[test]
fn an_argument_that_is_not_utf_8_is_refused() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["run", "--scenario"]);
    Ran::of(command.arg(std::ffi::OsStr::from_bytes(b"caf\xe9"))).exits(2);
}

#[test]
fn an_input_without_files_is_refused() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("empty")).expect("a folder");
    sandbox.write("hidden/.only.py", "x = 1\n");
    let run = |input: &str, words: &[&str]| {
        check(&sandbox, &["run", "--scenario", "nested", "--input", input], 2, words);
    };
    run("nowhere", &["cannot read input `nowhere`", "No such file", "hint:"]);
    run("empty", &["input `empty` holds no file", "hint:"]);
    run("hidden", &["input `hidden` holds no file", "hidden files"]);
    run("/dev/null", &["cannot read input `/dev/null`", "hint:"]);
}

#[test]
fn an_output_folder_is_never_something_else() {
    let sandbox = Sandbox::new();
    sandbox.write("file", "my notes");
    sandbox.write("folder/thesis.txt", "years of work");
    std::os::unix::fs::symlink("nowhere", sandbox.path("link")).expect("a link");
    let run = |out: &str, words: &[&str]| {
        let command = ["run", "--scenario", "nested", "--out", out];
        check(&sandbox, &command, 2, &[&[out, "hint:"], words].concat());
        check(&sandbox, &[&command[..], &["--force"]].concat(), 2, words);
    };
    run("file", &["is a file"]);
    run("file/inside", &["file"]);
    run("folder", &["not a run", "nothing was changed"]);
    run("link", &["cannot create `link`"]);
    run("/proc/chaos", &["cannot create `/proc/chaos`"]);
    run("/dev/null/x", &["/dev/null"]);
    assert_eq!(sandbox.read("folder/thesis.txt"), "years of work");
    assert_eq!(sandbox.read("file"), "my notes");
    let command = ["run", "--scenario", "nested", "--force"];
    check(&sandbox, &command, 2, &["--out"]);
}

#[test]
fn a_default_folder_that_is_taken_is_said() {
    let sandbox = Sandbox::new();
    sandbox.write("chaos-out", "my notes");
    let words = ["chaos-out", "hint:", "--out"];
    check(&sandbox, &["run", "--scenario", "nested"], 2, &words);
}

#[test]
fn a_cache_that_is_something_else_is_left_as_it_is() {
    let sandbox = Sandbox::new();
    sandbox.write("notes.txt", "my notes");
    let command = ["run", "--scenario", "nested", "--out", "out", "--cache", "notes.txt"];
    sandbox.chaos(&command).exits(2).says(&["cannot use cache `notes.txt`", "hint:"]);
    assert_eq!(sandbox.read("notes.txt"), "my notes");
}

#[test]
fn records_of_something_else_are_invalid() {
    let sandbox = Sandbox::new();
    let report = |text: &str, words: &[&str]| {
        sandbox.write("out/run.jsonl", text);
        check(&sandbox, &["report", "out"], 104, &[&["`out/run.jsonl`"], words].concat());
    };
    sandbox.summaries(&["concurrent"]);
    let text = sandbox.read("out/run.jsonl");
    report("", &["no records"]);
    report("hello\n", &["line 1"]);
    report("{\"record\":\"header\",\"format\":9}\n", &["format 9", "reads format 1"]);
    report(&text.replacen("\"attempt\"", "\"atempt\"", 1), &["line 2"]);
    let endless = text.replacen("\"attempt\"", &"x".repeat(17 << 20), 1);
    report(&endless, &["line 2 is longer than any record"]);
}

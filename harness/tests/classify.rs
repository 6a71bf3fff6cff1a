//! Goal: `chaos classify` reads files and standard input, and its exit code says what was found.
//! Method: run the binary over small logs; the readers have tests of their own.

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use std::io::Write;
use std::process::Stdio;

use support::{Ran, Sandbox};

const FAILING: &str = "\
=== test session starts ===
collected 2 items

a.py::test_a[x - y] FAILED                                      [ 50%]
a.py::test_b PASSED                                             [100%]

=== FAILURES ===
___ test_a[x - y] ___
a.py:9: in test_a
    y
E   ValueError: wrong
=== short test summary info ===
FAILED a.py::test_a[x - y] - ValueError: wrong
=== 1 failed, 1 passed in 0.10s ===
";

const PASSING: &str = "..  [100%]\n2 passed in 0.01s\n";

#[test]
fn a_failure_is_shown_by_its_exact_id_and_fails_the_call() {
    let sandbox = Sandbox::new();
    sandbox.write("log.txt", FAILING);
    let ran = sandbox.chaos(&["classify", "log.txt"]).exits(99);
    insta::assert_snapshot!(ran.stdout, @r"
    pytest: 1 failed, 1 passed · all counts agree
      failed  a.py::test_a[x - y]
        a.py:9: ValueError: wrong
    ");
}

#[test]
fn standard_input_in_the_encoding_of_powershell_is_read() {
    let sandbox = Sandbox::new();
    let text = FAILING.replace('\n', "\r\n");
    let mut bytes = vec![0xFF, 0xFE];
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    let mut command = sandbox.command(&["classify"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    child.stdin.take().expect("a pipe").write_all(&bytes).expect("the binary reads");
    let ran = Ran::new(child.wait_with_output().expect("an end")).exits(99);
    assert!(ran.stdout.contains("failed  a.py::test_a[x - y]"), "{}", ran.stdout);
}

#[test]
fn a_log_of_ci_with_colours_and_times_is_read() {
    let sandbox = Sandbox::new();
    let end = "\u{1b}[0m\r\n2026-05-26T20:28:24.6947565Z \u{1b}[31m";
    let stamped = format!("2026-05-26T20:28:24.6947565Z {}", FAILING.replace('\n', end));
    sandbox.write("ci.log", stamped);
    let ran = sandbox.chaos(&["classify", "ci.log"]).exits(99);
    assert!(ran.stdout.contains("1 failed, 1 passed · all counts agree"), "{}", ran.stdout);
}

#[test]
fn passing_runs_pass_and_several_runs_in_one_log_are_several() {
    let sandbox = Sandbox::new();
    sandbox.write("pass.txt", PASSING);
    sandbox.chaos(&["classify", "pass.txt"]).exits(0);
    sandbox.write("both.txt", format!("{PASSING}{FAILING}"));
    let ran = sandbox.chaos(&["classify", "both.txt"]).exits(99);
    assert_eq!(ran.stdout.matches("all counts agree").count(), 2, "{}", ran.stdout);
}

#[test]
fn what_is_incomplete_is_no_pass() {
    let sandbox = Sandbox::new();
    let (cut, _) = PASSING.split_once('\n').expect("two lines");
    sandbox.write("cut.txt", cut);
    let ran = sandbox.chaos(&["classify", "cut.txt"]).exits(4);
    assert!(ran.stdout.contains("incomplete: no final line"), "{}", ran.stdout);
    sandbox.write("forged.txt", PASSING.replace("2 passed", "3 passed"));
    let ran = sandbox.chaos(&["classify", "forged.txt"]).exits(4);
    assert!(ran.stdout.contains("incomplete: 3 passed announced, 2 read"), "{}", ran.stdout);
    sandbox.write("prose.txt", "nothing of the kind\n");
    sandbox.chaos(&["classify", "prose.txt"]).exits(4).says(&["no test output", "--format"]);
}

#[test]
fn what_cannot_be_read_is_said() {
    let sandbox = Sandbox::new();
    sandbox.chaos(&["classify", "missing.txt"]).exits(2).says(&["cannot read `missing.txt`"]);
    sandbox.write("bomb.xml", "<!DOCTYPE x [<!ENTITY a \"b\">]><testsuite/>");
    sandbox.chaos(&["classify", "bomb.xml"]).exits(104).says(&["document type"]);
    sandbox.write("empty.txt", "");
    sandbox.chaos(&["classify", "--format", "junit", "empty.txt"]).exits(4);
    sandbox.chaos(&["classify", "--format", "word", "empty.txt"]).exits(2);
}

//! Goal: `chaos classify` reads files and standard input, and its exit code says what was found.
//! Method: run the binary over small logs; the readers have tests of their own.

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

#[cfg(target_os = "linux")]
use std::io::Read;
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

    1 failure in 1 group: 1 BUG

    BUG MEDIUM  The code refuses what it is given, or the state that it is in
      failed  a.py::test_a[x - y]
        a.py:9: ValueError: wrong
        guess, by state: type `ValueError`
        → read the message: it is the project's own
    ");
}

#[test]
fn every_report_is_one_of_the_same_failures() {
    let sandbox = Sandbox::new();
    sandbox.write("log.txt", FAILING);
    for (report, words) in [
        ("txt", "TEST FAILURE ANALYSIS REPORT"),
        ("csv", "a.py,test_a[x - y],FAILED"),
        ("json", "\"a.py::test_a[x - y]\""),
        ("markdown", "## 1 failure in 1 group"),
        ("junit", "<failure"),
        ("matrix", "MEDIUM"),
    ] {
        let call = ["classify", "log.txt", "--report", report, "--out", "report"];
        assert_eq!(sandbox.chaos(&call).exits(99).stdout, "");
        let text = sandbox.read("report");
        assert!(text.contains(words), "{report}: {text}");
    }
    sandbox.chaos(&["classify", "log.txt", "--report", "csv", "--out", "folder/"]).exits(99);
    assert_eq!(sandbox.names("folder"), ["failure_inventory.csv"]);
}

/// A rule that names the failure of the log.
const OWN: &str = r#"format = 1

[[rule]]
name = "wrong-again"
exception = "ValueError"
category = "CONFIGURATION"
priority = "LOW"
confidence = "certain"
tier = "certain"
reason = "The settings are wrong"
remedy = "mend the settings"
"#;

#[test]
fn a_rule_of_the_users_own_comes_before_those_that_ship() {
    let sandbox = Sandbox::new();
    sandbox.write("log.txt", FAILING);
    sandbox.write("own.toml", OWN);
    let ran = sandbox.chaos(&["classify", "log.txt", "--rules", "own.toml"]).exits(99);
    assert!(ran.stdout.contains("CONFIGURATION LOW  The settings are wrong"), "{}", ran.stdout);
}

#[test]
fn everything_wrong_with_a_file_of_rules_is_said_with_its_line() {
    let sandbox = Sandbox::new();
    sandbox.write("log.txt", FAILING);
    let classify = ["classify", "log.txt", "--rules", "own.toml"];
    sandbox.write("own.toml", OWN.replace("exception =", "excepton ="));
    sandbox.chaos(&classify).exits(104).says(&["own.toml:5:1", "did you mean `exception`?"]);
    sandbox.write("own.toml", OWN.replace("\"ValueError\"", "\"Value(Error\""));
    sandbox.chaos(&classify).exits(104).says(&["own.toml:5:1", "rule.0.exception"]);
    sandbox.write("own.toml", OWN.replace("format = 1", "format = 2"));
    sandbox.chaos(&classify).exits(104).says(&["format 2 is not known"]);
}

#[test]
fn a_test_that_flips_between_runs_is_for_quarantine() {
    let sandbox = Sandbox::new();
    sandbox.write("one.txt", FAILING);
    let passed = FAILING.split("=== FAILURES").next().expect("a beginning");
    let passed = passed.replace("FAILED  ", "PASSED  ") + "=== 2 passed in 0.10s ===\n";
    sandbox.write("two.txt", passed);
    let ran = sandbox.chaos(&["classify", "one.txt", "two.txt"]).exits(99);
    assert!(ran.stdout.contains("a.py::test_a[x - y]"), "{}", ran.stdout);
    assert!(ran.stdout.contains("50.0 %"), "{}", ran.stdout);
}

/// What the original script reads: it knows no test elsewhere, and no parameter.
const CHAOS: &str = "\
tests/chaos/auth/test_auth_chaos.py::TestAuth::test_authentication_service_outage FAILED [ 50%]
tests/chaos/cache/test_cache_chaos.py::TestCache::test_cache_corruption PASSED [100%]
";

#[test]
fn compat_writes_the_two_files_of_the_original_and_dies_where_it_did() {
    let sandbox = Sandbox::new();
    sandbox.write("log.txt", CHAOS);
    sandbox.chaos(&["classify", "--compat", "log.txt", "--out", "analysis"]).exits(99);
    assert_eq!(sandbox.names("analysis"), ["failure_inventory.csv", "failure_report.txt"]);
    let inventory = sandbox.read("analysis/failure_inventory.csv");
    let row = "test_authentication_service_outage,FAILED,BUG,HIGH,";
    assert!(inventory.contains(row), "{inventory}");
    sandbox.write("other.txt", FAILING);
    sandbox.chaos(&["classify", "--compat", "other.txt"]).exits(4).says(&["divides by zero"]);
    sandbox.write("utf16.txt", [0xFF, 0xFE, b'x', 0]);
    sandbox.chaos(&["classify", "--compat", "utf16.txt"]).exits(104).says(&["not UTF-8"]);
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

/// A log of a million tests, of which a hundred thousand fail, each with twenty lines and a message
/// of its own.
#[cfg(target_os = "linux")]
fn write_many(out: &mut impl Write) -> std::io::Result<()> {
    let tests = 0..1_000_000_u32;
    let failing = tests.clone().filter(|test| test % 10 == 5);
    let id = |test: u32| format!("tests/test_{:05}.py::TestCase::test_{test}", test / 50);
    let message = |test: u32| {
        let letter = |shift: u32| char::from(b'a' + u8::try_from(test >> shift & 15).unwrap_or(0));
        let word: String = (0..5).map(|place| letter(place * 4)).collect();
        format!("ValueError: {word} was not expected here")
    };
    writeln!(out, "=== test session starts ===\ncollected 1000000 items\n")?;
    for test in tests {
        let word = if test % 10 == 5 { "FAILED" } else { "PASSED" };
        writeln!(out, "{} {word:<20} [{:>3}%]", id(test), (test + 1) / 10_000)?;
    }
    writeln!(out, "=== FAILURES ===")?;
    for test in failing.clone() {
        writeln!(out, "______ TestCase.test_{test} ______\ntests/test.py:12: in test\n    run()")?;
        writeln!(out, "E   {}\n--- Captured stdout call ---", message(test))?;
        write!(out, "{}", "a line that it prints\n".repeat(15))?;
    }
    writeln!(out, "=== short test summary info ===")?;
    for test in failing {
        writeln!(out, "FAILED {} - {}", id(test), message(test))?;
    }
    writeln!(out, "=== 100000 failed, 900000 passed in 312.40s (0:05:12) ===")
}

#[cfg(target_os = "linux")]
#[test]
fn a_hundred_thousand_failures_take_less_than_64_mb_of_memory() {
    let sandbox = Sandbox::new();
    let mut child = sandbox
        .command(&["classify", "-", "--report", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut input = std::io::BufWriter::new(child.stdin.take().expect("a pipe"));
    let writer = std::thread::spawn(move || write_many(&mut input));
    // It cannot end before its last page is read, and nothing is larger than the triage before.
    let mut pipe = child.stdout.take().expect("a pipe");
    let (mut buffer, mut text, mut peak, mut asked) = (vec![0; 65_536], Vec::new(), 0, 0);
    loop {
        let read = pipe.read(&mut buffer).expect("the pipe can be read");
        if read == 0 {
            break;
        }
        text.extend_from_slice(&buffer[..read]);
        if let Some(kb) = support::peak_memory_kb(child.id()) {
            (peak, asked) = (peak.max(kb), asked + 1);
        }
    }
    writer.join().expect("no panic").expect("all of it is read");
    support::wait_for(child).exits(99);
    let report: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    let named = report["failures"].as_array().expect("a list").len();
    let run = &report["runs"][0];
    assert_eq!((&run["passed"], &run["failed"]), (&900_000.into(), &100_000.into()));
    // What has no room is counted, and said.
    let unnamed = reports::text::thousands(100_000 - named as u64);
    let said = format!("{unnamed} failures without room for an id");
    assert!(named > 15_000, "{named}");
    assert_eq!(run["problems"][1], said.as_str());
    assert!(asked > 100, "the kernel answered only {asked} times");
    // The code of a build for debugging is ten megabytes larger.
    let limit = if cfg!(debug_assertions) { 74 } else { 64 };
    assert!(peak < limit * 1024, "{peak} kB");
}

//! Logs of any length, as runners write them: this many tests, of which one in this many fails.
//!
//! Written piece by piece, so that a log of a gigabyte is never in memory. Its counts agree.

use std::io::{self, Write};

/// The formats by the names that `chaos classify --format` has.
pub(crate) const FORMATS: [&str; 8] =
    ["pytest", "cargo", "nextest", "libtest", "junit", "reportlog", "go", "jest"];

/// How long a log is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Its tests.
    pub(crate) tests: u64,
    /// One in this many fails.
    pub(crate) failing: u64,
}

impl Size {
    fn fails(self, test: u64) -> bool {
        test % self.failing == self.failing / 2
    }

    fn failed(self) -> u64 {
        (0..self.tests).filter(|test| self.fails(*test)).count() as u64
    }
}

/// Lines that a test prints before it fails.
const PRINTED: &str = "the test prints a line of this length before it fails, and some more\n";
const PANIC: &str = "assertion `left == right` failed\n  left: 2\n right: 3\n";

/// Writes a log.
pub(crate) fn write(format: &str, size: Size, out: &mut impl Write) -> io::Result<()> {
    match format {
        "pytest" => pytest(size, out),
        "cargo" => cargo(size, out),
        "nextest" => nextest(size, out),
        "libtest" => libtest(size, out),
        "junit" => junit(size, out),
        "reportlog" => reportlog(size, out),
        "go" => go(size, out),
        "jest" => jest(size, out),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, format!("one of {FORMATS:?}"))),
    }
}

fn name(test: u64) -> String {
    format!("unit::module_{:04}::tests::test_{test}", test / 50)
}

fn pytest(size: Size, out: &mut impl Write) -> io::Result<()> {
    let (tests, failed) = (size.tests, size.failed());
    let id = |test: u64| format!("tests/test_{:04}.py::TestCase::test_{test}", test / 50);
    writeln!(out, "=== test session starts ===\ncollected {tests} items\n")?;
    for test in 0..tests {
        let word = if size.fails(test) { "FAILED" } else { "PASSED" };
        writeln!(out, "{} {word:<20} [{:>3}%]", id(test), (test + 1) * 100 / tests)?;
    }
    writeln!(out, "=== FAILURES ===")?;
    for test in (0..tests).filter(|test| size.fails(*test)) {
        writeln!(out, "______ TestCase.test_{test} ______\ntests/test.py:12: in test")?;
        writeln!(out, "    assert value == 3\nE   AssertionError: assert 2 == 3")?;
        write!(out, "------ Captured stdout call ------\n{}", PRINTED.repeat(5))?;
    }
    writeln!(out, "=== short test summary info ===")?;
    for test in (0..tests).filter(|test| size.fails(*test)) {
        writeln!(out, "FAILED {} - AssertionError: assert 2 == 3", id(test))?;
    }
    writeln!(out, "=== {failed} failed, {} passed in 312.40s (0:05:12) ===", tests - failed)
}

fn cargo(size: Size, out: &mut impl Write) -> io::Result<()> {
    let (tests, failed) = (size.tests, size.failed());
    writeln!(out, "running {tests} tests")?;
    for test in 0..tests {
        let word = if size.fails(test) { "FAILED" } else { "ok" };
        writeln!(out, "test {} ... {word}", name(test))?;
    }
    writeln!(out, "\nfailures:\n")?;
    for test in (0..tests).filter(|test| size.fails(*test)) {
        let name = name(test);
        write!(out, "---- {name} stdout ----\n{}", PRINTED.repeat(5))?;
        writeln!(out, "\nthread '{name}' panicked at src/lib.rs:3:5:\n{PANIC}\n")?;
    }
    writeln!(out, "\nfailures:")?;
    for test in (0..tests).filter(|test| size.fails(*test)) {
        writeln!(out, "    {}", name(test))?;
    }
    write!(out, "\ntest result: FAILED. {} passed; {failed} failed; ", tests - failed)?;
    writeln!(out, "0 ignored; 0 measured; 0 filtered out; finished in 0.27s\n")
}

fn nextest(size: Size, out: &mut impl Write) -> io::Result<()> {
    let (tests, failed) = (size.tests, size.failed());
    writeln!(out, "    Starting {tests} tests across 1 binary")?;
    for test in 0..tests {
        let name = name(test);
        if size.fails(test) {
            writeln!(out, "        FAIL [   0.004s] ({test}/{tests}) crate::bin {name}\n")?;
            write!(out, "    {}", PRINTED.repeat(5).replace('\n', "\n    "))?;
            let panic = PANIC.replace('\n', "\n    ");
            writeln!(out, "\n    thread '{name}' panicked at src/lib.rs:3:5:\n    {panic}")?;
        } else {
            writeln!(out, "        PASS [   0.004s] ({test}/{tests}) crate::bin {name}")?;
        }
    }
    let passed = tests - failed;
    writeln!(out, "     Summary [   4.0s] {tests} tests run: {passed} passed, {failed} failed")
}

fn libtest(size: Size, out: &mut impl Write) -> io::Result<()> {
    let (tests, failed) = (size.tests, size.failed());
    let said = format!("{}\nthread 't' panicked at src/lib.rs:3:5:\n{PANIC}", PRINTED.repeat(5));
    let said = said.replace('\n', "\\n");
    writeln!(out, r#"{{ "type": "suite", "event": "started", "test_count": {tests} }}"#)?;
    for test in 0..tests {
        let name = name(test);
        writeln!(out, r#"{{ "type": "test", "event": "started", "name": "{name}" }}"#)?;
        write!(out, r#"{{ "type": "test", "name": "{name}", "event": "#)?;
        if size.fails(test) {
            writeln!(out, r#""failed", "stdout": "{said}" }}"#)?;
        } else {
            writeln!(out, r#""ok" }}"#)?;
        }
    }
    let passed = tests - failed;
    write!(out, r#"{{ "type": "suite", "event": "failed", "passed": {passed}, "#)?;
    writeln!(out, r#""failed": {failed}, "ignored": 0, "measured": 0, "filtered_out": 0 }}"#)
}

fn junit(size: Size, out: &mut impl Write) -> io::Result<()> {
    let (tests, failed) = (size.tests, size.failed());
    write!(out, r#"<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest" "#)?;
    writeln!(out, r#"errors="0" failures="{failed}" skipped="0" tests="{tests}" time="0.1">"#)?;
    for test in 0..tests {
        let name = name(test);
        write!(out, r#"<testcase classname="tests.unit.test" name="{name}" time="0.001""#)?;
        if size.fails(test) {
            write!(out, r#"><failure message="assert 2 == 3">&gt;   assert value == 3"#)?;
            writeln!(out, "\nE   assert 2 == 3\n{}</failure></testcase>", PRINTED.repeat(5))?;
        } else {
            writeln!(out, " />")?;
        }
    }
    writeln!(out, "</testsuite></testsuites>")
}

fn reportlog(size: Size, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, r#"{{"pytest_version": "8.4.2", "$report_type": "SessionStart"}}"#)?;
    let said = PRINTED.repeat(5).replace('\n', "\\n");
    for test in 0..size.tests {
        let id = format!("tests/test.py::{}", name(test));
        for when in ["setup", "call", "teardown"] {
            let fails = when == "call" && size.fails(test);
            write!(out, r#"{{"nodeid": "{id}", "location": ["tests/test.py", 12, "{id}"], "#)?;
            write!(out, r#""keywords": {{"{id}": 1, "tests": 1}}, "outcome": "#)?;
            if fails {
                write!(
                    out,
                    r#""failed", "longrepr": {{"reprcrash": {{"path": "/a/tests/test.py", "#
                )?;
                write!(out, r#""lineno": 12, "message": "AssertionError: assert 2 == 3"}}}}, "#)?;
                write!(out, r#""sections": [["Captured stdout call", "{said}"]], "#)?;
            } else {
                write!(out, r#""passed", "longrepr": null, "sections": [], "#)?;
            }
            writeln!(out, r#""when": "{when}", "duration": 0.1, "$report_type": "TestReport"}}"#)?;
        }
    }
    let exit = u8::from(size.failed() > 0);
    writeln!(out, r#"{{"exitstatus": {exit}, "$report_type": "SessionFinish"}}"#)
}

fn go(size: Size, out: &mut impl Write) -> io::Result<()> {
    let failed = size.failed() > 0;
    let head = r#""Time":"2026-05-26T20:28:24.694756Z","Package":"example.com/project""#;
    writeln!(out, r#"{{{head},"Action":"start"}}"#)?;
    for test in 0..size.tests {
        let name = format!("TestModule/case_{test}");
        let head = format!(r#"{head},"Test":"{name}""#);
        writeln!(out, r#"{{{head},"Action":"run"}}"#)?;
        writeln!(out, r#"{{{head},"Action":"output","Output":"=== RUN   {name}\n"}}"#)?;
        let word = if size.fails(test) { "fail" } else { "pass" };
        if size.fails(test) {
            let said = r"    a_test.go:12: got 2, want 3\n";
            writeln!(out, r#"{{{head},"Action":"output","Output":"{said}"}}"#)?;
        }
        writeln!(out, r#"{{{head},"Action":"output","Output":"--- {word}: {name} (0.00s)\n"}}"#)?;
        writeln!(out, r#"{{{head},"Action":"{word}","Elapsed":0.01}}"#)?;
    }
    writeln!(out, r#"{{{head},"Action":"{}","Elapsed":1.5}}"#, if failed { "fail" } else { "pass" })
}

fn jest(size: Size, out: &mut impl Write) -> io::Result<()> {
    let (tests, failed) = (size.tests, size.failed());
    write!(out, r#"{{"numFailedTests":{failed},"numPassedTests":{},"#, tests - failed)?;
    write!(out, r#""numTotalTests":{tests},"success":{},"testResults":["#, failed == 0)?;
    let message = r"Error: expect(received).toBe(expected)\n\nExpected: 3\nReceived: 2";
    for test in 0..tests {
        let (first, last) = (test % 50 == 0, test % 50 == 49 || test == tests - 1);
        let before = if first { r#"{"assertionResults":["# } else { "," };
        write!(out, r#"{before}{{"ancestorTitles":["outer"],"duration":3,"failureDetails":[],"#)?;
        let name = name(test);
        if size.fails(test) {
            write!(out, r#""failureMessages":["{message}\n    at a (/a/a.test.js:3:5)"],"#)?;
            write!(out, r#""status":"failed","#)?;
        } else {
            write!(out, r#""failureMessages":[],"status":"passed","#)?;
        }
        write!(out, r#""fullName":"outer {name}","title":"{name}"}}"#)?;
        if last {
            let comma = if test == tests - 1 { "" } else { "," };
            write!(out, r#"],"name":"/a/{}.test.js","status":"failed"}}{comma}"#, test / 50)?;
        }
    }
    writeln!(out, "]}}")
}

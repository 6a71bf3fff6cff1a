//! Goal: no input makes the reader panic, take more than linear work, or call a log whole that
//! is not. Method: random bytes, real logs that were spliced and damaged, every cut of real logs
//! that can matter, and lines that were made to be as expensive as possible; the latter would take
//! hours if anything were quadratic.

mod archive;

use std::collections::BTreeMap;
use std::io::BufReader;
use std::sync::LazyLock;

use proptest::prelude::*;
use testlog::{Completeness, Format, TestRun};

/// Some logs of the hard suite, one of each kind.
const NAMES: [&str; 10] = [
    "v90/v-short.log",
    "v84/q-ra.log",
    "v74/xdist-v.log",
    "v62/ci-plain.log",
    "v90/colour-plain.log",
    "v84/rerun-v.log",
    "v84/junit.xml",
    "v90/reportlog.jsonl",
    "v84/ci-q-ra.log",
    "v90/q-line.log",
];

/// What other runners printed.
static FORGED: LazyLock<BTreeMap<String, Vec<u8>>> =
    LazyLock::new(|| archive::unpacked("forged/logs.tar.gz"));

/// The logs of these names, then those of other runners.
static LOGS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut files = archive::unpacked("suite/pytest.tar.gz");
    let mut logs: Vec<Vec<u8>> =
        NAMES.iter().map(|name| files.remove(*name).expect("a log in the archive")).collect();
    for name in [
        "cargo-test.log",
        "nextest.log",
        "nextest.xml",
        "go.jsonl",
        "jest.json",
        "libtest.log",
        "nextest-libtest.jsonl",
        "nextest-libtest-plus.jsonl",
    ] {
        logs.push(FORGED[name].clone());
    }
    logs
});

/// What the readers look for, to be put together in any order.
const WORDS: [&str; 43] = [
    "18446744073709551615 failed, 18446744073709551615 error in 1.00s",
    "collected 18446744073709551615 items / 18446744073709551615 errors\n",
    "a.py::t",
    "PASSED",
    "FAILED",
    "ERROR",
    " ",
    "\n",
    "[ 50%]",
    "[gw0] ",
    "=== FAILURES ===",
    "=== short test summary info ===",
    "___ t ___",
    "::",
    "[",
    "]",
    " - ",
    "E   x",
    "1 failed in 0.10s",
    "=== 1 passed in 0.1s ===",
    "collected 3 items",
    "SKIPPED (",
    "=== test session starts ===",
    "running 2 tests\n",
    "test t ... ok",
    "RERUN",
    "SUBFAILED[m] (i=1)",
    "ERROR collecting ",
    "\u{1b}[31m",
    "++++ Timeout ++++",
    "---- t stdout ----",
    "test result: ok. 1 passed; 0 failed",
    "    Starting 2 tests across 1 binary",
    ".F",
    "\u{e9}",
    "        FAIL [   0.004s] bin t",
    "Summary [   1.0s] 2 tests run: 1 passed, 1 failed",
    "{ \"type\": \"suite\", \"event\": \"started\", \"test_count\": 2 }\n",
    "{ \"type\": \"test\", \"event\": \"started\", \"name\": \"t\" }\n",
    "{ \"type\": \"test\", \"name\": \"t\", \"event\": \"ok\" }\n",
    "{ \"type\": \"test\", \"name\": \"t\", \"event\": \"failed\" }\n",
    "{ \"type\": \"suite\", \"event\": \"ok\", \"passed\": 1, \"failed\": 1 }\n",
    "{\"type\":\"test\",\"event\":\"ok\",\"name\":\"a$t#2\"}\n",
];

const FORMATS: [Option<Format>; 10] = [
    None,
    Some(Format::Text),
    Some(Format::Pytest),
    Some(Format::Cargo),
    Some(Format::Nextest),
    Some(Format::Libtest),
    Some(Format::Junit),
    Some(Format::Reportlog),
    Some(Format::Go),
    Some(Format::Jest),
];

fn runs(bytes: &[u8], format: Option<Format>, capacity: usize) -> Vec<TestRun> {
    // A refused document is an answer as well; a panic is none.
    let reader = BufReader::with_capacity(capacity, bytes);
    testlog::read(reader, format).map(|log| log.runs).unwrap_or_default()
}

fn outline(runs: &[TestRun]) -> String {
    let one = |run: &TestRun| {
        let cases: Vec<&str> = run.cases.iter().map(|case| case.id.full.as_str()).collect();
        format!("{:?} {:?} {:?} {cases:?}", run.runner, run.read, run.completeness)
    };
    runs.iter().map(one).collect::<Vec<_>>().join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        for format in FORMATS {
            runs(&bytes, format, 64);
        }
    }

    #[test]
    fn words_of_runners_in_any_order_never_panic(
        words in prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..120),
    ) {
        let text = words.concat();
        for format in FORMATS {
            runs(text.as_bytes(), format, 64);
        }
    }

    #[test]
    fn damaged_logs_never_panic_and_read_alike_in_pieces(
        which in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        (from, to) in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        capacity in 1_usize..5000,
    ) {
        let first = which.get(&LOGS);
        let second = other.get(&LOGS);
        let mut bytes = first[..from.index(first.len())].to_vec();
        bytes.extend_from_slice(&second[to.index(second.len())..]);
        for (at, byte) in flips {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        // The first piece decides the format, so it is fixed here.
        let formats = [
            Format::Text,
            Format::Libtest,
            Format::Junit,
            Format::Reportlog,
            Format::Go,
            Format::Jest,
        ];
        for format in formats {
            let whole = outline(&runs(&bytes, Some(format), 1 << 20));
            prop_assert_eq!(outline(&runs(&bytes, Some(format), capacity)), whole);
        }
    }
}

/// How many of a log's runs are called whole.
fn whole(bytes: &[u8]) -> usize {
    let runs = runs(bytes, None, 1 << 16);
    runs.iter().filter(|run| run.completeness == Completeness::Reconciled).count()
}

/// The places where a cut of a long log can matter: around each end of a line.
fn line_ends(log: &[u8]) -> impl Iterator<Item = usize> {
    let ends = log.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    ends.flat_map(|(end, _)| [end.saturating_sub(1), end, end + 1])
}

#[test]
fn a_log_without_its_end_is_never_called_whole() {
    // One thread for each log, as there are thousands of cuts.
    std::thread::scope(|scope| {
        for (log, name) in LOGS.iter().zip(NAMES) {
            scope.spawn(move || {
                // The last line is the final one; a document goes on after its last line break.
                let last = log.trim_ascii_end().iter().rposition(|byte| *byte == b'\n');
                let end = if name.contains(".xml") { log.len() - 40 } else { last.expect("lines") };
                for cut in line_ends(log).take_while(|cut| *cut < end) {
                    assert_eq!(whole(&log[..cut]), 0, "{name}, cut at {cut}");
                }
            });
        }
    });
}

#[test]
fn a_cut_anywhere_before_the_last_result_leaves_a_run_that_is_not_whole() {
    // Where there are several runs, those before the cut are whole.
    for (name, result) in [
        ("cargo-test.log", "test result: "),
        ("cargo-quiet.log", "test result: "),
        ("libtest.log", "{ \"type\": \"suite\""),
        ("nextest.log", "     Summary ["),
        ("nextest.xml", "</testsuites>"),
        ("go.jsonl", "{\"Time\""),
        ("jest.json", "}"),
        ("nextest-libtest-plus.jsonl", "{\"type\":\"suite\""),
    ] {
        let log = &FORGED[name];
        let all = whole(log);
        assert!(all > 0, "{name}");
        let end = memchr::memmem::rfind(log, result.as_bytes()).expect("a result");
        for cut in 0..end {
            assert!(whole(&log[..cut]) < all, "{name}, cut at {cut}");
        }
    }
}

#[test]
fn lines_made_to_be_expensive_take_linear_work() {
    let repeated = |text: &str| text.repeat((1 << 20) / text.len());
    let hard = [
        repeated(" SKIPPED ("),
        format!("a.py::t{}", repeated(" SKIPPED (")),
        format!("a.py::t[{}", repeated(" SUBFAILED[")),
        format!("FAILED a.py::t[{}", repeated(" - ")),
        format!("FAILED {}", repeated("::")),
        format!("SUBFAILED[{}", repeated("] a::")),
        format!("[gw0] {}", repeated(" SUBFAIL ")),
        repeated("\u{1b}]"),
        repeated("[100%]F "),
        repeated("1:"),
        repeated("_ "),
        repeated("="),
    ];
    let start = "=== test session starts ===\na.py F\n=== FAILURES ===\n___ t ___\n";
    for line in hard {
        runs(line.as_bytes(), Some(Format::Pytest), 1 << 16);
        let inside = format!("{start}{line}\n=== short test summary info ===\n{line}\n");
        runs(inside.as_bytes(), Some(Format::Pytest), 1 << 16);
    }
}

#[test]
fn logs_of_short_lines_made_to_be_expensive_take_linear_work() {
    let repeated = |text: &str| text.repeat((1 << 20) / text.len());
    let hard = [
        repeated("___ t ___\n"),
        repeated("=== short test summary info ===\nFAILED a.py::t - x\n"),
        repeated("FAILED a.py::t - x\n"),
        repeated("SUBFAILED[m] a.py::t - x\n"),
        repeated("a.py::t RERUN\n"),
        repeated("a.py::t SUBFAILED[m]\n"),
        repeated("=== test session starts ===\ncollected 3 items\na.py::t PASSED [ 33%]\n"),
        repeated("---- t stdout ----\n"),
    ];
    let start = "=== test session starts ===\na.py F\n=== FAILURES ===\n___ t ___\n\
        === short test summary info ===\n";
    for lines in hard {
        for format in [Format::Pytest, Format::Cargo] {
            runs(lines.as_bytes(), Some(format), 1 << 16);
            runs(format!("{start}{lines}").as_bytes(), Some(format), 1 << 16);
        }
        let ended = format!("{start}{lines}=== 99999 failed in 1.00s ===\n");
        runs(ended.as_bytes(), Some(Format::Pytest), 1 << 16);
    }
}

//! What a test printed with `-s` is not taken for what pytest says.

use super::PytestReader;
use crate::run::Room;
use crate::{Completeness, Status, TestRun};

/// A run whose progress is given, in which `test_real` failed and `test_other` passed.
fn run(progress: &str) -> TestRun {
    read(&format!(
        "=== test session starts ===\n\
        platform linux -- Python 3.11.7, pytest-8.4.2, pluggy-1.7.0\n\
        collected 2 items\n\n{progress}\n{FAILURES}=== 1 failed, 1 passed in 0.03s ===\n"
    ))
}

const FAILURES: &str = "=== FAILURES ===\n___ test_real ___\n\nE   AssertionError: real\n\n\
    a.py:5: AssertionError\n=== short test summary info ===\n\
    FAILED a.py::test_real - AssertionError: real\n";

fn read(text: &str) -> TestRun {
    let mut reader = PytestReader::new(&Room::ALL);
    text.lines().for_each(|line| reader.line(line.as_bytes()));
    reader.finish().expect("a run")
}

fn failures(run: &TestRun) -> Vec<&str> {
    let failed = run.cases.iter().filter(|case| case.status == Status::Failed);
    failed.map(|case| case.id.full.as_str()).collect()
}

#[test]
fn results_that_a_test_printed_do_not_stand_against_the_end_of_the_log() {
    for progress in [
        "a.py::test_other payment FAILED\nPASSED\na.py::test_real refund PASSED\nFAILED\n",
        "a.py::test_real PASSED\nFAILED\na.py::test_other FAILED\nPASSED\n",
        "a.py \nb.py::test_ghost FAILED            [ 50%]\n.F           [100%]\n",
        "a.py checking db.py::migrate ... FAILED\n.F\n",
        "a.py::test_other \n        a.py::test_other (fixtures used: x)PASSED\n",
    ] {
        let run = run(progress);
        assert_eq!(failures(&run), ["a.py::test_real"], "{progress}");
        assert_eq!(run.completeness, Completeness::Reconciled, "{progress}");
        assert_eq!((run.read.failed, run.read.passed), (1, 1), "{progress}");
        assert!(run.quiet.iter().all(|(_, id)| id != "a.py::test_real"), "{progress}");
    }
}

#[test]
fn a_session_in_a_test_is_output_of_that_test() {
    let inner = "a.py F    [100%]\n=== FAILURES ===\n___ test_no ___\nE   inner\n\
        === short test summary info ===\nFAILED ../in.py::test_no\n1 failed in 0.02s\n\
        .=== test session starts ===\n../in.py::test_no FAILED [100%]\n\
        === 1 failed in 0.01s ===\nF\n";
    let run = run(inner);
    assert_eq!(failures(&run), ["a.py::test_real"]);
    assert_eq!(run.completeness, Completeness::Reconciled);
}

#[test]
fn results_that_cannot_be_decided_do_not_agree() {
    // The summary names fewer than the final line announces.
    let text = "=== test session starts ===\ncollected 2 items\n\n\
        a.py::test_other x FAILED\nPASSED\na.py::test_real FAILED\n\
        === short test summary info ===\nFAILED a.py::test_real - x\n\
        === 2 failed in 0.03s ===\n";
    let run = read(&text.replace("test_real FAILED", "test_real PASSED"));
    assert!(matches!(run.completeness, Completeness::Mismatch(_)));
}

#[test]
fn the_end_of_a_session_in_a_test_is_not_the_end_of_one_that_died() {
    let named = "=== test session starts ===\n\
        platform linux -- Python 3.11.7, pytest-8.4.2, pluggy-1.7.0 -- /usr/bin/python3\n\
        collecting ... collected 2 items\n\na.py::test_plugin .        [100%]\n\
        1 passed in 0.00s\n";
    let quiet = "F=== test session starts ===\ncollected 1 item\n\n\
        in.py .      [100%]\n\n=== 1 passed in 0.00s ===\n";
    assert_eq!(read(named).completeness, Completeness::NoFinalLine);
    let lettered = named.replace(" -- /usr/bin/python3", "").replace("::test_plugin", "");
    assert_eq!(read(&lettered).completeness, Completeness::NoFinalLine);
    let run = read(quiet);
    assert_eq!(run.completeness, Completeness::NoFinalLine);
    assert_eq!((run.read.failed, run.read.passed), (1, 0));
}

#[test]
fn a_final_line_before_the_summary_is_not_that_of_the_session() {
    let run =
        read(&format!("F\n=== FAILURES ===\n1 failed in 0.01s\n{FAILURES}ERROR a.py::t - x\n"));
    assert_eq!(run.completeness, Completeness::NoFinalLine);
    assert_eq!(failures(&run), ["a.py::test_real"]);
}

#[test]
fn what_was_seen_before_a_crash_is_counted() {
    let begun = "=== test session starts ===\ncollected 4 items\n\n";
    let mut reader = PytestReader::new(&Room::ALL);
    begun.lines().for_each(|line| reader.line(line.as_bytes()));
    assert!(reader.is_whole(b"a/test_c.py F."));
    assert!(!reader.is_whole(b"a/test_c.py::test_a"));
    let run = read(&format!("{begun}a/test_c.py FFatal Python error: Segmentation fault\n"));
    assert_eq!((run.read.failed, &run.completeness), (1, &Completeness::NoFinalLine));
    let forged = read(&format!("{begun}a/test_c.py F\n=== 1 passed in 0.10s ===\n"));
    assert_eq!((forged.exit_hint, forged.completeness), (None, Completeness::NoFinalLine));
    assert_eq!(run.session_error.as_deref(), Some("Fatal Python error: Segmentation fault"));
}

#[test]
fn a_worker_that_died_leaves_no_part_of_a_test() {
    let run = read(&format!(
        "=== test session starts ===\n2 workers [2 items]\n\n\
        F[gw1] node down: Not properly terminated\n.   [100%]\n{FAILURES}\
        === 1 failed, 1 passed in 0.03s ===\n"
    ));
    assert_eq!((run.read.failed, run.read.subtests_failed), (1, 0));
}

#[test]
fn a_session_that_a_failure_prints_does_not_end_the_one_it_is_cut_from() {
    // With `-q` nothing says how many tests there are, and letters may be as few as the other's.
    let inner = "=== test session starts ===\ncollected 2 items\n\nin.py F.    [100%]\n\
        === FAILURES ===\n___ test_no ___\nE   inner\n=== short test summary info ===\n\
        FAILED in.py::test_no - inner\n=== 1 failed, 1 passed in 0.01s ===\n";
    let block = |letters: &str| {
        format!(
            "{letters}    [100%]\n=== FAILURES ===\n___ test_shows ___\n\nE   assert False\n\
            --- Captured stdout call ---\n{inner}"
        )
    };
    let summary = "=== short test summary info ===\nFAILED a.py::test_real - x\n\
        FAILED a.py::test_shows - RuntimeError: first\n=== 99 passed in 0.05s ===\n\
        FAILED a.py::test_again - RuntimeError: second\n";
    let header = FAILURES.split("=== short").next().expect("a block");
    for cut in [
        block("F."),
        block("FF..."),
        block("FF...").replace("___ test_shows ___\n", ""),
        block("=== test session starts ===\ncollected 2 items\n\na.py F."),
        format!("FFF...    [100%]\n{header}{summary}{inner}"),
    ] {
        assert_eq!(read(&cut).completeness, Completeness::NoFinalLine, "{cut}");
    }
}

#[test]
fn a_session_among_quiet_results_leaves_the_last_word_to_the_end_of_the_log() {
    let inner = "F    [100%]\n=== FAILURES ===\n___ test_no ___\nE   inner\n\
        === short test summary info ===\nFAILED in.py::test_no - inner\n1 failed in 0.02s\n";
    let run = read(&format!(".{inner}F.\n{FAILURES}1 failed, 2 passed in 0.03s\n"));
    assert_eq!(failures(&run), ["a.py::test_real"]);
    assert_eq!(run.completeness, Completeness::Reconciled);
}

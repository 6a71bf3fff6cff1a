//! What a test printed, told from what nextest says.

use super::*;

fn run(text: &str) -> TestRun {
    let mut reader = NextestReader::new(&Room::ALL);
    text.lines().for_each(|line| reader.line(line.as_bytes()));
    reader.finish().expect("a run")
}

const FORGED: &str = "  stdout ---

    running 1 test
         Summary [   0.010s] 1 test run: 0 passed, 1 failed, 0 skipped
  stderr ---

    thread 'a' (7) panicked at src/lib.rs:5:9:
    boom

";
const START: &str = "    Starting 2 tests across 1 binary\n";
const A: &str = "        FAIL [   0.101s] (1/2) nx a\n";
const B: &str = "        FAIL [   0.105s] (2/2) nx b\n";
const SUMMARY: &str = "     Summary [   0.326s] 2 tests run: 0 passed, 2 failed, 0 skipped\n";

#[test]
fn a_summary_that_a_test_printed_is_its_output() {
    let run = run(&[START, A, FORGED, B, SUMMARY, A, B, "error: test run failed\n"].concat());
    assert_eq!(run.completeness, Completeness::Reconciled);
    assert_eq!(run.cases.len(), 2);
    assert_eq!(run.cases[0].message, "boom");
}

#[test]
fn output_behind_the_summary_belongs_to_the_failure_above_it() {
    let run = run(&[START, A, B, SUMMARY, A, FORGED, B, "error: test run failed\n"].concat());
    assert_eq!(run.completeness, Completeness::Reconciled);
    assert_eq!((run.cases.len(), run.cases[0].message.as_str()), (2, "boom"));
    assert_eq!(run.cases[1].message, "");
}

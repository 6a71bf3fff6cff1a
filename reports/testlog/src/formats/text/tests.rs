//! Logs with several runs, runs inside runs, and runs of which a part is gone.

use super::*;
use crate::{Completeness, Runner};
use std::fmt::Write as _;

fn runs(text: &str) -> Vec<TestRun> {
    let mut reader = TextReader::new(Format::Text);
    for line in text.lines() {
        reader.line(line.as_bytes());
    }
    reader.finish()
}

const CUT: &str = "=== test session starts ===\ncollected 4 items\n\n\
    a.py::test_a PASSED [ 25%]\na.py::test_b FAILED [ 50%]\n";
const WHOLE: &str = "=== test session starts ===\ncollected 1 item\n\n\
    b.py::test_c PASSED [100%]\n\n=== 1 passed in 0.01s ===\n";

#[test]
fn a_run_that_was_cut_off_is_told_from_the_one_that_follows() {
    let runs = runs(&format!("{CUT}{WHOLE}"));
    let [cut, whole] = runs.as_slice() else { panic!("{} runs", runs.len()) };
    assert_eq!(cut.completeness, Completeness::NoFinalLine);
    assert_eq!(cut.cases[0].id.full, "a.py::test_b");
    assert_eq!(whole.completeness, Completeness::Reconciled);
}

#[test]
fn a_session_that_a_test_shows_while_it_runs_is_its_output() {
    let text = format!(
        "{CUT}{WHOLE}a.py::test_d PASSED [ 75%]\na.py::test_e PASSED [100%]\n\n\
        === 1 failed, 3 passed in 0.10s ===\n"
    );
    let runs = runs(&text);
    let [run] = runs.as_slice() else { panic!("{} runs", runs.len()) };
    assert_eq!(run.completeness, Completeness::Reconciled);
    assert_eq!((run.read.passed, run.read.failed), (3, 1));
}

#[test]
fn each_run_of_cargo_has_the_name_of_its_binary() {
    let run = |name: &str| format!("     Running {name}\n\nrunning 1 test\ntest a ... ok\n");
    let died = "error: test failed, to rerun pass `--lib`\n\nCaused by:\n  \
        process didn't exit successfully: `t/deps/a-0123456789abcdef` (signal: 6)\n";
    let end = "\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n\n";
    let text = [
        run("unittests src/lib.rs (t/deps/a-0123456789abcdef)") + died,
        run("tests/b.rs (t/deps/b-0123456789abcdef)") + end,
        run("tests/c.rs (t/deps/c-0123456789abcdef)") + end,
    ];
    let runs = runs(&text.concat());
    let titles: Vec<_> = runs.iter().map(|run| run.title.as_deref().unwrap_or("")).collect();
    assert_eq!(titles, ["a unittests src/lib.rs", "b tests/b.rs", "c tests/c.rs"]);
    assert_eq!(runs[0].completeness, Completeness::NoFinalLine);
}

#[test]
fn what_is_expected_of_a_test_is_no_part_of_its_name() {
    let text = "running 3 tests\ntest a - should panic ... ok\n\
        test src/lib.rs - b (line 1) - compile ... ok\n\
        test src/lib.rs - c (line 2) - compile fail ... FAILED\n\nfailures:\n\n\
        ---- src/lib.rs - c (line 2) stdout ----\nTest compiled successfully\n\n\
        test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n";
    let runs = runs(text);
    let ids: Vec<String> = runs[0].quiet.iter().map(|(_, id)| id).collect();
    assert_eq!(ids, ["a", "src/lib.rs - b (line 1)"]);
    assert_eq!(runs[0].cases[0].id.full, "src/lib.rs - c (line 2)");
    assert_eq!(runs[0].cases[0].captured[0].text, "Test compiled successfully");
}

#[test]
fn ends_of_runs_without_their_results_are_said_to_be_that() {
    let text = "test result: FAILED. 448 passed; 8 failed; 0 ignored; 0 measured; 0 filtered \
        out\ntest a ... ok\ntest result: ok. 1 passed; 0 failed\n";
    let announced: Vec<_> = runs(text)
        .iter()
        .map(|run| {
            assert!(matches!(run.completeness, Completeness::Mismatch(_)));
            run.announced.map(|counts| (counts.passed, counts.failed))
        })
        .collect();
    assert_eq!(announced, [Some((448, 8)), Some((1, 0))]);
}

#[test]
fn nextest_without_its_first_lines_is_read() {
    let text = "        PASS [   0.004s] (1/1) a tests::one\n     \
        Summary [   0.006s] 1 test run: 1 passed, 12 skipped\n";
    let runs = runs(text);
    assert_eq!((runs[0].runner, runs[0].read.passed), (Runner::Nextest, 1));
    assert_eq!(runs[0].completeness, Completeness::Reconciled);
}

#[test]
fn half_an_id_at_the_end_of_a_log_is_none() {
    let read = |text: &str| {
        let log = crate::read(text.as_bytes(), None).expect("a slice");
        let ids = log.runs[0].cases.iter().map(|case| case.id.full.clone());
        (ids.collect::<Vec<_>>(), log.runs[0].completeness.clone())
    };
    let summary = "=== test session starts ===\ncollected 2 items\n\na.py FF  [100%]\n\n\
        === short test summary info ===\nFAILED a.py::test_one - x\nFAILED a.py::test_tw";
    let cut = || (vec!["a.py::test_one".to_owned()], Completeness::NoFinalLine);
    assert_eq!(read(summary), cut());
    let both = vec!["a.py::test_one".to_owned(), "a.py::test_tw".to_owned()];
    assert_eq!(read(&format!("{summary} - wi")), (both.clone(), Completeness::NoFinalLine));
    let whole = format!("{summary}\n=== 2 failed in 0.01s ===");
    assert_eq!(read(&whole), (both, Completeness::Reconciled));
    let result = "=== test session starts ===\ncollected 2 items\n\n\
        a.py::test_one FAILED [ 50%]\na.py::test_two FAILED";
    assert_eq!(read(result), cut());
}

#[test]
fn a_session_that_a_test_shows_on_its_own_line_does_not_end_this_one() {
    // With `-s` nothing says how far the run is.
    let inner = "=== test session starts ===\ncollected 1 item\n\nb.py F  [100%]\n\n\
        === FAILURES ===\n___ test_b ___\nE   AssertionError\n\
        === short test summary info ===\nFAILED b.py::test_b\n=== 1 failed in 0.01s ===\n";
    let text = format!(
        "=== test session starts ===\ncollecting ... collected 2 items\n\n\
        a.py::test_a {inner}PASSED\na.py::test_c {inner}PASSED\n\n=== 2 passed in 0.50s ===\n"
    );
    let whole = runs(&text);
    let [run] = whole.as_slice() else { panic!("{} runs", whole.len()) };
    assert_eq!(run.completeness, Completeness::Reconciled);
    assert_eq!((run.read.passed, run.cases.len()), (2, 0));
    let nothing = "=== no tests ran in 0.01s ===\n";
    let outer = text.split_once('\n').map(|(title, rest)| (title, &rest[..42]));
    let (title, collected) = outer.expect("a title");
    let empty = runs(&format!("{title}\n{collected}\na.py {title}\n{nothing}"));
    assert!(!empty[0].completeness.is_complete());
    // Cut before the end, the inner line must not be taken for it.
    let cut = runs(&text[..text.len() - 40]);
    assert!(!cut[0].completeness.is_complete());
}

#[test]
fn runs_of_two_runners_in_one_log_are_two() {
    let cargo = "running 1 test\ntest a ... ok\n\ntest result: ok. 1 passed; 0 failed; \
        0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
    let runs = runs(&format!("{WHOLE}\n{cargo}"));
    let found: Vec<_> = runs.iter().map(|run| (run.runner, &run.completeness)).collect();
    let whole = &Completeness::Reconciled;
    assert_eq!(found, [(Runner::Pytest, whole), (Runner::Cargo, whole)]);
}

#[test]
fn an_internal_error_is_the_sessions() {
    let text = "=== test session starts ===\ncollected 1 item\n\
        INTERNALERROR> Traceback (most recent call last):\n\
        INTERNALERROR> RuntimeError: a plugin broke\n\n=== no tests ran in 0.01s ===\n";
    let runs = runs(text);
    let said = runs[0].session_error.as_deref();
    assert_eq!(said, Some("INTERNALERROR: RuntimeError: a plugin broke"));
    assert_eq!(runs[0].exit_hint, Some(3));
}

#[test]
fn a_conftest_that_cannot_be_loaded_is_a_run_without_an_end() {
    let text = "ImportError while loading conftest '/app/conftest.py'.\n\
        conftest.py:1: in <module>\n    import gone\nE   ModuleNotFoundError: gone\n";
    let runs = runs(text);
    assert_eq!(runs[0].completeness, Completeness::NoFinalLine);
    assert_eq!(runs[0].exit_hint, Some(4));
}

#[test]
fn a_path_that_is_not_there_is_a_mistake_of_the_command() {
    let absent = "ERROR: file or directory not found: tests/gone.py\n";
    let none = "=== test session starts ===\ncollected 0 items\n\n\
        === no tests ran in 0.01s ===\n";
    for text in [format!("{absent}{none}"), format!("{none}{absent}")] {
        let runs = runs(&text);
        assert_eq!(runs[0].exit_hint, Some(4));
        assert_eq!(runs[0].session_error.as_deref(), Some(absent.trim_end()));
    }
    assert_eq!(runs(none)[0].exit_hint, Some(5));
    let quiet = "ERROR: Unknown config option: strictness\n\nno tests ran in 0.11s\n";
    assert_eq!(runs(quiet)[0].exit_hint, Some(4));
}

#[test]
fn what_a_worker_prints_behind_a_result_is_no_part_of_its_id() {
    let text = "=== test session starts ===\n2 workers [2 items]\n\n\
        a.py::test_a \na.py::test_b[x y] \n\
        [gw0] [ 50%] PASSED a.py::test_a Exception in thread Thread-1:\n\
        Traceback (most recent call last):\n[gw1] [100%] PASSED a.py::test_b[x y] \n\n\
        === 2 passed in 0.10s ===\n";
    let runs = runs(text);
    let ids: Vec<String> = runs[0].quiet.iter().map(|(_, id)| id).collect();
    assert_eq!(ids, ["a.py::test_a", "a.py::test_b[x y]"]);
}

#[test]
fn a_file_that_was_skipped_as_a_whole_is_among_the_skipped() {
    let run = |collected: &str, skipped: u64| {
        let text = format!(
            "=== test session starts ===\n{collected}\n\na.py .s  [100%]\n\n\
            === 1 passed, {skipped} skipped in 0.01s ===\n"
        );
        runs(&text).remove(0).completeness
    };
    assert_eq!(run("collected 2 items / 1 skipped", 2), Completeness::Reconciled);
    // Workers do not say how many files they skipped.
    assert_eq!(run("2 workers [2 items]", 2), Completeness::Reconciled);
    assert!(matches!(run("collected 2 items", 2), Completeness::Mismatch(_)));
    assert!(matches!(run("2 workers [2 items]", 0), Completeness::Mismatch(_)));
}

#[test]
fn the_exit_code_follows_what_stopped_the_session() {
    let code = |said: &str| {
        let text = format!(
            "=== test session starts ===\ncollected 9 items\n\na.py .F  [ 22%]\n\n\
            === FAILURES ===\n___ test_b ___\nE   KeyError\n\
            === short test summary info ===\nFAILED a.py::test_b\n!!! {said} !!!\n\
            === 1 failed, 1 passed in 0.01s ===\n"
        );
        let runs = runs(&text);
        assert_eq!(runs[0].completeness, Completeness::Reconciled, "{said}");
        runs[0].exit_hint
    };
    assert_eq!(code("stopping after 1 failures"), Some(1));
    assert_eq!(code("xdist.dsession.Interrupted: stopping after 1 failures"), Some(2));
    assert_eq!(code("Interrupted: Test failed, continuing from this test"), Some(2));
    assert_eq!(code("KeyboardInterrupt"), Some(2));
    assert_eq!(code("_pytest.outcomes.Exit: enough"), None);
}

#[test]
fn a_worker_that_died_fails_the_test_that_it_ran() {
    let text = "=== test session starts ===\n2 workers [2 items]\n\n\
        a.py::test_a \na.py::test_b \n[gw0] [ 50%] PASSED a.py::test_a \n\
        [gw1] node down: Not properly terminated\n[gw1] [100%] FAILED a.py::test_b \n\n\
        replacing crashed worker gw1\n\n=== FAILURES ===\n____ a.py ____\n[gw1] linux\n\
        worker 'gw1' crashed while running 'a.py::test_b'\n\
        === short test summary info ===\nFAILED a.py::test_b\n\
        === 1 failed, 1 passed in 0.10s ===\n";
    let runs = runs(text);
    assert_eq!(runs[0].completeness, Completeness::Reconciled);
    let case = &runs[0].cases[0];
    assert_eq!(case.id.full, "a.py::test_b");
    assert!(case.message.contains("crashed while running"), "{}", case.message);
}

#[test]
fn failures_past_the_budget_are_counted_and_said() {
    let mut text = String::from("=== test session starts ===\n");
    let count = 60_000;
    for test in 0..count {
        let _ = writeln!(text, "a.py::test_{test} FAILED [ 50%]");
    }
    let _ = writeln!(text, "=== {count} failed in 1.00s ===");
    let runs = runs(&text);
    assert_eq!(runs[0].read.failed, count);
    assert!(runs[0].cases.len() > 30_000);
    let Completeness::Mismatch(problems) = &runs[0].completeness else { panic!("no mismatch") };
    assert!(problems.iter().any(|problem| problem.contains("without room")), "{problems:?}");
}

const NOT_BUILT: &str = "   Compiling demo v0.1.0 (/demo)\n\
    error[E0425]: cannot find value `x` in this scope\n --> src/lib.rs:3:5\n  |\n\
    3 |     x + 1\n  |     ^ not found in this scope\n\n\
    For more information about this error, try `rustc --explain E0425`.\n\
    error: could not compile `demo` (lib test) due to 1 previous error\n";

#[test]
fn tests_that_could_not_be_built_are_a_run_that_broke() {
    let runs = runs(NOT_BUILT);
    let [run] = runs.as_slice() else { panic!("{} runs", runs.len()) };
    assert_eq!((run.runner, run.title.as_deref()), (Runner::Cargo, Some("demo (lib test)")));
    let said = "error[E0425]: cannot find value `x` in this scope\n --> src/lib.rs:3:5";
    assert_eq!((run.session_error.as_deref(), run.exit_hint), (Some(said), Some(101)));
}

#[test]
fn a_test_that_prints_a_broken_build_has_printed_it() {
    let text = format!(
        "\nrunning 1 test\n{NOT_BUILT}test a ... ok\n\n\
        test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n"
    );
    let runs = runs(&text);
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].completeness, Completeness::Reconciled);
}

#[test]
fn tests_that_a_conftest_leaves_out_after_they_were_collected_are_not_missed() {
    let head = "=== test session starts ===\ncollected 40 items\n\n";
    let end = "\n=== 2 passed in 0.01s ===\n";
    let named = "a.py::test_a PASSED [ 50%]\na.py::test_b PASSED [100%]\n";
    for progress in ["a.py ..  [100%]\n", named] {
        let runs = runs(&format!("{head}{progress}{end}"));
        assert_eq!(runs[0].completeness, Completeness::Reconciled, "{progress}");
    }
    let shown = runs(&format!("{head}a.py ..=== test session starts ===\n{end}"));
    assert!(matches!(shown[0].completeness, Completeness::Mismatch(_)));
}

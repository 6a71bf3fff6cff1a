//! Logs behind prefixes, and lines that only look like one.

use super::*;

fn check(lines: &[&str], expected: &[&str]) {
    let mut prefix = Prefix::default();
    let found: Vec<String> = lines
        .iter()
        .map(|line| String::from_utf8_lossy(prefix.strip(line.as_bytes())).into_owned())
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_session_behind_a_step_of_a_containers_build_is_one() {
    check(
        &["#9 DONE 0.1s", "#10 1.234 === test session starts ===", "#10 1.3", "#10 12.0   x"],
        &["#9 DONE 0.1s", "=== test session starts ===", "", "  x"],
    );
}

#[test]
fn what_a_build_that_failed_tells_again_is_left_out() {
    check(
        &[
            "#9 0.1 running 1 test",
            "#9 0.2 test a ... FAILED",
            "------",
            " > [2/2] RUN make:",
            "0.1 running 1 test",
            "#9 0.2 test a ... FAILED",
            "------",
            "Dockerfile:2",
        ],
        &["running 1 test", "test a ... FAILED", "------", "", "", "", "", "Dockerfile:2"],
    );
}

#[test]
fn one_service_speaks_and_the_others_are_left_as_they_are() {
    check(
        &["t_1   | === test session starts ===", "t_1   |", "db_1  | ready", "t_1   | a.py ."],
        &["=== test session starts ===", "", "db_1  | ready", "a.py ."],
    );
}

#[test]
fn times_of_every_kind_are_taken_off_where_a_session_stands_behind_one() {
    for stamp in [
        "2026-05-26T20:28:24.6947565Z ",
        "[2026-05-26T20:28:24.694Z] ",
        "2026-05-26T20:28:24.694123+02:00 ",
        "[2026-05-26 20:28:24,123] ",
        "20:28:24  ",
        "[20:28:24] ",
        "job\tstep\t2026-05-26T20:28:24Z ",
        "2026-05-26T20:28:24.694123Z 01O ",
        "2026-05-26T20:28:24.6947565Z #12 3.45 ",
    ] {
        let title = "=== test session starts ===";
        let begins = format!("{stamp}{title}");
        let more = format!("{stamp}a.py .F");
        check(&["Setting up", &begins, &more], &["Setting up", title, "a.py .F"]);
    }
}

#[test]
fn words_before_a_title_are_no_prefix() {
    for line in ["E   === FAILURES ===", "> === FAILURES ===", "    === FAILURES ==="] {
        check(&[line, line], &[line, line]);
    }
}

#[test]
fn a_log_whose_session_has_nothing_before_it_keeps_its_times() {
    let logged = "2026-05-26T20:28:24Z === FAILURES ===";
    check(&["=== test session starts ===", logged], &["=== test session starts ===", logged]);
}

#[test]
fn what_a_test_of_nextest_shows_does_not_decide() {
    check(
        &["t-1  |     Starting 2 tests across 1 binary", "t-1  | running 1 test", "t-1  | x"],
        &["    Starting 2 tests across 1 binary", "running 1 test", "x"],
    );
    check(&["#7 0.1         FAIL [   0.003s] a b"], &["        FAIL [   0.003s] a b"]);
}

#[test]
fn cargo_and_nextest_are_found_behind_a_prefix_as_well() {
    check(&["#7 0.5 running 3 tests"], &["running 3 tests"]);
    check(&["#7 0.5  Nextest run ID a with x"], &[" Nextest run ID a with x"]);
    check(
        &["w-1  |    Compiling a v1", "w-1  | running 1 test"],
        &["   Compiling a v1", "running 1 test"],
    );
}

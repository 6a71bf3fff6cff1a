//! Goal: the main screen is readable in three seconds and in a pipe. Method: snapshots.

use std::collections::BTreeMap;

use super::*;
use crate::fixture;
use crate::judge::judge;
use crate::record::measured::Generator;
use crate::record::{Bound, Expectation};
use crate::run::{Gap, Run};

fn page(run: Run, measured: Option<&Measured>) -> String {
    render(&judge(run), measured, Style::PLAIN)
}

#[test]
fn two_pipelines_stand_side_by_side_with_their_ratio() {
    insta::assert_snapshot!(page(fixture::concurrent(), None), @r"
    concurrent: Ten files at once

    ↓ phase1  success_rate  0.40  (0.35 … 0.45)  broke as expected
    ✓ phase3  success_rate  1.00  (≥ 1)

     metric                              phase1               phase3   ratio
    ─────────────────────────────────────────────────────────────────────────
     success rate                 40.0 % (4/10)      100.0 % (10/10)   2.50×
     definition coverage         40.0 % (20/50)      100.0 % (50/50)   2.50×
     failed: 429 rate limit                   6                    0   0.00×
     latency p50                   19.0 s (n=4)        27.6 s (n=10)   1.45×
     latency p95              22.1 s (max, n=4)   31.2 s (max, n=10)   1.41×
     latency p99              22.1 s (max, n=4)   31.2 s (max, n=10)   1.41×
     latency max                   22.1 s (n=4)        31.2 s (n=10)   1.41×
     cost                               $0.0734              $0.1922   2.62×
     cost in INR                          ₹6.09               ₹15.95   2.62×
     cost per success                   $0.0184              $0.0192   1.05×
     wasted cost                          $0.00                $0.00       —
     calls                                   10                   16   1.60×
     retries                                  0                    6       —
     load amplification                   1.00×                1.60×   1.60×
     tokens in                            4,600               12,200   2.65×
     tokens out                           3,975               10,375   2.61×
     cache hits                               0                    0       —
     simulated time                      22.1 s               31.2 s   1.41×
     modelled memory                   38.0 MiB             38.0 MiB   1.00×

    PASS  concurrent: phase1 4/10 documented, phase3 10/10 · seed 7
      ↓ phase1 broke as expected: 4 of 10 documented
      ✓ phase3 good: 10 of 10 documented
    phase3 documented 6 more of 10 files than phase1: 1.05× its cost per success,
      1.41× its time.
    ");
}

#[test]
fn one_pipeline_has_one_column_and_no_closing_sentence() {
    let mut run = fixture::concurrent();
    run.pipelines.remove(0);
    run.header.expect.clear();
    insta::assert_snapshot!(page(run, None), @r"
    concurrent: Ten files at once

    – phase3  records  10 of 10 jobs  nothing was expected

     metric                            phase3
    ──────────────────────────────────────────
     success rate             100.0 % (10/10)
     definition coverage      100.0 % (50/50)
     latency p50                27.6 s (n=10)
     latency p95           31.2 s (max, n=10)
     latency p99           31.2 s (max, n=10)
     latency max                31.2 s (n=10)
     cost                             $0.1922
     cost in INR                       ₹15.95
     cost per success                 $0.0192
     wasted cost                        $0.00
     calls                                 16
     retries                                6
     load amplification                 1.60×
     tokens in                         12,200
     tokens out                        10,375
     cache hits                             0
     simulated time                    31.2 s
     modelled memory                 38.0 MiB

    NOT JUDGED  concurrent: phase3 10/10 documented · seed 7
    ");
}

#[test]
fn what_is_streamed_shows_when_its_tokens_came() {
    let mut run = fixture::concurrent();
    for attempt in run.pipelines[1].attempts.iter_mut().filter(|a| a.status == Some(200)) {
        attempt.first_token_us = Some(600_000 + attempt.job * 1_000);
    }
    let page = page(run, None);
    let rows: Vec<&str> = page.lines().filter(|line| line.contains(" token")).collect();
    insta::assert_snapshot!(rows.join("\n"), @r"
    first token p50                          —        605 ms (n=10)       —
    first token p95                          —   610 ms (max, n=10)       —
    first token p99                          —   610 ms (max, n=10)       —
    between tokens p50                       —         20 ms (n=10)       —
    between tokens p95                       —    20 ms (max, n=10)       —
    between tokens p99                       —    20 ms (max, n=10)       —
    tokens in                            4,600               12,200   2.65×
    tokens out                           3,975               10,375   2.61×
    ");
}

/// The latency of a command includes what its interpreter takes to start.
#[test]
fn a_program_of_the_users_shows_what_it_took_up_to_its_first_call() {
    let mut run = fixture::concurrent();
    run.header.clock = Clock::Wall;
    run.pipelines[1].header.judged_by = Some("exit status 0".to_owned());
    for attempt in &mut run.pipelines[1].attempts {
        attempt.start_us += 400_000 + attempt.job * 1_000;
    }
    let page = page(run, None);
    let rows: Vec<&str> = page.lines().filter(|line| line.contains("first call")).collect();
    insta::assert_snapshot!(rows.join("\n"), @r"
    start to first call p50                      —           405 ms (n=10)       —
    start to first call max                      —           410 ms (n=10)       —
    ");
}

#[test]
fn three_pipelines_have_no_ratio_and_measured_times_have_a_row() {
    let mut run = fixture::concurrent();
    let mut third = run.pipelines[1].clone();
    third.header.name = "hardened".to_owned();
    run.pipelines.push(third);
    let generator = Generator {
        started: 300,
        dropped: 2,
        offered_us: 2_990_000,
        achieved_us: 2_990_400,
        lag_p50_us: 900,
        lag_p99_us: 1_100,
        lag_max_us: 4_000,
    };
    let measured = Measured {
        format: crate::record::measured::FORMAT,
        wall_us: 41_000,
        pipelines: BTreeMap::from([("phase1".to_owned(), 12_345)]),
        pipelines_peak_rss_kb: BTreeMap::from([("phase3".to_owned(), 6_144)]),
        peak_rss_kb: None,
        generators: BTreeMap::from([("phase1".to_owned(), generator)]),
        exhausted: BTreeMap::new(),
        warped: None,
    };
    insta::assert_snapshot!(page(run, Some(&measured)), @r"
    concurrent: Ten files at once

    ↓ phase1    success_rate  0.40           (0.35 … 0.45)  broke as expected
    ✓ phase3    success_rate  1.00           (≥ 1)
    – hardened  records       10 of 10 jobs                 nothing was expected

     metric                             phase1             phase3          hardened
    ────────────────────────────────────────────────────────────────────────────────
     success rate                40.0 % (4/10)    100.0 % (10/10)   100.0 % (10/10)
     definition coverage        40.0 % (20/50)    100.0 % (50/50)   100.0 % (50/50)
     failed: 429 rate limit                  6                  0                 0
     latency p50                  19.0 s (n=4)      27.6 s (n=10)     27.6 s (n=10)
     latency p95                        22.1 s             31.2 s            31.2 s
                                    (max, n=4)        (max, n=10)       (max, n=10)
     latency p99                        22.1 s             31.2 s            31.2 s
                                    (max, n=4)        (max, n=10)       (max, n=10)
     latency max                  22.1 s (n=4)      31.2 s (n=10)     31.2 s (n=10)
     cost                              $0.0734            $0.1922           $0.1922
     cost in INR                         ₹6.09             ₹15.95            ₹15.95
     cost per success                  $0.0184            $0.0192           $0.0192
     wasted cost                         $0.00              $0.00             $0.00
     calls                                  10                 16                16
     retries                                 0                  6                 6
     load amplification                  1.00×              1.60×             1.60×
     tokens in                           4,600             12,200            12,200
     tokens out                          3,975             10,375            10,375
     cache hits                              0                  0                 0
     simulated time                     22.1 s             31.2 s            31.2 s
     wall time                           12 ms                  —                 —
     offered rate                      100.0/s                  —                 —
     achieved rate                     100.0/s                  —                 —
     schedule lag p50           900 µs (n=300)                  —                 —
     schedule lag p99             1 ms (n=300)                  —                 —
     schedule lag max             4 ms (n=300)                  —                 —
     dropped arrivals                        2                  —                 —
     modelled memory                  38.0 MiB           38.0 MiB          38.0 MiB
     own memory, resident                    —            6.0 MiB                 —

    PASS  concurrent: phase1 4/10 documented, phase3 10/10, hardened 10/10 (not
      judged) · seed 7
      ↓ phase1 broke as expected: 4 of 10 documented
      ✓ phase3 good: 10 of 10 documented
    ");
}

#[test]
fn failed_and_inconclusive_checks_say_so_in_words() {
    let mut run = fixture::concurrent();
    let bound = |min, max| Some(Bound { min, max });
    let expectation = Expectation {
        success_rate: bound(Some(1.0), None),
        cost_usd: bound(None, Some(0.25)),
        ..Expectation::default()
    };
    run.header.expect.insert("phase1".to_owned(), expectation);
    run.pipelines[1].attempts.pop();
    // What does not fit the width goes on in the next line.
    let page = page(run, None).replace("\n    ", " ");
    let reason = ": calls: 15 by the attempts, 16 by the jobs";
    assert!(page.contains(reason));
    let checks: String = page.lines().take(6).flat_map(|line| [line, "\n"]).collect();
    insta::assert_snapshot!(checks.replace(reason, ""), @r"
    concurrent: Ten files at once

    ✗ phase1  success_rate  0.40      (≥ 1)     fail
    ✓ phase1  cost_usd      0.073425  (≤ 0.25)
    ? phase3  success_rate  n/a       (≥ 1)     inconclusive: the counts do not reconcile
    ");
    let conclusion: Vec<&str> = page.lines().rev().take(3).collect();
    insta::assert_snapshot!(conclusion.join("\n"), @r"
      ? phase3 inconclusive: 10 of 10 documented
      ✗ phase1 failed: 4 of 10 documented
    FAIL  concurrent: phase1 4/10 documented, phase3 10/10 · seed 7
    ");
    assert!(!page.contains("more of"), "a run that does not reconcile claims nothing");
}

#[test]
fn an_incomplete_run_is_inconclusive_and_claims_nothing() {
    let mut run = fixture::concurrent();
    run.gaps = vec![Gap::NoFooter];
    let page = page(run, None);
    assert!(page.contains("\nINCONCLUSIVE  concurrent: "));
    assert!(!page.contains("more of"));
}

#[test]
fn colours_are_the_caller_s_and_change_no_word() {
    let style = Style { colour: true, ..Style::PLAIN };
    let coloured = render(&fixture::judged(|_| ()), None, style);
    assert!(coloured.contains("\n\u{1b}[32mPASS\u{1b}[0m"));
    assert!(
        coloured.contains("\u{1b}[36m  ↓ phase1 broke as expected"),
        "another colour than good"
    );
    let colours = ["\u{1b}[32m", "\u{1b}[36m", "\u{1b}[0m"];
    let plain = colours.iter().fold(coloured, |page, colour| page.replace(colour, ""));
    assert_eq!(plain, page(fixture::concurrent(), None));
}

#[test]
fn a_narrow_screen_is_not_exceeded_by_the_table() {
    let style = Style { width: 60, ..Style::PLAIN };
    let page = render(&fixture::judged(|_| ()), None, style);
    let table = page.lines().skip_while(|l| !l.trim_start().starts_with("metric"));
    let mut table = table.take_while(|l| !l.is_empty());
    assert!(table.all(|l| l.chars().count() <= 60), "{page}");
}

#[test]
fn names_from_outside_cannot_command_the_terminal() {
    let mut run = fixture::concurrent();
    run.header.scenario = "a\u{1b}[2J".to_owned();
    run.header.currency.symbol = "\u{7}".to_owned();
    run.header.currency.code = "\u{9b}".to_owned();
    run.pipelines[0].header.name = "p\u{1b}c".to_owned();
    let page = page(run, None);
    assert!(!page.chars().any(|c| c.is_control() && c != '\n'), "{page:?}");
}

#[test]
fn in_real_time_a_quantile_of_too_few_samples_is_not_shown_and_has_no_ratio() {
    let judged = fixture::judged(|run| run.header.clock = Clock::Wall);
    let page = render(&judged, None, Style::PLAIN);
    let row = |name: &str| {
        let line = page.lines().find(|line| line.contains(name)).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row("latency p50"), "latency p50 n/a (n=4, needs 5) 27.6 s (n=10) —");
    assert_eq!(row("latency p99"), "latency p99 n/a (n=4, needs 299) n/a (n=10, needs 299) —");
    assert_eq!(row("latency max"), "latency max 22.1 s (n=4) 31.2 s (n=10) 1.41×");
}

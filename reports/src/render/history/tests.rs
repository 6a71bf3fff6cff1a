//! Goal: a history says on one screen what moved, when, and what is not known.
//! Method: kept runs of the fixture, some changed, and test logs made by hand.

use super::*;
use crate::fixture;
use crate::history::{Entry, Filter, History, Kept, KeptFailure, KeptRun, KeptTests};
use crate::render::export::Exporter as _;
use crate::render::style::Style;

fn mark(day: u32, label: &str) -> Mark {
    Mark { day: format!("2026-11-{day:02}"), label: Some(label.to_owned()) }
}

fn run(mark: Mark, change: impl FnOnce(&mut KeptRun)) -> Entry {
    let mut run = KeptRun::of(&fixture::judged(|_| ())).unwrap();
    run.pipelines.remove(0);
    change(&mut run);
    Entry { mark, kept: Kept::Run(run) }
}

fn set(run: &mut KeptRun, metric: &str, value: u64) {
    run.pipelines[0].numbers.metrics.insert(metric.to_owned(), value);
}

fn screen(entries: &[Entry]) -> String {
    HistoryScreen.text(&History::of(entries, &Filter::default(), None), Style::PLAIN)
}

#[test]
fn a_step_is_shown_with_its_runs_and_what_else_changed() {
    let entries = [
        run(mark(1, "a"), |_| ()),
        run(mark(2, "b"), |_| ()),
        run(mark(3, "c"), |run| {
            set(run, "calls", 15);
            set(run, "latency_p95_us", 31_000_000);
            run.pipelines[0].numbers.config_sha256 = Some("9".repeat(64));
        }),
    ];
    insta::assert_snapshot!(screen(&entries), @r"
    HISTORY  3 runs, 2026-11-01 to 2026-11-03

    concurrent · phase3 · seed 7 · simulated time: exact · 3 runs
     metric           line    first     last             range   runs    n
    ───────────────────────────────────────────────────────────────────────
     latency_p95_us   ██▁    31.2 s   31.0 s   31.0 s – 31.2 s      3   10
     calls            ██▁        16       15           15 – 16      3
      18 metrics did not move (`--verbose` lists them)
      step at `c` (2026-11-03), compared with `b` (2026-11-02): the pipeline's
        configuration changed
     metric           change     before       after
    ─────────────────────────────────────────────────
     latency_p95_us   improved   31.17345 s   31.0 s
     calls            improved   16           15

    hint: `--baseline FILE` shows which steps were accepted, and why
    ");
}

#[test]
fn other_values_of_one_label_are_flaky_and_no_step() {
    let entries = [run(mark(1, "a"), |_| ()), run(mark(1, "a"), |run| set(run, "calls", 15))];
    insta::assert_snapshot!(screen(&entries), @r"
    HISTORY  2 runs, 2026-11-01

    concurrent · phase3 · seed 7 · simulated time: exact · 2 runs
     metric   line   first   last     range   runs   n
    ───────────────────────────────────────────────────
     calls    █▁        16     15   15 – 16      2
      19 metrics did not move (`--verbose` lists them)
      flaky in 2 runs of `a`: calls (15, 16)
      why it matters: nothing on record differs between these runs, so a gate on
        these metrics is decided by chance, and they have no steps; the content of a
        shared `--cache` may be why
    ");
}

#[test]
fn runs_that_cannot_be_compared_say_since_when_and_why() {
    let entries = [
        run(mark(1, "a"), |_| ()),
        run(mark(2, "b"), |run| {
            run.seed = 8;
            run.clock = Clock::Wall;
        }),
    ];
    insta::assert_snapshot!(screen(&entries), @r"
    HISTORY  2 runs, 2026-11-01 to 2026-11-02

    concurrent · phase3 · seed 7 · simulated time: exact · 1 run
      one run: there is nothing to compare it with (`--verbose` shows its figures)

    concurrent · phase3 · seed 8 · real time: timed · 1 run
      not comparable since `b` (2026-11-02): before, the seed was 7, time was
        simulated
      one run: there is nothing to compare it with (`--verbose` shows its figures)
    ");
}

fn tests(day: u32, failing: &[&str]) -> Entry {
    let failure = |id: &&str| KeptFailure {
        id: (*id).to_owned(),
        signature: format!("OSError | {id} is lost | -"),
        failures: 1,
        tests: vec![format!("a.py::test_{id}")],
    };
    let failures: Vec<KeptFailure> = failing.iter().map(failure).collect();
    let kept = KeptTests {
        suite: "tests".to_owned(),
        complete: true,
        tests: 5,
        passed: 5 - failures.len() as u64,
        names_passes: false,
        failures,
        gone: Vec::new(),
        mute: 0,
    };
    Entry { mark: mark(day, &format!("c{day}")), kept: Kept::Tests(kept) }
}

#[test]
fn failures_are_new_known_or_came_back_in_that_order_of_urgency() {
    let entries = [tests(1, &["a", "b"]), tests(2, &["b"]), tests(3, &["a", "b", "c"])];
    insta::assert_snapshot!(screen(&entries), @r"
    HISTORY  3 test logs, 2026-11-01 to 2026-11-03

    tests · 3 logs · latest `c3` (2026-11-03): 1 new, 1 came back, 1 known
      new        OSError | c is lost | -
                 a.py::test_c
      came back  OSError | a is lost | -
                 first seen `c1` (2026-11-01), in 1 of 2 earlier logs
                 a.py::test_a
      known      OSError | b is lost | -
                 first seen `c1` (2026-11-01), last `c2` (2026-11-02), in 2 of 2 earlier logs
                 a.py::test_b
    ");
}

#[test]
fn no_format_obeys_text_from_outside() {
    let attack = "\u{1b}[31m\u{202e}=cmd";
    let entries = [
        run(mark(1, attack), |run| {
            (run.scenario, run.pipelines[0].name) = (attack.to_owned(), attack.to_owned());
        }),
        tests(2, &[attack]),
    ];
    let history = History::of(&entries, &Filter::default(), None);
    for text in [
        HistoryScreen.text(&history, Style::PLAIN),
        HistoryJson.text(&history, Style::PLAIN),
        HistoryCsv.text(&history, Style::PLAIN),
    ] {
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
    }
    assert!(!HistoryCsv.text(&history, Style::PLAIN).contains(",=cmd"));
}

//! Goal: a gate and a comparison say the same in every format, and never more than is known.
//! Method: a baseline of the fixture run held against the same run, changed in one place; the words
//! of each format are looked at, and every verdict is looked for in every format.

use quick_junit::Report;
use serde_json::Value;

use super::*;
use crate::compare::{Baseline, Comparison, GateReport, against, compare, gate};
use crate::fixture;
use crate::judge::{Judged, Verdict, judge};
use crate::render::{COMPARISON, Exporter, GATE, Style};

fn baseline() -> Baseline {
    let mut baseline = Baseline::empty("0.1.0");
    baseline.accept(&fixture::judged(|_| ()), None).unwrap();
    baseline
}

/// The screen of a gate over these runs.
fn page(runs: &[Judged]) -> String {
    PageScreen.text(&gate(&baseline(), runs), Style::PLAIN)
}

fn screen(comparison: &Comparison) -> String {
    PageScreen.text(comparison, Style::PLAIN)
}

/// The fixture run with one micro-dollar more than in the baseline.
fn moved() -> Judged {
    let mut run = fixture::concurrent();
    let phase3 = &mut run.pipelines[1];
    phase3.attempts[15].cost_microusd += 1;
    phase3.jobs[9].cost_microusd += 1;
    phase3.end.as_mut().unwrap().ledger_microusd += 1;
    judge(run)
}

/// Holds every format of a table against the verdict of what it shows.
fn check<T>(formats: &[&dyn Exporter<T>], subject: &T, verdict: Verdict, word: &str) {
    for format in formats {
        let name = format.format().word;
        let text = format.text(subject, Style::PLAIN);
        match name {
            "terminal" => assert!(text.starts_with(word), "{text}"),
            "markdown" => {
                let start = format!("**{} {word}**", verdict.symbol());
                assert!(text.starts_with(&start), "{text}");
            }
            "html" => assert!(text.contains(word), "{name}: {text}"),
            "json" => {
                let document: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(document["verdict"], verdict.class(), "{text}");
                assert!(document["headline"].as_str().unwrap().starts_with(word), "{text}");
            }
            "junit" => {
                let report = Report::deserialize_from_str(&text).unwrap();
                let red = (report.failures > 0, report.errors > 0);
                let expected = match verdict {
                    Verdict::Pass => (false, false),
                    Verdict::Inconclusive => (false, true),
                    Verdict::Fail => (true, red.1),
                };
                assert_eq!(red, expected, "{text}");
                assert!(report.tests > 0 && report.skipped == 0, "{text}");
            }
            "github" => assert_eq!(text.is_empty(), verdict == Verdict::Pass, "{text}"),
            other => panic!("nothing holds `{other}` against the verdict"),
        }
    }
}

#[test]
fn every_format_of_a_gate_says_its_verdict() {
    let of = |runs: &[Judged]| gate(&baseline(), runs);
    let checked = |report: &GateReport, verdict: Verdict| {
        assert_eq!(report.verdict, verdict);
        check(&GATE, report, verdict, verdict.word());
    };
    checked(&of(&[fixture::judged(|_| ())]), Verdict::Pass);
    checked(&of(&[moved()]), Verdict::Fail);
    // Nothing was run, another seed, a pipeline that is gone, a number that is gone, no baseline.
    checked(&of(&[]), Verdict::Inconclusive);
    checked(&of(&[fixture::judged(|run| run.header.seed = 8)]), Verdict::Inconclusive);
    checked(&of(&[fixture::judged(|run| drop(run.pipelines.pop()))]), Verdict::Inconclusive);
    checked(&gate(&Baseline::empty("0.1.0"), &[]), Verdict::Inconclusive);
    let mut hollow = baseline();
    let numbers = hollow.entries[0].pipelines.get_mut("phase1").unwrap();
    numbers.metrics.remove("calls");
    checked(&gate(&hollow, &[fixture::judged(|_| ())]), Verdict::Inconclusive);
}

#[test]
fn every_format_of_a_comparison_says_whether_there_is_one() {
    let base = fixture::judged(|_| ());
    check(&COMPARISON, &compare(&base, &moved()), Verdict::Pass, "COMPARED");
    let other = fixture::judged(|run| run.header.seed = 8);
    check(&COMPARISON, &compare(&base, &other), Verdict::Inconclusive, "INCOMPARABLE");
}

#[test]
fn what_moved_is_named_with_its_amounts_in_every_format() {
    let report = gate(&baseline(), &[moved()]);
    for format in GATE {
        let text = format.text(&report, Style::PLAIN);
        let name = format.format().word;
        assert!(text.contains("cost_microusd"), "{name}: {text}");
        let amount = if name == "json" { "192226" } else { "$0.192226" };
        assert!(text.contains(amount), "{name}: {text}");
    }
}

#[test]
fn text_from_outside_is_no_markup_in_any_format() {
    let attack = "</td><script>x</script>\u{1b}[1m\n::error::|`@team";
    let other = fixture::judged(|run| run.header.scenario = attack.to_owned());
    let report = gate(&baseline(), &[other]);
    for format in GATE.iter().filter(|format| format.format().word != "json") {
        let (text, name) = (format.text(&report, Style::PLAIN), format.format().word);
        assert!(!text.contains('\u{1b}'), "{name}: {text}");
        assert!(!text.contains("\n::error::|"), "{name}: {text}");
        assert!(
            name == "terminal"
                || name == "markdown"
                || name == "github"
                || !text.contains("<script>"),
            "{name}"
        );
    }
}

#[test]
fn a_gate_that_holds_is_short() {
    insta::assert_snapshot!(page(&[fixture::judged(|_| ())]), @r"
    PASS  gate: 41 numbers compared in 1 scenario, 0 moved

    ✓ concurrent: pass, 41 numbers unchanged
    ");
}

#[test]
fn what_moved_comes_first_and_has_every_digit() {
    let mut run = fixture::concurrent();
    let phase3 = &mut run.pipelines[1];
    phase3.attempts[15].cost_microusd += 1;
    phase3.jobs[9].cost_microusd += 1;
    let end = phase3.end.as_mut().unwrap();
    end.ledger_microusd += 1;
    end.elapsed_us -= 1_500_000;
    let other = fixture::judged(|run| run.header.scenario = "cache".to_owned());
    insta::assert_snapshot!(page(&[judge(run), other]), @r"
    FAIL  gate: 41 numbers compared in 2 scenarios, 2 moved

    ✗ concurrent: fail, 39 numbers unchanged
    phase3
     metric          verdict            base         head        delta
    ───────────────────────────────────────────────────────────────────
     cost_microusd   ✗ worse       $0.192225    $0.192226   +$0.000001
     elapsed_us      ✗ improved   31.17345 s   29.67345 s       −1.5 s

    ? cache: inconclusive, nothing compared
      inconclusive: the scenario is not in the baseline: accept it with chaos
        baseline accept

    hint: if this is intended: chaos baseline accept --baseline FILE RUN (--keep DIR
      keeps the runs)
    ");
}

/// Runs of phase3 in real time, each dearer and slower than the one before.
fn scattered(slower_us: u64) -> Vec<Judged> {
    let run = |number: u64| {
        fixture::judged(|run| {
            run.header.clock = crate::record::Clock::Wall;
            run.header.expect.clear();
            run.pipelines.remove(0);
            run.header.pipelines.remove(0);
            let phase3 = &mut run.pipelines[0];
            phase3.attempts[15].cost_microusd += number * 3_000;
            phase3.jobs[9].cost_microusd += number * 3_000;
            let end = phase3.end.as_mut().unwrap();
            end.ledger_microusd += number * 3_000;
            end.elapsed_us += number * 10_000 + slower_us;
        })
    };
    (0..8).map(run).collect()
}

#[test]
fn a_gate_of_repeats_fits_eighty_columns_and_says_in_words_what_is_worse() {
    let report = against(&scattered(0), &scattered(20_000_000), &[]);
    let text = PageScreen.text(&report, Style { width: 80, ..Style::PLAIN });
    let (_, table) = text.split_once(" metric ").unwrap();
    let rows: Vec<&str> = table.lines().skip_while(|line| !line.contains("──")).skip(1).collect();
    assert!(rows[0].starts_with(" ✗ elapsed_us (worse) "), "{text}");
    assert!(rows.iter().any(|row| row.starts_with(" ✓ cost_per_success_microusd ")), "{text}");
    assert!(rows.iter().all(|row| row.starts_with([' ']) && row.contains('%')), "{text}");
}

#[test]
fn a_gate_over_nothing_says_why_it_is_inconclusive() {
    let report = gate(&Baseline::empty("0.1.0"), &[]);
    insta::assert_snapshot!(PageScreen.text(&report, Style::PLAIN), @r"
    INCONCLUSIVE  gate: 0 numbers compared in 0 scenarios, 0 moved
    ? the baseline is empty: accept a run with chaos baseline accept
    ");
}
#[test]
fn what_got_worse_comes_first_and_what_did_not_move_is_counted() {
    let mut head = fixture::concurrent();
    let phase3 = &mut head.pipelines[1];
    phase3.attempts[15].cost_microusd += 1;
    phase3.jobs[9].cost_microusd += 1;
    let end = phase3.end.as_mut().unwrap();
    end.ledger_microusd += 1;
    end.elapsed_us -= 1_500_000;
    phase3.header.config_sha256 = "9".repeat(64);
    let comparison = compare(&fixture::judged(|_| ()), &judge(head));
    insta::assert_snapshot!(screen(&comparison), @r"
    COMPARED  concurrent: 2 numbers moved, 1 of them for the worse
    phase1: nothing moved
    phase3: documents as many files (10), 1.05 times faster
      note: phase3: the configuration has changed
    phase3
     metric          verdict          base         head        delta
    ─────────────────────────────────────────────────────────────────
     cost_microusd   worse       $0.192225    $0.192226   +$0.000001
     elapsed_us      improved   31.17345 s   29.67345 s       −1.5 s
    ");
}

#[test]
fn runs_that_cannot_be_compared_have_reasons_and_no_table() {
    let head = fixture::judged(|run| run.header.seed = 8);
    let comparison = compare(&fixture::judged(|_| ()), &head);
    insta::assert_snapshot!(screen(&comparison), @r"
    INCOMPARABLE  concurrent: the runs cannot be compared
      inconclusive: other seeds: 7 and 8: run both with `--seed 7`
    ");
}

#[test]
fn a_comment_has_a_line_for_what_held_and_stays_short_whatever_moved() {
    let mut scenarios = gate(&baseline(), &[moved()]).scenarios;
    let rows = scenarios[0].rows.clone();
    scenarios[0].rows = rows.iter().cycle().take(100 * rows.len()).cloned().collect();
    let held = gate(&baseline(), &[fixture::judged(|_| ())]).scenarios;
    scenarios.extend(
        held.into_iter()
            .map(|of| crate::compare::GateScenario { scenario: "other".to_owned(), ..of }),
    );
    let report = GateReport { verdict: Verdict::Fail, reasons: Vec::new(), scenarios };
    let text = PageMarkdown.text(&report, Style::PLAIN);
    assert!(text.contains("and 60 numbers more"), "{text}");
    assert!(text.contains("- `other`: pass, 41 numbers unchanged"), "{text}");
    assert!(text.len() < 10_000, "{} bytes", text.len());
}

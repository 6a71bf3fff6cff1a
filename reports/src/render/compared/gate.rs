//! The gate's page: the verdict, what moved, what could not be compared, and then what held.
//!
//! Invariants: failures come first and every one is listed with every digit; what passed is
//! counted; the remedy stands where the failure is.

use std::fmt::Write as _;

use super::amount::{delta, exact_or_dash};
use crate::compare::{Change, GateReport, GateRow, GateScenario, REMEDY};
use crate::judge::Verdict;
use crate::render::export::{Exporter, ReportFormat};
use crate::render::style::Style;
use crate::render::table::table;
use crate::render::words::counted;
use crate::text::escape;

/// The screen of `chaos gate`.
#[derive(Debug)]
pub(crate) struct GateScreen;

impl Exporter<GateReport> for GateScreen {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "terminal",
            about: "The screen of `chaos gate`",
            file: "gate.txt",
            kept: false,
        }
    }

    fn text(&self, report: &GateReport, style: Style) -> String {
        render(report, style)
    }
}

fn render(report: &GateReport, style: Style) -> String {
    let rows = || report.scenarios.iter().flat_map(|s| &s.rows);
    let failed = rows().filter(|row| row.verdict == Verdict::Fail).count();
    let mut page = format!(
        "{}  gate: {} compared in {}, {failed} moved\n",
        style.paint(report.verdict, report.verdict.word()),
        counted(rows().count(), "number"),
        counted(report.scenarios.len(), "scenario"),
    );
    for reason in &report.reasons {
        let symbol = style.paint(Verdict::Inconclusive, Verdict::Inconclusive.symbol());
        let _ = writeln!(page, "{symbol} {}", escape(reason));
    }
    let mut scenarios: Vec<&GateScenario> = report.scenarios.iter().collect();
    // The sort is stable: scenarios with one verdict stay in the order of their names.
    scenarios.sort_by_key(|s| std::cmp::Reverse(s.verdict));
    for scenario in scenarios {
        one_scenario(&mut page, scenario, style);
    }
    if failed > 0 {
        let _ = writeln!(page, "\nhint: {REMEDY}");
    }
    page
}

fn one_scenario(page: &mut String, scenario: &GateScenario, style: Style) {
    let symbol = style.paint(scenario.verdict, scenario.verdict.symbol());
    let held = scenario.rows.iter().filter(|row| row.verdict == Verdict::Pass).count();
    let word = match scenario.verdict {
        Verdict::Pass => "pass",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Fail => "fail",
    };
    let name = escape(&scenario.scenario);
    let held = match scenario.rows.len() {
        0 => "nothing compared".to_owned(),
        _ => format!("{} unchanged", counted(held, "number")),
    };
    let _ = writeln!(page, "\n{symbol} {name}: {word}, {held}");
    for reason in &scenario.reasons {
        let _ = writeln!(page, "  inconclusive: {}", escape(reason));
    }
    for note in &scenario.notes {
        let _ = writeln!(page, "  note: {}", escape(note));
    }
    let moved = scenario.rows.iter().filter(|row| row.verdict != Verdict::Pass);
    let mut moved: Vec<&GateRow> = moved.collect();
    moved.sort_by_key(|row| (std::cmp::Reverse(row.verdict), row.change != Some(Change::Worse)));
    if !moved.is_empty() {
        let header = ["pipeline", "metric", "verdict", "base", "head", "delta"];
        let rows = moved.into_iter().map(cells).collect();
        page.push_str(&table(header.map(str::to_owned).to_vec(), rows, 3, style));
    }
}

fn cells(row: &GateRow) -> Vec<String> {
    let verdict = match (row.change, &row.reason) {
        (Some(change), _) => format!("{} {}", row.verdict.symbol(), change.word()),
        (None, reason) => {
            let reason = reason.as_deref().unwrap_or("not compared");
            format!("{} {reason}", row.verdict.symbol())
        }
    };
    vec![
        escape(&row.pipeline),
        escape(&row.metric),
        verdict,
        exact_or_dash(row.unit, row.base),
        exact_or_dash(row.unit, row.head),
        delta(row.unit, row.base, row.head),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Baseline, gate};
    use crate::fixture;
    use crate::judge::{Judged, judge};

    fn page(runs: &[Judged]) -> String {
        let mut baseline = Baseline::empty("0.1.0");
        baseline.accept(&fixture::judged(|_| ()), None).unwrap();
        render(&gate(&baseline, runs), Style::PLAIN)
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
         pipeline   metric          verdict            base         head        delta
        ──────────────────────────────────────────────────────────────────────────────
         phase3     cost_microusd   ✗ worse       $0.192225    $0.192226   +$0.000001
         phase3     elapsed_us      ✗ improved   31.17345 s   29.67345 s       −1.5 s

        ? cache: inconclusive, nothing compared
          inconclusive: the scenario is not in the baseline: accept it with chaos baseline accept

        hint: if this is intended: chaos baseline accept
        ");
    }

    #[test]
    fn a_gate_over_nothing_says_why_it_is_inconclusive() {
        let report = gate(&Baseline::empty("0.1.0"), &[]);
        insta::assert_snapshot!(render(&report, Style::PLAIN), @r"
        INCONCLUSIVE  gate: 0 numbers compared in 0 scenarios, 0 moved
        ? the baseline is empty: accept a run with chaos baseline accept
        ");
    }
}

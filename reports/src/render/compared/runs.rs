//! Two runs side by side, what got worse first.
//!
//! Invariants: runs that cannot be compared have reasons and no table; numbers that did not move
//! are counted and not listed; every digit of a number that moved is shown.

use std::fmt::Write as _;

use super::amount::{delta, exact_or_dash};
use crate::compare::{Change, ComparedNumber, Comparison};
use crate::judge::Verdict;
use crate::render::export::{Exporter, ReportFormat};
use crate::render::style::Style;
use crate::render::table::table;
use crate::render::words::counted;
use crate::text::escape;

/// The screen of `chaos compare`.
#[derive(Debug)]
pub(crate) struct ComparisonScreen;

impl Exporter<Comparison> for ComparisonScreen {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "terminal",
            about: "The screen of `chaos compare`",
            file: "comparison.txt",
            kept: false,
        }
    }

    fn text(&self, comparison: &Comparison, style: Style) -> String {
        render(comparison, style)
    }
}

fn render(comparison: &Comparison, style: Style) -> String {
    let scenario = escape(&comparison.scenario);
    if !comparison.incomparable.is_empty() {
        let word = style.paint(Verdict::Inconclusive, "INCOMPARABLE");
        let mut page = format!("{word}  {scenario}\n\n");
        for reason in &comparison.incomparable {
            let _ = writeln!(page, "? {}", escape(reason));
        }
        return page;
    }
    let numbers = comparison
        .pipelines
        .iter()
        .flat_map(|of| of.numbers.iter().map(|number| (of.pipeline.as_str(), number)));
    let (mut moved, same): (Vec<_>, Vec<_>) = numbers.partition(|(_, number)| has_moved(number));
    // The sort is stable: within one kind of change the order is that of the pipelines.
    moved.sort_by_key(|(_, number)| rank(number.change));
    let worse = moved.iter().filter(|(_, number)| number.change == Some(Change::Worse)).count();
    let mut page = format!(
        "COMPARED  {scenario}: {} moved, {worse} of them for the worse\n",
        counted(moved.len(), "number"),
    );
    for note in &comparison.notes {
        let _ = writeln!(page, "! {}", escape(note));
    }
    if !moved.is_empty() {
        let header = ["pipeline", "metric", "change", "base", "head", "delta"];
        let rows = moved.iter().map(|(pipeline, number)| cells(pipeline, number)).collect();
        page.push('\n');
        page.push_str(&table(header.map(str::to_owned).to_vec(), rows, 3, style));
    }
    let _ = writeln!(page, "\n{} did not move.", counted(same.len(), "number"));
    page
}

/// Whether a number is worth a line.
fn has_moved(number: &ComparedNumber) -> bool {
    number.change != Some(Change::Same)
}

const fn rank(change: Option<Change>) -> u8 {
    match change {
        Some(Change::Worse) => 0,
        None => 1,
        Some(Change::Changed) => 2,
        Some(Change::Improved) => 3,
        Some(Change::Same) => 4,
    }
}

fn cells(pipeline: &str, number: &ComparedNumber) -> Vec<String> {
    let ComparedNumber { unit, base, head, .. } = *number;
    vec![
        escape(pipeline),
        number.metric.clone(),
        number.change.map_or("missing", Change::word).to_owned(),
        exact_or_dash(unit, base),
        exact_or_dash(unit, head),
        delta(unit, base, head),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::compare;
    use crate::fixture;
    use crate::judge::judge;

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
        insta::assert_snapshot!(render(&comparison, Style::PLAIN), @r"
        COMPARED  concurrent: 2 numbers moved, 1 of them for the worse
        ! phase3: the configuration has changed

         pipeline   metric          change           base         head        delta
        ────────────────────────────────────────────────────────────────────────────
         phase3     cost_microusd   worse       $0.192225    $0.192226   +$0.000001
         phase3     elapsed_us      improved   31.17345 s   29.67345 s       −1.5 s

        39 numbers did not move.
        ");
    }

    #[test]
    fn runs_that_cannot_be_compared_have_reasons_and_no_table() {
        let head = fixture::judged(|run| run.header.seed = 8);
        let comparison = compare(&fixture::judged(|_| ()), &head);
        insta::assert_snapshot!(render(&comparison, Style::PLAIN), @r"
        INCOMPARABLE  concurrent

        ? other seeds: 7 and 8
        ");
    }
}

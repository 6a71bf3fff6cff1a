//! The main screen: one run, its verdict, and its pipelines side by side.
//!
//! Invariants: the verdict comes first, then what was expected, then the numbers in an order that
//! never changes; a number that rests on samples has their count beside it; the closing sentence
//! claims nothing of a run whose records do not agree.

mod closing;
mod rows;

use std::fmt::Write as _;

use super::table::table;
use super::{Style, verdict_words};
use crate::measured::Measured;
use crate::record::Clock;
use crate::run::Run;
use crate::text::escape;
use crate::verdict::{Check, Judgement, Verdict};

/// Renders a judged run; `measured` adds what depends on the machine.
pub fn render(
    run: &Run,
    judgement: &Judgement,
    measured: Option<&Measured>,
    style: Style,
) -> String {
    let mut page = headline(run, judgement, style);
    page.push('\n');
    page.push_str(&checks(&judgement.checks, style));
    page.push('\n');
    let (header, rows) = rows::rows(run, judgement, measured);
    page.push_str(&table(header, rows, 1, style));
    if let Some(sentence) = closing_of(run, judgement) {
        let _ = write!(page, "\n{sentence}\n");
    }
    page
}

/// The header and the rows of the numbers that the records alone give, cells escaped.
pub(super) fn table_of(run: &Run, judgement: &Judgement) -> (Vec<String>, Vec<Vec<String>>) {
    rows::rows(run, judgement, None)
}

/// The closing sentence, escaped; none where there is nothing to compare.
pub(super) fn closing_of(run: &Run, judgement: &Judgement) -> Option<String> {
    match judgement.summaries.as_slice() {
        [first, second] if run.complete() => closing::sentence(first, second, &run.header.currency),
        _ => None,
    }
}

fn headline(run: &Run, judgement: &Judgement, style: Style) -> String {
    let documented = judgement.summaries.iter().enumerate().map(|(index, summary)| {
        let word = if index == 0 { " documented" } else { "" };
        let pipeline = escape(&summary.pipeline);
        let is_judged = run.header.expect.contains_key(&summary.pipeline);
        let judged = if is_judged || run.header.expect.is_empty() { "" } else { " (not judged)" };
        format!("{pipeline} {}/{}{word}{judged}", summary.documented, summary.tried())
    });
    let documented: Vec<String> = documented.collect();
    let clock = if run.header.clock == Clock::Wall { " · real time" } else { "" };
    let word = match verdict_words(run, judgement) {
        word if word == judgement.verdict.word() => style.paint(judgement.verdict, word),
        word => word.to_owned(),
    };
    format!(
        "{word}  {}: {} · seed {}{clock}\n",
        escape(&run.header.scenario),
        documented.join(", "),
        run.header.seed,
    )
}

/// One line a check, in columns.
fn checks(checks: &[Check], style: Style) -> String {
    let cells = checks.iter().map(|check| {
        let bound = match check.bound.as_str() {
            "" => String::new(),
            bound => format!("({bound})"),
        };
        [escape(&check.pipeline), check.metric.clone(), check.measured.clone(), bound]
    });
    let cells: Vec<[String; 4]> = cells.collect();
    let width = |c: usize| cells.iter().map(|row| row[c].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2), width(3)];
    let mut text = String::new();
    for (check, row) in checks.iter().zip(&cells) {
        let used = row.iter().zip(widths).filter(|(_, width)| *width > 0);
        let padded: Vec<String> = used.map(|(cell, width)| format!("{cell:<width$}")).collect();
        let line = format!("{}  {}", padded.join("  "), remark(check));
        // Nothing was expected, so nothing has passed.
        let symbol = if check.verdict == Verdict::Pass && check.bound.is_empty() {
            "–".to_owned()
        } else {
            style.paint(check.verdict, check.verdict.symbol())
        };
        let _ = writeln!(text, "{symbol} {}", line.trim_end());
    }
    text
}

/// What the symbol says, in words, where it is not a plain pass.
fn remark(check: &Check) -> String {
    let reason = check.reason.as_deref().map(escape);
    match (check.verdict, reason) {
        (Verdict::Pass, reason) => reason.unwrap_or_default(),
        (Verdict::Fail, None) => "fail".to_owned(),
        (Verdict::Fail, Some(reason)) => format!("fail: {reason}"),
        (Verdict::Inconclusive, None) => "inconclusive".to_owned(),
        (Verdict::Inconclusive, Some(reason)) => format!("inconclusive: {reason}"),
    }
}

#[cfg(test)]
mod tests;

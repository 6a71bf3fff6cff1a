//! The main screen: one run, its verdict, and its pipelines side by side.
//!
//! Invariants: the verdict comes first, then what was expected, then the numbers in an order that
//! never changes; a number that rests on samples has their count next to it; the closing sentence
//! claims nothing of a run whose records do not agree.

use std::fmt::Write as _;

use super::each::each;
use super::{closing, rows};
use crate::judge::{Check, Judged, Verdict};
use crate::record::{Clock, Measured};
use crate::render::export::{Exporter, ReportFormat};
use crate::render::style::Style;
use crate::render::table::table;
use crate::render::words::verdict_words;
use crate::text::escape;

/// `--format summary`.
#[derive(Debug)]
pub(crate) struct SummaryTxt;

impl Exporter<[Judged]> for SummaryTxt {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "summary",
            about: "The numbers of the screen, without what depends on the machine",
            file: "summary.txt",
            kept: true,
        }
    }

    fn text(&self, runs: &[Judged], style: Style) -> String {
        each(runs, |judged| render(judged, None, style))
    }
}

/// Renders a judged run; `measured` adds what depends on the machine.
pub(super) fn render(judged: &Judged, measured: Option<&Measured>, style: Style) -> String {
    let mut page = headline(judged, style);
    page.push('\n');
    page.push_str(&checks(judged.checks(), style));
    page.push('\n');
    let (header, rows) = rows::rows(judged, measured);
    page.push_str(&table(header, rows, 1, style));
    if let Some(sentence) = closing_of(judged) {
        let _ = write!(page, "\n{sentence}\n");
    }
    page.push_str(&judged_by(judged));
    page
}

/// How the work of each target of the user's was judged, a line each.
fn judged_by(judged: &Judged) -> String {
    let headers = judged.run().pipelines.iter().map(|pipeline| &pipeline.header);
    let stated = headers.filter_map(|header| Some((&header.name, header.judged_by.as_ref()?)));
    let mut lines = String::new();
    for (name, by) in stated {
        let (name, by) = (escape(name), escape(by));
        let _ = write!(lines, "\n{name} is judged by what the mock saw, and by {by}.");
    }
    if lines.is_empty() { lines } else { lines + "\n" }
}

/// The header and the rows of the numbers that the records alone give, cells escaped.
pub(crate) fn table_of(judged: &Judged) -> (Vec<String>, Vec<Vec<String>>) {
    rows::rows(judged, None)
}

/// The closing sentence, escaped; none where there is nothing to compare.
pub(crate) fn closing_of(judged: &Judged) -> Option<String> {
    let run = judged.run();
    match judged.summaries() {
        [first, second] if run.complete() => closing::sentence(first, second, &run.header.currency),
        _ => None,
    }
}

fn headline(judged: &Judged, style: Style) -> String {
    let run = judged.run();
    let documented = judged.summaries().iter().enumerate().map(|(index, summary)| {
        let word = if index == 0 { " documented" } else { "" };
        let pipeline = escape(&summary.pipeline);
        let is_judged = run.header.expect.contains_key(&summary.pipeline);
        let judged = if is_judged || run.header.expect.is_empty() { "" } else { " (not judged)" };
        format!("{pipeline} {}/{}{word}{judged}", summary.documented, summary.tried())
    });
    let documented: Vec<String> = documented.collect();
    let clock = match (run.header.clock, run.header.speed) {
        (Clock::Simulated, _) => String::new(),
        (Clock::Wall, None) => " · real time".to_owned(),
        (Clock::Wall, Some(speed)) => format!(" · warped time x{speed}"),
    };
    let word = match verdict_words(judged) {
        word if word == judged.verdict().word() => style.paint(judged.verdict(), word),
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

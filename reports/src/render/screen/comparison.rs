//! The main screen: one run, its verdict, and its pipelines side by side.
//!
//! Invariants: what was expected comes first, then the numbers in an order that never changes, and
//! the verdict last, where a terminal ends; a number that rests on samples has their count next to
//! it; the closing sentence claims nothing of a run whose records do not agree.

use std::fmt::Write as _;

use super::each::each;
use super::{closing, rows};
use crate::judge::{Check, Judged, Standing, Verdict};
use crate::record::{Clock, Measured};
use crate::render::export::{Exporter, ReportFormat};
use crate::render::style::Style;
use crate::render::table::table;
use crate::render::words::{introductions, standing_words, verdict_words};
use crate::text::{escape, wrap};

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
    figures(judged, measured, style) + "\n" + &conclusion(judged, style)
}

/// What was run and what was measured.
pub(super) fn figures(judged: &Judged, measured: Option<&Measured>, style: Style) -> String {
    let mut page = introduction(judged, style);
    page.push('\n');
    page.push_str(&checks(judged, style));
    page.push('\n');
    let (header, rows) = rows::rows(judged, measured);
    page.push_str(&table(header, rows, 1, style));
    page.push_str(&judged_by(judged, style));
    page
}

/// What it comes to, which a terminal shows last: the line that is seen without scrolling.
pub(super) fn conclusion(judged: &Judged, style: Style) -> String {
    let mut page = headline(judged, style);
    for summary in judged.summaries() {
        let standing = judged.standing(summary);
        if standing == Standing::NotJudged {
            continue;
        }
        let words = standing_words(judged, summary);
        let prefix = format!("  {} {} ", standing.symbol(), escape(&summary.pipeline));
        let line = wrap(&prefix, &words, style.width, 4);
        let painted = style.paint_standing(standing, &line);
        let _ = writeln!(page, "{painted}");
    }
    if let Some(sentence) = closing_of(judged) {
        let _ = writeln!(page, "{}", wrap("", &sentence, style.width, 2));
    }
    page
}

/// The scenario, and each pipeline that says what it is.
fn introduction(judged: &Judged, style: Style) -> String {
    let header = &judged.run().header;
    let title = format!("{}: {}", escape(&header.scenario), escape(&header.title));
    let mut page = wrap("", &title, style.width, 2) + "\n";
    for (name, what) in introductions(judged.run()) {
        page.push_str(&wrap(&format!("  {name}: "), &what, style.width, 4));
        page.push('\n');
    }
    page
}

/// How the work of each target of the user's was judged, a line each.
fn judged_by(judged: &Judged, style: Style) -> String {
    let headers = judged.run().pipelines.iter().map(|pipeline| &pipeline.header);
    let stated = headers.filter_map(|header| Some((&header.name, header.judged_by.as_ref()?)));
    let mut lines = String::new();
    for (name, by) in stated {
        let (name, by) = (escape(name), escape(by));
        let sentence = format!("{name} is judged by what the mock saw, and by {by}.");
        let _ = write!(lines, "\n{}", wrap("", &sentence, style.width, 2));
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
    let word = verdict_words(judged);
    let rest = format!(
        "{}: {} · seed {}{clock}",
        escape(&run.header.scenario),
        documented.join(", "),
        run.header.seed,
    );
    let line = wrap(&format!("{word}  "), &rest, style.width, 2);
    let painted = match judged.verdict() {
        verdict if word == verdict.word() => style.paint(verdict, word),
        _ => word.to_owned(),
    };
    line.replacen(word, &painted, 1) + "\n"
}

/// One line a check, in columns.
fn checks(judged: &Judged, style: Style) -> String {
    let checks = judged.checks();
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
        let broke = judged.is_break(check);
        let remark = if broke { Standing::Broke.words().to_owned() } else { remark(check) };
        let cells = format!("{}  ", padded.join("  "));
        // Nothing was expected, so nothing has passed.
        let (symbol, painted) = if check.verdict == Verdict::Pass && check.bound.is_empty() {
            ("–", "–".to_owned())
        } else if broke {
            let symbol = Standing::Broke.symbol();
            (symbol, style.paint_standing(Standing::Broke, symbol))
        } else {
            let symbol = check.verdict.symbol();
            (symbol, style.paint(check.verdict, symbol))
        };
        let line = wrap(&format!("{symbol} {cells}"), &remark, style.width, 4);
        let _ = writeln!(text, "{}", line.trim_end().replacen(symbol, &painted, 1));
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

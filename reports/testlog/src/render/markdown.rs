//! Why tests failed, for a pull request's comment or a CI step's summary.
//!
//! Invariant: no text from outside is markup: it stands in code spans whose fence is longer than
//! any run of backticks in it, and table cells hold no bar.

use std::fmt::Write as _;

use super::matrix;
use super::words::{first_line, rule};
use crate::triage::{Group, Triage};
use reports::render::{Exporter, ReportFormat, Style};
use reports::text::counted;
use reports::text::{escape, percent};

/// The groups that are shown in full; platforms refuse a summary of more than a megabyte.
const SHOWN: usize = 100;

/// `--report markdown`.
#[derive(Debug)]
pub(super) struct Markdown;

impl Exporter<Triage<'_>> for Markdown {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "markdown",
            about: "A comment on a pull request",
            file: "triage.md",
            kept: false,
        }
    }

    fn text(&self, triage: &Triage<'_>, _style: Style) -> String {
        render(triage)
    }
}

/// Renders the page.
fn render(triage: &Triage<'_>) -> String {
    let failures = counted(triage.findings.len(), "failure");
    let groups = counted(triage.groups.len(), "group");
    let mut page = format!("## {failures} in {groups}\n\n");
    for note in &triage.notes {
        let _ = writeln!(page, "> {}\n", code(note));
    }
    for (input, run) in &triage.runs {
        if !run.completeness.is_complete() {
            let _ = writeln!(page, "> incomplete: {}\n", code(&input.name));
        }
    }
    if !triage.findings.is_empty() {
        let (header, rows) = matrix::rows(triage);
        let _ = writeln!(page, "| {} |", header.join(" | "));
        let _ = writeln!(page, "|---|{}", "---:|".repeat(header.len() - 1));
        for row in rows {
            let _ = writeln!(page, "| {} |", row.join(" | "));
        }
        page.push_str("\n| category | priority | tests | cause | remedy | sample |\n");
        page.push_str("|---|---|---:|---|---|---|\n");
    }
    for group in triage.groups.iter().take(SHOWN) {
        row(&mut page, triage, group);
    }
    if triage.groups.len() > SHOWN {
        let _ = writeln!(page, "\nand {} more", counted(triage.groups.len() - SHOWN, "group"));
    }
    let Some(flakiness) = &triage.flakiness else { return page };
    let _ = writeln!(page, "\n### Flaky over {}\n", counted(flakiness.runs, "run"));
    let mut none = true;
    for test in flakiness.quarantine() {
        none = false;
        let (rate, flips) = (percent(test.pass_rate_ppm()), counted(test.flips(), "flip"));
        let _ = writeln!(page, "- {}: passed {rate}, {flips}", code(&test.id));
    }
    if flakiness.runs == 0 {
        page.push_str("Every run failed nearly as a whole: nothing is said about single tests.\n");
    } else if none {
        page.push_str("No test flips.\n");
    }
    page
}

fn row(page: &mut String, triage: &Triage<'_>, group: &Group) {
    let finding = &triage.findings[group.ends().0];
    let sample = format!("{} {}", finding.case.id.full, first_line(&finding.case.message));
    let _ = writeln!(
        page,
        "| {} | {} | {} | {} ({}, {}) | {} | {} |",
        finding.category.name(),
        finding.priority.name(),
        group.tests,
        code(&finding.reason),
        code(rule(finding)),
        finding.confidence.name(),
        code(&finding.remedy),
        code(&sample)
    );
}

/// Text as a code span that nothing in it can end, in a table or out of it.
fn code(text: &str) -> String {
    let text = escape(text).replace('|', "¦");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if longest > 0 { " " } else { "" };
    if text.is_empty() { "—".to_owned() } else { format!("{fence}{space}{text}{space}{fence}") }
}

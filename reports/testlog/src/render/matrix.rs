//! The priority matrix of failed tests: what to do first, and where the mending is.
//!
//! Invariant: every failure is in one cell, and the sums at the edges are those of the cells.

use crate::triage::{Finding, Triage};
use reports::render::table::table;
use reports::render::{Exporter, ReportFormat, Style};
use reports::text::counted;
use reports::text::thousands;
use reports::{Category, Priority};

/// `--report matrix`.
#[derive(Debug)]
pub(super) struct Matrix;

impl Exporter<Triage<'_>> for Matrix {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "matrix",
            about: "Failures by priority and category",
            file: "matrix.txt",
            kept: false,
        }
    }

    fn text(&self, triage: &Triage<'_>, style: Style) -> String {
        render(triage, style)
    }
}

/// Renders the matrix.
fn render(triage: &Triage<'_>, style: Style) -> String {
    let (header, rows) = rows(triage);
    let mut sentence = counted(triage.findings.len(), "failure");
    if triage.runs.iter().any(|(_, run)| !run.completeness.is_complete()) {
        sentence.push_str("; not all was read, so there may be more");
    }
    format!("{sentence}\n{}", table(header, rows, 1, style))
}

/// The header, and a row for each priority and the sums.
pub(super) fn rows(triage: &Triage<'_>) -> (Vec<String>, Vec<Vec<String>>) {
    let mut header = vec!["priority".to_owned()];
    header.extend(Category::ALL.map(|category| category.name().to_owned()));
    header.push("all".to_owned());
    let row = |name: &str, holds: &dyn Fn(&Finding<'_>) -> bool| {
        let chosen: Vec<_> = triage.findings.iter().filter(|finding| holds(finding)).collect();
        let count = |category| chosen.iter().filter(|found| found.category == category).count();
        let mut row = vec![name.to_owned()];
        row.extend(Category::ALL.map(|category| thousands(count(category) as u64)));
        row.push(thousands(chosen.len() as u64));
        row
    };
    let mut rows: Vec<Vec<String>> = Priority::ALL
        .into_iter()
        .map(|priority| row(priority.name(), &|finding| finding.priority == priority))
        .collect();
    rows.push(row("all", &|_| true));
    (header, rows)
}

//! The priority matrix: what to do first, and where the fix belongs.
//!
//! Invariants: every failure is in one cell or among the expected ones; the sums at the edges are
//! those of the cells.

use std::fmt::Write as _;

use crate::judge::{Failure, Judged};
use crate::record::{Category, Priority};
use crate::render::export::{Exporter, ReportFormat};
use crate::render::style::Style;
use crate::render::table::table;
use crate::text::counted;
use crate::text::{escape, thousands};

/// `--format matrix`, one for each run.
#[derive(Debug)]
pub(crate) struct Matrix;

impl Exporter<[Judged]> for Matrix {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "matrix",
            about: "Failures by priority and category",
            file: "matrix.txt",
            kept: true,
        }
    }

    fn text(&self, runs: &[Judged], style: Style) -> String {
        let mut page = String::new();
        for (index, judged) in runs.iter().enumerate() {
            if index > 0 {
                page.push('\n');
            }
            let failures = judged.failures();
            let scenario = escape(&judged.run().header.scenario);
            let _ = writeln!(page, "{scenario}: {}", sentence(&failures));
            let (header, rows) = rows(&failures);
            page.push_str(&table(header, rows, 1, style));
        }
        page
    }
}

/// How many failed, and how many of them were meant to.
pub(crate) fn sentence(failures: &[Failure<'_>]) -> String {
    let expected = failures.iter().filter(|failure| failure.expected).count();
    let failed = counted(failures.len(), "job");
    match expected {
        _ if failures.is_empty() => "No job failed.".to_owned(),
        0 => format!("{failed} failed, none of them as the scenario expects."),
        all if all == failures.len() => format!("{failed} failed, all as the scenario expects."),
        some => format!("{failed} failed, {} as the scenario expects.", thousands(some as u64)),
    }
}

/// The header and the rows: a row for each priority, one for expected breaks, and the sums.
pub(super) fn rows(failures: &[Failure<'_>]) -> (Vec<String>, Vec<Vec<String>>) {
    let mut header = vec!["priority".to_owned()];
    header.extend(Category::ALL.map(|category| category.name().to_owned()));
    header.push("all".to_owned());
    let row = |name: &str, holds: &dyn Fn(&Failure<'_>) -> bool| {
        let chosen: Vec<_> = failures.iter().filter(|failure| holds(failure)).collect();
        let in_category =
            |category| chosen.iter().filter(|failure| failure.category() == category).count();
        let mut row = vec![name.to_owned()];
        row.extend(Category::ALL.map(|category| thousands(in_category(category) as u64)));
        row.push(thousands(chosen.len() as u64));
        row
    };
    let mut rows: Vec<Vec<String>> = Priority::ALL
        .into_iter()
        .map(|priority| row(priority.name(), &|f| !f.expected && f.priority() == priority))
        .collect();
    rows.push(row("expected", &|failure| failure.expected));
    rows.push(row("all", &|_| true));
    (header, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::record::Cause;

    #[test]
    fn every_failure_is_in_one_cell() {
        let judged = fixture::judged(|run| {
            run.header.expect.clear();
            run.pipelines[0].jobs[2].cause = Some(Cause::Truncated);
        });
        insta::assert_snapshot!(Matrix.text(&[judged], Style::PLAIN), @r"
        concurrent: 6 jobs failed, none of them as the scenario expects.
         priority   BUG   CONFIGURATION   ENVIRONMENT   TEST_DESIGN   UNKNOWN   all
        ────────────────────────────────────────────────────────────────────────────
         HIGH         1               0             0             0         0     1
         MEDIUM       0               0             5             0         0     5
         LOW          0               0             0             0         0     0
         expected     0               0             0             0         0     0
         all          1               0             5             0         0     6
        ");
    }

    #[test]
    fn expected_breaks_have_a_row_of_their_own() {
        let judged = fixture::judged(|_| ());
        insta::assert_snapshot!(Matrix.text(&[judged], Style::PLAIN), @r"
        concurrent: 6 jobs failed, all as the scenario expects.
         priority   BUG   CONFIGURATION   ENVIRONMENT   TEST_DESIGN   UNKNOWN   all
        ────────────────────────────────────────────────────────────────────────────
         HIGH         0               0             0             0         0     0
         MEDIUM       0               0             0             0         0     0
         LOW          0               0             0             0         0     0
         expected     0               0             6             0         0     6
         all          0               0             6             0         0     6
        ");
    }
}

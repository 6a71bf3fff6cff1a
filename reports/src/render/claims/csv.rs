//! The claims for a spreadsheet, a line for each quantity.

use super::cells::{COLUMNS, cells, rows};
use crate::claim::Claim;
use crate::render::export::{Exporter, ReportFormat};
use crate::render::sheet::{cell, sheet};
use crate::render::style::Style;

/// `chaos claims --format csv`.
#[derive(Debug)]
pub(crate) struct ClaimsCsv;

impl Exporter<[Claim]> for ClaimsCsv {
    fn format(&self) -> ReportFormat {
        ReportFormat {
            word: "csv",
            about: "A line for each quantity, for a spreadsheet",
            file: "claims.csv",
            kept: false,
        }
    }

    fn text(&self, claims: &[Claim], _style: Style) -> String {
        let lines = rows(claims).map(|(claim, quantity)| cells(claim, quantity));
        sheet(COLUMNS, lines.map(|line| line.map(|text| cell(&text))))
    }
}

#[cfg(test)]
mod tests {
    use super::super::cells::example;
    use super::*;

    #[test]
    fn a_line_is_safe_in_a_spreadsheet() {
        let lines = ClaimsCsv.text(&example(), Style::PLAIN);
        assert!(lines.contains(",'=as stated,"), "{lines}");
    }
}

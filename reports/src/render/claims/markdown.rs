//! The claims as a Markdown table.

use std::fmt::Write as _;

use super::cells::{COLUMNS, cells, headline, rows};
use crate::claim::Claim;
use crate::render::export::{Exporter, ReportFormat};
use crate::render::style::Style;
use crate::text::escape;

/// `chaos claims --format markdown`.
#[derive(Debug)]
pub(crate) struct ClaimsMarkdown;

impl Exporter<[Claim]> for ClaimsMarkdown {
    fn format(&self) -> ReportFormat {
        ReportFormat { word: "markdown", about: "A table", file: "claims.md", kept: false }
    }

    fn text(&self, claims: &[Claim], _style: Style) -> String {
        let mut page = format!("{}\n\n", headline(claims));
        let _ = writeln!(page, "| {} |\n|{}", COLUMNS.join(" | "), "---|".repeat(COLUMNS.len()));
        for (claim, quantity) in rows(claims) {
            let cells = cells(claim, quantity).map(|cell| escape(&cell).replace('|', "\\|"));
            let _ = writeln!(page, "| {} |", cells.join(" | "));
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::super::cells::example;
    use super::*;

    #[test]
    fn no_cell_ends_its_column() {
        let page = ClaimsMarkdown.text(&example(), Style::PLAIN);
        assert!(page.contains("ten at once: \\| four succeed"), "{page}");
    }
}

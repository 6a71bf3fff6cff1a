//! The one look of every table: a line under the header, no frame, numbers to the right.
//!
//! Invariant: the width is the caller's and nothing is asked of the environment, so a table is
//! the same in a terminal, a pipe and a file. Cells are never styled: the table would ask whether
//! it is on a terminal.

use comfy_table::{CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, Table};
use comfy_table::{ColumnConstraint, TableStyle};

use super::Style;

const QUIET: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none())
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .content_lines(ContentLineStyle::none());

/// Lays out a table. The columns from `numbers` on are aligned to the right.
pub fn table(header: Vec<String>, rows: Vec<Vec<String>>, numbers: usize, style: Style) -> String {
    let mut table = Table::new();
    table
        .load_style(QUIET)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(style.width).unwrap_or(u16::MAX))
        .set_header(header)
        .add_rows(rows);
    for column in table.column_iter_mut().skip(numbers) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    if let Some(first) = table.column_mut(0) {
        first.set_constraint(ColumnConstraint::ContentWidth);
    }
    table.trim_fmt() + "\n"
}

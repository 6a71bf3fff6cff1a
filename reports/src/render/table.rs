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

/// Lays out a table. The columns from `numbers` on are aligned to the right, and their cells broken
/// only before what stands in brackets or ends a range: `1 m 11 s` stays in one line.
pub fn table(header: Vec<String>, rows: Vec<Vec<String>>, numbers: usize, style: Style) -> String {
    let rows = rows.into_iter().map(|row| {
        let cells = row.into_iter().enumerate();
        cells.map(move |(column, cell)| if column < numbers { cell } else { joined(&cell) })
    });
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
    table.trim_fmt().replace(JOINT, " ") + "\n"
}

/// A space at which no line is broken.
const JOINT: char = '\u{a0}';

fn joined(cell: &str) -> String {
    let mut joined = String::with_capacity(cell.len());
    let mut rest = cell.chars().peekable();
    while let Some(character) = rest.next() {
        let breaks = matches!(rest.peek(), Some('(' | '…'));
        joined.push(if character == ' ' && !breaks { JOINT } else { character });
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_table_breaks_no_amount_in_two() {
        let header = ["estimate", "time"].map(str::to_owned).to_vec();
        let row = ["time", "8 m 25 s (5 m 56 s … 19 m 49 s)"].map(str::to_owned).to_vec();
        let style = Style { width: 26, ..Style::PLAIN };
        insta::assert_snapshot!(table(header, vec![row], 1, style), @r"
         estimate            time
        ──────────────────────────
         time            8 m 25 s
                        (5 m 56 s
                     … 19 m 49 s)
        ");
    }
}

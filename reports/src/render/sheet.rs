//! What every CSV shares: cells that a spreadsheet does not run, rows that a reader reads back.
//!
//! Invariants: a cell that would be a formula has a quote before it; no cell holds a control
//! character or turns the text around; every row has as many cells as the header.

use std::io::{self, Write};

use crate::text::escape;

/// Rows as CSV, header first.
pub fn sheet<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    written(header, rows)
}

/// The same, row by row: the text of very many rows takes more than they do.
pub fn write_sheet<const N: usize>(
    header: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer.flush()
}

/// Rows of any length as CSV, header first.
pub(super) fn written<H, R>(header: H, rows: impl Iterator<Item = R>) -> String
where
    H: IntoIterator,
    H::Item: AsRef<[u8]>,
    R: IntoIterator,
    R::Item: AsRef<[u8]>,
{
    let mut writer = csv::Writer::from_writer(Vec::new());
    let infallible = "writing rows of one length to memory cannot fail";
    writer.write_record(header).expect(infallible);
    for row in rows {
        writer.write_record(row).expect(infallible);
    }
    let bytes = writer.into_inner().expect(infallible);
    String::from_utf8(bytes).expect("every cell is text")
}

/// Text from outside, harmless in a spreadsheet and in a terminal.
pub fn cell(text: &str) -> String {
    // The full-width forms count: some spreadsheets read them as the plain ones.
    let formula = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    // Spreadsheets trim: what follows the spaces counts.
    let guard =
        if text.trim_start().starts_with(formula) || text.starts_with(formula) { "'" } else { "" };
    format!("{guard}{}", escape(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_would_be_a_formula_has_a_quote_before_it() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", " =cmd|' /C calc'!A0"]
        {
            assert!(cell(text).starts_with('\''), "{text:?}");
        }
        assert_eq!(cell("src/a=b.py"), "src/a=b.py");
        assert_eq!(cell("a\u{202e}b\u{1b}"), "a\\u{202e}b\\x1b");
    }
}

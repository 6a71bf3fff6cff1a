//! A format is typed by its word; which words there are, the table of formats says.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use reports::render::ReportFormat;

/// Parses a word into the format of a table; `--help` shows the words with what each is.
pub(super) fn one_of<E: ?Sized + Sync>(
    table: &'static [&'static E],
    format: fn(&E) -> ReportFormat,
) -> impl TypedValueParser<Value = &'static E> {
    let formats = table.iter().map(|exporter| format(exporter));
    let words = formats.map(|format| PossibleValue::new(format.word).help(format.about));
    PossibleValuesParser::new(words).map(move |word| {
        let found = table.iter().find(|exporter| format(exporter).word == word);
        *found.expect("clap lets only the words of the table through")
    })
}

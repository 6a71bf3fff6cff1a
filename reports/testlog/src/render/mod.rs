//! Why tests failed, one file for each format.
//!
//! [`TRIAGE`] is the table of formats: a new one is a file with its exporter and a line here.
//! Invariant: every failure is in every format that lists failures; text from outside is escaped
//! on its way in.

mod words;

mod csv;
pub mod json;
mod junit;
mod markdown;
mod matrix;
pub mod runs;
mod text;
mod txt;

use reports::render::Exporter;

use crate::triage::Triage;

/// The formats of what a triage found.
pub const TRIAGE: [&dyn for<'a> Exporter<Triage<'a>>; 7] = [
    &text::Text,
    &txt::Txt,
    &csv::Csv,
    &json::Json,
    &markdown::Markdown,
    &junit::Junit,
    &matrix::Matrix,
];

#[cfg(test)]
mod tests;

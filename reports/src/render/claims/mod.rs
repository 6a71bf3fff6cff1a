//! The claims of the documents as text, CSV and Markdown: the same cells in three shapes.
//!
//! A claim's words come from our own file and are escaped all the same, so that a page can be
//! built from any list.

mod cells;
mod csv;
mod markdown;
mod text;

pub(super) use self::csv::ClaimsCsv;
pub(super) use self::markdown::ClaimsMarkdown;
pub(super) use self::text::ClaimsText;

//! What programs read: everything as JSON, the numbers as CSV, latencies for plotters.

mod csv;
mod hgrm;
pub mod json;

pub(super) use self::csv::SummaryCsv;
pub(super) use hgrm::Hgrm;
pub(super) use json::Json;

//! The jobs that failed: as rows, as a report, and by priority and category.

mod csv;
pub(super) mod groups;
pub(super) mod matrix;
mod sections;
mod txt;

pub(super) use self::csv::FailuresCsv;
pub(super) use matrix::Matrix;
pub(super) use txt::FailuresTxt;

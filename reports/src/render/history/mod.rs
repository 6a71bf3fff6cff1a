//! Runs and test logs over time, one file for each format.

mod csv;
pub mod json;
mod screen;
mod sparkline;
mod suite;

pub(super) use self::csv::HistoryCsv;
pub(super) use self::json::HistoryJson;
pub(super) use self::screen::HistoryScreen;
pub use self::suite::past_words;

use crate::history::{Basis, Mark};
use crate::record::Clock;
use crate::text::{escape, shortened};

/// The characters of a label that are shown: enough of a commit.
const LABEL: usize = 16;

/// A place in time in words: `` `c0ffee` (2026-11-30) ``, or the day where there is no label.
pub fn mark_words(mark: &Mark) -> String {
    match &mark.label {
        Some(label) => format!("`{}` ({})", shown(label), escape(&mark.day)),
        None => escape(&mark.day),
    }
}

/// A label, harmless and short.
fn shown(label: &str) -> String {
    shortened(&escape(label), LABEL)
}

/// Which time the runs of a series are in, and what that says of their metrics.
fn time_words(basis: &Basis) -> String {
    match (basis.clock, basis.speed) {
        (Clock::Simulated, _) => "simulated time: exact".to_owned(),
        (Clock::Wall, None) => "real time: timed".to_owned(),
        (Clock::Wall, Some(speed)) => format!("warped time x{speed}: timed"),
    }
}

#[cfg(test)]
mod tests;

//! Text made from what was judged and compared, one file for each format.
//!
//! [`RUNS`], [`GATE`], [`COMPARISON`], [`HISTORY`], [`CLAIMS`] and [`CARD`] are the tables of
//! formats: a new format is a file with its [`Exporter`] and a line here. Invariants: a page
//! depends on its arguments alone, colours included; every sign that a colour gives is also a word
//! or a symbol; text from outside is escaped on its way in.

mod export;
mod style;

pub mod sheet;
pub mod table;
mod words;

pub mod baseline;
mod card;
mod ci;
mod claims;
mod compared;
mod data;
pub mod estimate;
mod failures;
mod history;
mod html;
mod screen;

pub use compared::ablation;
pub use compared::json as compared_json;
pub use data::json;
pub use export::{Exporter, ReportFile, ReportFormat};
pub use history::json as history_json;
pub use history::{mark_words, past_words};
pub use screen::Terminal;
pub use style::Style;
pub use words::run_one;

use crate::card::Card;
use crate::claim::Claim;
use crate::compare::{Comparison, Difference, GateReport};
use crate::history::History;
use crate::judge::Judged;

/// The formats of runs.
pub const RUNS: [&dyn Exporter<[Judged]>; 17] = [
    &Terminal,
    &ci::Markdown,
    &data::Json,
    &data::SummaryCsv,
    &data::Hgrm,
    &data::OpenMetrics,
    &data::Benchmark,
    &data::Trace,
    &data::Otlp,
    &html::Html,
    &failures::FailuresCsv,
    &failures::FailuresTxt,
    &ci::Junit,
    &ci::Github,
    &failures::Matrix,
    &screen::SummaryTxt,
    &screen::JobsTxt,
];

/// The formats of a gate.
pub const GATE: [&dyn Exporter<GateReport>; 6] = [
    &compared::PageScreen,
    &compared::PageMarkdown,
    &compared::PageJson,
    &compared::PageHtml,
    &compared::PageJunit,
    &compared::PageGithub,
];

/// The formats of what two baselines differ in.
pub const DIFFERENCE: [&dyn Exporter<Difference>; 2] =
    [&compared::PageScreen, &compared::PageMarkdown];

/// The formats of a comparison.
pub const COMPARISON: [&dyn Exporter<Comparison>; 6] = [
    &compared::PageScreen,
    &compared::PageMarkdown,
    &compared::PageJson,
    &compared::PageHtml,
    &compared::PageJunit,
    &compared::PageGithub,
];

/// The formats of a history.
pub const HISTORY: [&dyn Exporter<History>; 3] =
    [&history::HistoryScreen, &history::HistoryJson, &history::HistoryCsv];

/// The formats of a list of claims.
pub const CLAIMS: [&dyn Exporter<[Claim]>; 3] =
    [&claims::ClaimsText, &claims::ClaimsCsv, &claims::ClaimsMarkdown];

/// The formats of a report card.
pub const CARD: [&dyn Exporter<Card>; 4] =
    [&card::CardText, &card::CardMarkdown, &card::CardHtml, &card::CardJson];

#[cfg(test)]
mod tests;

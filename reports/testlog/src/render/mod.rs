//! Why tests failed, one file for each kind of page.
//!
//! Invariant: every failure is in every format that lists failures; text from outside is escaped
//! on its way in.

pub mod csv;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod matrix;
pub mod runs;
pub mod text;
pub mod txt;

use crate::triage::Finding;
use crate::{Case, Phase, Status};

/// What happened, in two or three words.
fn status_words(case: &Case) -> &'static str {
    match (case.status, case.phase) {
        (Status::Error, Phase::Collection) => "error in collection",
        (Status::Error, Phase::Setup) => "error in setup",
        (Status::Error, Phase::Teardown) => "error in teardown",
        (Status::SubtestFailed, _) => "failed (part)",
        (status, _) => status.name(),
    }
}

/// The rule that decided, or a dash.
fn rule<'a>(finding: &'a Finding<'_>) -> &'a str {
    finding.rule.as_deref().unwrap_or("—")
}

/// Where in the code.
fn place(case: &Case) -> String {
    case.location.as_ref().map_or_else(String::new, |at| format!("{}:{}", at.file, at.line))
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests;

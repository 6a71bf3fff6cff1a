//! Words that several pages share: what happened to a test, where, and by which rule.

use crate::triage::Finding;
use crate::{Case, Phase, Status};

/// What happened, in two or three words.
pub(super) fn status_words(case: &Case) -> &'static str {
    match (case.status, case.phase) {
        (Status::Error, Phase::Collection) => "error in collection",
        (Status::Error, Phase::Setup) => "error in setup",
        (Status::Error, Phase::Teardown) => "error in teardown",
        (Status::SubtestFailed, _) => "failed (part)",
        (status, _) => status.name(),
    }
}

/// The rule that decided, or a dash.
pub(super) fn rule<'a>(finding: &'a Finding<'_>) -> &'a str {
    finding.rule.as_deref().unwrap_or("—")
}

/// Where in the code.
pub(super) fn place(case: &Case) -> String {
    case.location.as_ref().map_or_else(String::new, |at| format!("{}:{}", at.file, at.line))
}

/// The first line of a text that may have none.
pub(super) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

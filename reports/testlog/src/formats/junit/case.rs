//! One test case of a JUnit file, from its element to a report.

use crate::rust::panic;
use crate::{Capture, Case, NodeId, Phase, Status, pytest};

/// What is known about the test case that is open.
#[derive(Debug, Default)]
pub(super) struct Open {
    pub(super) class: String,
    pub(super) name: String,
    pub(super) file: String,
    pub(super) duration_ms: Option<u64>,
    /// What went wrong, each with its message, type and text.
    pub(super) failures: Vec<Failure>,
    pub(super) skipped: Option<bool>,
    /// Attempts that were followed by another one.
    pub(super) retried: u32,
    pub(super) out: Vec<Capture>,
}

#[derive(Debug, Default)]
pub(super) struct Failure {
    pub(super) error: bool,
    pub(super) message: String,
    pub(super) kind: Option<String>,
    pub(super) text: String,
}

pub(super) fn named(open: &Open, full: String, status: Status) -> Case {
    let (name, params) = match open.name.find('[') {
        Some(at) if at > 0 && open.name.ends_with(']') => {
            (&open.name[..at], Some(open.name[at + 1..open.name.len() - 1].to_owned()))
        }
        _ => (open.name.as_str(), None),
    };
    let (file, class, name) = (open.file.clone(), open.class.clone(), name.to_owned());
    let mut case = Case::new(NodeId { full, file, class, name, params }, status, Phase::Call);
    case.duration_ms = open.duration_ms;
    case.attempts = 1 + open.retried;
    case.captured.clone_from(&open.out);
    case
}

pub(super) fn explain(case: &mut Case, failure: &Failure) {
    let message = &failure.message;
    case.phase = match message.as_str() {
        "collection failure" => Phase::Collection,
        text if text.starts_with("failed on setup") => Phase::Setup,
        text if text.starts_with("failed on teardown") => Phase::Teardown,
        _ => Phase::Call,
    };
    if failure.text.contains("' panicked at ") || failure.text.contains(") panicked at ") {
        // A Rust test: the message attribute holds the place only.
        let captured = std::mem::take(&mut case.captured);
        panic::explain(case, &failure.text);
        case.captured = captured;
        return;
    }
    // pytest wraps the exception's text: `failed on setup with "OSError: x"`.
    let inner = message.split_once(" with \"").and_then(|(_, text)| text.strip_suffix('"'));
    let body = pytest::explain(&failure.text);
    case.message = match (inner, case.phase) {
        (_, Phase::Collection) => body.message,
        (Some(inner), Phase::Setup | Phase::Teardown) => inner.to_owned(),
        _ if message.is_empty() => body.message,
        _ => message.clone(),
    };
    case.location = body.location;
    case.exception = pytest::exception(&case.message)
        .map(str::to_owned)
        .or_else(|| failure.kind.clone())
        .or(body.exception);
}

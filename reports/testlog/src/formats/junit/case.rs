//! One test case of a JUnit file, from its element to a report.

use crate::bytes::{self, lossy};
use crate::rust::panic;
use crate::{Capture, Case, NodeId, Phase, Status, pytest};

/// What is known about the test case that is open.
#[derive(Debug, Default)]
pub(super) struct Open {
    pub(super) class: Vec<u8>,
    pub(super) name: Vec<u8>,
    pub(super) file: Vec<u8>,
    /// The seconds that it took, as they are written.
    pub(super) time: Vec<u8>,
    /// What went wrong, each with its message, type and text.
    pub(super) failures: Vec<Failure>,
    pub(super) skipped: Option<bool>,
    /// Attempts that were followed by another one.
    pub(super) retried: u32,
    pub(super) out: Vec<Capture>,
}

impl Open {
    /// Forgets everything, but not the room that it took: another case follows.
    pub(super) fn clear(&mut self) {
        for text in [&mut self.class, &mut self.name, &mut self.file, &mut self.time] {
            text.clear();
        }
        self.failures.clear();
        self.out.clear();
        (self.skipped, self.retried) = (None, 0);
    }
}

#[derive(Debug, Default)]
pub(super) struct Failure {
    pub(super) error: bool,
    pub(super) message: String,
    pub(super) kind: Option<String>,
    pub(super) text: String,
}

pub(super) fn named(open: &Open, full: &[u8], status: Status) -> Case {
    let (full, name) = (lossy(full), lossy(&open.name));
    let (name, params) = match name.find('[') {
        Some(at) if at > 0 && name.ends_with(']') => {
            (&name[..at], Some(name[at + 1..name.len() - 1].to_owned()))
        }
        _ => (name.as_str(), None),
    };
    let (file, class, name) = (lossy(&open.file), lossy(&open.class), name.to_owned());
    let mut case = Case::new(NodeId { full, file, class, name, params }, status, Phase::Call);
    case.duration_ms = std::str::from_utf8(&open.time).ok().and_then(bytes::seconds);
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

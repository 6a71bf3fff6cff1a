//! What broke a run before any test could: it is a failure like any other, and has a cause.

use crate::{Case, NodeId, Phase, Status, TestRun};

/// The failure that a whole run is; none where a test says better what broke.
pub(super) fn failure(run: &TestRun) -> Option<Case> {
    let said = run.session_error.as_ref()?;
    if run.failures().next().is_some() {
        return None;
    }
    let title = run.title.clone().unwrap_or_else(|| format!("the run of {}", run.runner.name()));
    let id = NodeId { full: title.clone(), file: title, ..NodeId::default() };
    let mut case = Case::new(id, Status::Error, Phase::Collection);
    case.message.clone_from(said);
    Some(case)
}

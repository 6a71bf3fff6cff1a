//! What the routes of the admin API share: the mock that they are about.

use std::sync::Arc;

use axum::extract::State;

use crate::mock::MockClaude;

/// Why some switches do nothing here.
pub(super) const OF_PROXY: &str =
    "a proxy has no limits and no latency of its own; its faults can be changed";

/// What the routes share.
#[derive(Debug)]
pub(super) struct Admin {
    pub(super) mock: MockClaude,
}

/// The same, as a handler takes it.
pub(super) type Shared = State<Arc<Admin>>;

//! The room that all suites of one log share.

/// The bytes that are left for all suites: of failures, of the ids of what did not fail, and of
/// tests that run, which must never want room because others failed.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) failures: usize,
    pub(super) quiet: usize,
    pub(super) running: usize,
}

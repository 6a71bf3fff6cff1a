//! What the routes answer from: the mock, and what they keep between requests. Every part of it has
//! a named limit.

use std::sync::Arc;

use super::{batches, files};
use crate::exchange::core::Core;

/// What the routes answer from.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) core: Arc<Core>,
    pub(crate) batches: batches::store::Batches,
    pub(crate) files: files::store::Files,
}

impl Stored {
    /// Nothing kept yet.
    pub(crate) fn new(core: Arc<Core>) -> Self {
        let (batches, files) = Default::default();
        Self { core, batches, files }
    }
}

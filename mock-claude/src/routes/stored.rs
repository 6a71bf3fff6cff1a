//! What the routes answer from: the mock, and what they keep between requests. Every part of it has
//! a named limit.

use std::sync::Arc;

use super::batches::rate::BatchRate;
use super::batches::store::Batches;
use super::files::store::Files;
use crate::exchange::core::Core;

/// What the routes answer from.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) core: Arc<Core>,
    pub(crate) batches: Batches,
    pub(crate) batch_rate: BatchRate,
    pub(crate) files: Files,
}

impl Stored {
    /// Nothing kept yet.
    pub(crate) fn new(core: Arc<Core>) -> Self {
        let batch_rate = BatchRate::of(&core.config);
        Self { core, batches: Batches::default(), batch_rate, files: Files::default() }
    }
}

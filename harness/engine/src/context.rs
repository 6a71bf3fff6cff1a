//! What the stages of one pipeline share while it runs.

use std::sync::Arc;

use mock_claude::internals::chance::Chance;
use reports::record::PipelineName;

use crate::admission::Admission;
use crate::cache::Cache;
use crate::chunk::Cuts;
use crate::client::Client;
use crate::outside::{Bills, Kept, RunClock, Sink};
use crate::preset::Preset;

/// What the stages of one pipeline share while it runs.
#[derive(Debug)]
pub struct Context {
    /// The pipeline's name in the records.
    pub name: PipelineName,
    /// Its stages.
    pub preset: Preset,
    /// Its connection to the API.
    pub client: Client,
    /// What every call passes before it is sent.
    pub admission: Admission,
    /// What it leaves to chance.
    pub chance: Chance,
    /// Its cache, where that stage is on.
    pub cache: Option<Cache>,
    /// Where texts were cut, for all pipelines that may meet the same ones.
    pub cuts: Arc<Cuts>,
    /// The answers that outlive a crash, where that stage is on.
    pub kept: Option<Box<dyn Kept>>,
    /// What every tag begins with, so that no two lives of a run share one.
    pub tags: String,
    /// Whether the documentation itself is wanted, and not only how it was made.
    pub wants_documentation: bool,
    /// What its requests were charged.
    pub bills: Arc<dyn Bills>,
    /// Where records go.
    pub sink: Arc<dyn Sink>,
    /// The run's time.
    pub clock: RunClock,
}

//! The schedule stage: how much of a pipeline's work goes on at once.

use std::num::NonZeroUsize;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `[schedule]` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleConfig {
    /// Calls at once in one invocation of the pipeline; with a batch, files at once too.
    #[schemars(range(min = 1, max = 100_000))]
    pub workers: NonZeroUsize,
}

//! The schedule stage: how much of a pipeline's work goes on at once, and how fast it is sent.

use std::num::NonZeroUsize;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::silent::is_default;
use crate::admission::adaptive::AdaptivePolicy;
use crate::admission::pacing::PacingPolicy;

/// The `[schedule]` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleConfig {
    /// Parts of files at once in one invocation of the pipeline; with a batch, files at once too.
    #[schemars(range(min = 1, max = 100_000))]
    pub workers: NonZeroUsize,
    /// Who shares the workers. Limits, budget and breaker are always those of the whole pipeline.
    #[serde(default, skip_serializing_if = "is_default")]
    pub scope: Scope,
    /// How many calls are under way at once.
    #[serde(default, skip_serializing_if = "is_default")]
    pub adaptive: AdaptivePolicy,
    /// How fast calls are sent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub pacing: PacingPolicy,
}

impl ScheduleConfig {
    /// Workers of one invocation.
    pub const fn at_once(&self) -> NonZeroUsize {
        self.workers
    }

    /// A permit for each worker.
    pub fn permits(&self) -> Semaphore {
        Semaphore::new(self.at_once().get())
    }
}

/// Who shares the workers of a pipeline.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Each invocation has workers of its own, as functions in a cloud have: a job that arrives
    /// begins at once.
    #[default]
    Invocation,
    /// All jobs share one set of workers, as in one process with a queue before it.
    Pipeline,
}

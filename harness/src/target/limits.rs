//! The `[limits]` section of a target's file: what a job may take where the scenario names no
//! platform.

use std::num::NonZeroU64;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a job may take. A scenario's `[platform]` takes its place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    /// Seconds after which a job is killed, with everything that it started.
    #[serde(default)]
    pub time_s: Option<NonZeroU64>,
    /// Megabytes of resident memory that a job's processes may hold together.
    #[serde(default)]
    pub memory_mb: Option<NonZeroU64>,
}

impl LimitsConfig {
    /// How long a job may take.
    pub(super) fn job_time(&self) -> Option<Duration> {
        self.time_s.map(|seconds| Duration::from_secs(seconds.get()))
    }

    /// Whether there is any limit.
    pub(super) const fn any(&self) -> bool {
        self.time_s.is_some() || self.memory_mb.is_some()
    }
}

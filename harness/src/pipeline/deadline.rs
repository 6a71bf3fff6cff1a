//! How long anything may take.

use std::num::NonZeroU64;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `[deadline]` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadlineConfig {
    /// Milliseconds for one call; no limit without it.
    #[serde(default)]
    pub call_ms: Option<NonZeroU64>,
    /// Milliseconds for one part of a file: all attempts, the waits between them and the wait in
    /// line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_ms: Option<NonZeroU64>,
    /// Milliseconds for one file, all calls and waits included: the platform's own limit.
    #[serde(default)]
    pub job_ms: Option<NonZeroU64>,
}

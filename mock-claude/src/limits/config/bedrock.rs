//! The `[limits.bedrock]` section: the quotas of requests that come by way of Bedrock.

use std::num::NonZeroU64;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What one output token counts, for Claude from 3.7 on.
const OUTPUT_WEIGHT: NonZeroU64 = NonZeroU64::new(5).expect("5 is not 0");

/// The `[limits.bedrock]` section. A quota that is not given does not exist; each holds for one
/// model of one account. Without the section, the limits of the API hold for Bedrock too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BedrockConfig {
    /// Requests a minute.
    pub requests_per_minute: Option<NonZeroU64>,
    /// Tokens a minute, input and output together. A request takes its input and `max_tokens` when
    /// it begins, and gets back what it did not use when it is answered.
    pub tokens_per_minute: Option<NonZeroU64>,
    /// What one output token counts in the end: 5 unless given.
    pub output_weight: NonZeroU64,
}

impl Default for BedrockConfig {
    fn default() -> Self {
        Self { requests_per_minute: None, tokens_per_minute: None, output_weight: OUTPUT_WEIGHT }
    }
}

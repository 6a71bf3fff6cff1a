//! What is sent: the model, the prompt, and by which way.

use std::num::{NonZeroU32, NonZeroU64};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::silent::is_default;

/// The `[request]` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestConfig {
    /// The model's id.
    pub model: String,
    /// The most tokens that the answer may have.
    pub max_tokens: NonZeroU32,
    /// Whether the answer is read as server-sent events.
    #[serde(default)]
    pub stream: bool,
    /// By which way it is sent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mode: Mode,
    /// Milliseconds between two questions after a batch; a minute unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll_ms: Option<NonZeroU64>,
    /// Whether the API is asked to keep what stands before the first placeholder, so that the next
    /// call reads it for a tenth of the price. It has to be long enough for the model.
    #[serde(default, skip_serializing_if = "is_default")]
    pub prompt_caching: bool,
    /// The prompt; `{path}` and `{code}` stand for the file and its text, `{language}` for the name
    /// of its language.
    pub prompt: String,
}

/// By which way requests are sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// As messages, which are answered at once.
    #[default]
    Message,
    /// By Amazon Bedrock, whose quota takes `max_tokens` when a request begins.
    Bedrock,
    /// As message batches, which are answered within a day, at half the price.
    Batch,
}

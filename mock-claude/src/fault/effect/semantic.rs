//! What a semantic fault does: everything about the reply is in order, except what it says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::error::{self, ApiError};

/// What is wrong with what a reply says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schemars(rename = "SemanticTrouble")]
pub enum SemanticEffect {
    /// It stops with `max_tokens`, although more was allowed.
    Truncated {
        /// After this many tokens.
        after_tokens: u64,
    },
    /// It stops with `refusal`.
    Refusal {
        /// After this many tokens; without it, before the first.
        #[serde(default)]
        after_tokens: u64,
        /// The `category` in `stop_details`, for example `cyber`; null without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        category: Option<String>,
        /// The `explanation` in `stop_details`; null without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        explanation: Option<String>,
    },
    /// It stops with `pause_turn`, as a long turn with server tools does: sent again as it is, it
    /// goes on.
    PauseTurn {
        /// After this many tokens.
        after_tokens: u64,
    },
    /// It comes from another model than the one that was asked.
    WrongModel {
        /// The model that it names.
        model: String,
    },
    /// Its output tokens do not add up with what it wrote and what was charged.
    WrongUsage {
        /// How many output tokens it reports, in hundredths of the true number.
        output_percent: u32,
    },
    /// An error's body under status 200.
    ErrorBody {
        /// The status whose error it is.
        #[serde(default = "overloaded")]
        #[schemars(range(min = 400, max = 599))]
        status: u16,
    },
}

const fn overloaded() -> u16 {
    529
}

impl SemanticEffect {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Truncated { .. } => "semantic_truncated",
            Self::Refusal { .. } => "semantic_refusal",
            Self::PauseTurn { .. } => "semantic_pause_turn",
            Self::WrongModel { .. } => "semantic_wrong_model",
            Self::WrongUsage { .. } => "semantic_wrong_usage",
            Self::ErrorBody { .. } => "semantic_error_body",
        }
    }

    /// The most tokens that the model writes under this fault; what it writes is charged.
    pub(crate) const fn most_tokens(&self) -> Option<u64> {
        match self {
            Self::Truncated { after_tokens }
            | Self::Refusal { after_tokens, .. }
            | Self::PauseTurn { after_tokens } => Some(*after_tokens),
            _ => None,
        }
    }

    /// The error that takes the place of the reply.
    pub(crate) fn error(&self) -> Option<ApiError> {
        match self {
            Self::ErrorBody { status } => Some(error::injected(*status)),
            _ => None,
        }
    }

    /// Changes a message, or an event of a streamed one.
    pub(super) fn edit(&self, value: &mut Value) {
        let inner = match value["type"].as_str() {
            Some("message_start") => &mut value["message"],
            Some("message" | "message_delta") => value,
            _ => return,
        };
        match self {
            Self::WrongModel { model } if inner.get("model").is_some() => {
                inner["model"] = json!(model);
            }
            Self::WrongUsage { output_percent } => {
                if let Some(tokens) = inner["usage"]["output_tokens"].as_u64() {
                    let wrong = tokens.saturating_mul(u64::from(*output_percent)) / 100;
                    inner["usage"]["output_tokens"] = json!(wrong);
                }
            }
            Self::Refusal { category, explanation, .. } => {
                let details = json!({
                    "type": "refusal",
                    "category": category,
                    "explanation": explanation,
                });
                if let Some(stopped) = set_stop_reason(inner, "refusal") {
                    stopped["stop_details"] = details;
                }
                let empty = json!([{"type": "text", "text": ""}]);
                if inner.get("content") == Some(&empty) {
                    inner["content"] = json!([]);
                }
            }
            Self::PauseTurn { .. } => {
                set_stop_reason(inner, "pause_turn");
            }
            _ => {}
        }
    }
}

/// Sets the reason where there is one, in a message or in the delta of one, and gives what has it:
/// a message that has only begun has none.
fn set_stop_reason<'a>(inner: &'a mut Value, reason: &str) -> Option<&'a mut Value> {
    let stopped = if inner.get("delta").is_some() { &mut inner["delta"] } else { inner };
    let place = stopped.get_mut("stop_reason").filter(|place| place.is_string())?;
    *place = json!(reason);
    Some(stopped)
}

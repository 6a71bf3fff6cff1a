//! The `thinking` field: which kinds a model takes, and whether this answer begins with thought.

use serde_json::Value;

use super::fields::{missing, one_of, wrong_type};
use super::rules::{Purpose, Rules};
use crate::api::error::ApiError;
use crate::api::generation::Generation;

/// How much the model is to think before it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thinking {
    /// Not at all.
    Off,
    /// As much as it needs.
    Adaptive {
        /// Whether the text of the thought is left out.
        omitted: bool,
    },
    /// At most this many tokens.
    Enabled {
        /// The budget.
        budget_tokens: u64,
        /// Whether the text of the thought is left out.
        omitted: bool,
    },
    /// Only after a tool has answered.
    BetweenTools,
}

/// The smallest budget.
const MIN_BUDGET_TOKENS: u64 = 1024;

/// How much a model thinks that was not asked to.
pub(super) const fn unasked(generation: Generation) -> Thinking {
    if generation.thinks_unasked() { Thinking::Adaptive { omitted: true } } else { Thinking::Off }
}

/// Reads the field.
pub(super) fn read(
    field: Option<&Value>,
    max_tokens: u64,
    generation: Generation,
    rules: Rules,
) -> Result<Thinking, ApiError> {
    let fields = match field {
        None | Some(Value::Null) => return Ok(unasked(generation)),
        Some(Value::Object(fields)) => fields,
        Some(_) => return Err(wrong_type("thinking", "dictionary")),
    };
    let kinds = ["adaptive", "enabled", "disabled", "between_tools"];
    let kind = fields.get("type").ok_or_else(|| missing("thinking.type"))?;
    let kind = one_of("thinking.type", kind, &kinds)?;
    let omitted = match fields.get("display") {
        None | Some(Value::Null) => false,
        Some(display) => {
            let displays = ["summarized", "omitted", "updates"];
            one_of("thinking.display", display, &displays)? == "omitted"
        }
    };
    if !rules.contract {
        check_model(kind, generation)?;
    }
    Ok(match kind {
        "adaptive" => Thinking::Adaptive { omitted },
        "between_tools" => Thinking::BetweenTools,
        "disabled" => Thinking::Off,
        _ => {
            let budget_tokens = budget(fields.get("budget_tokens"), max_tokens, rules)?;
            Thinking::Enabled { budget_tokens, omitted }
        }
    })
}

fn budget(field: Option<&Value>, max_tokens: u64, rules: Rules) -> Result<u64, ApiError> {
    const PLACE: &str = "thinking.enabled.budget_tokens";
    let budget = field.ok_or_else(|| missing(PLACE))?;
    let budget = budget.as_i64().ok_or_else(|| wrong_type(PLACE, "integer"))?;
    let budget = u64::try_from(budget).unwrap_or(0);
    if budget < MIN_BUDGET_TOKENS {
        return Err(ApiError::invalid_request(format!(
            "{PLACE}: Input should be greater than or equal to {MIN_BUDGET_TOKENS}"
        )));
    }
    if rules.purpose == Purpose::Reply && budget >= max_tokens {
        return Err(ApiError::invalid_request(
            "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our \
             documentation at \
             https://docs.claude.com/en/docs/build-with-claude/extended-thinking\
             #max-tokens-and-context-window-size",
        ));
    }
    Ok(budget)
}

fn check_model(kind: &str, generation: Generation) -> Result<(), ApiError> {
    let message = match kind {
        "enabled" if generation.refuses_enabled() => {
            "\"thinking.type.enabled\" is not supported for this model. Use \
             \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking behavior."
        }
        "adaptive" if generation.refuses_adaptive() => {
            "adaptive thinking is not supported on this model"
        }
        "between_tools" if generation.refuses_between_tools() => {
            "\"thinking.type.between_tools\" is not supported for this model. Use \
             \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking behavior."
        }
        // Where there is another way not to think, the API names it; its words are not known.
        "disabled" if generation.refuses_disabled() && !generation.refuses_between_tools() => {
            "\"thinking.type.disabled\" is not supported for this model. Use \
             \"thinking.type.between_tools\" to turn thinking off."
        }
        "disabled" if generation.refuses_disabled() => {
            "\"thinking.type.disabled\" is not supported for this model. Use \
             \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking behavior."
        }
        _ => return Ok(()),
    };
    Err(ApiError::invalid_request(message))
}

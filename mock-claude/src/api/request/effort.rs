//! `output_config.effort`: which levels there are, and which of them a model takes.

use serde_json::Value;

use super::fields::{not_null, one_of};
use super::rules::Rules;
use super::thinking::Thinking;
use crate::api::error::ApiError;
use crate::api::generation::Generation;

/// Every level, the least first.
const LEVELS: [&str; 5] = ["low", "medium", "high", "xhigh", "max"];

/// The level in an `output_config`, where it gives one.
pub(super) fn read(
    output_config: Option<&Value>,
    place: &str,
    rules: Rules,
) -> Result<Option<String>, ApiError> {
    let effort = output_config.and_then(|output| output.get("effort")).filter(not_null);
    if rules.contract {
        return Ok(effort.and_then(Value::as_str).map(str::to_owned));
    }
    let level = effort.map(|effort| one_of(&format!("{place}.effort"), effort, &LEVELS));
    Ok(level.transpose()?.map(str::to_owned))
}

/// Refuses a level that the model does not have.
pub(super) fn check(
    level: &str,
    thinking: Thinking,
    generation: Generation,
) -> Result<(), ApiError> {
    if !generation.takes_effort() {
        let message = "This model does not support the effort parameter.";
        return Err(ApiError::invalid_request(message));
    }
    let is_off = matches!(thinking, Thinking::Off | Thinking::BetweenTools);
    if matches!(level, "xhigh" | "max") && is_off && generation.bounds_effort_without_thought() {
        return Err(ApiError::invalid_request(format!(
            "output_config.effort '{level}' is not supported when thinking is disabled on this \
             model. Use effort 'high' or below, or enable thinking."
        )));
    }
    Ok(())
}

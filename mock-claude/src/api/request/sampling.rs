//! The sampling parameters: their ranges, and which models take them together with what.
//!
//! Models from 4.7 on sample by themselves: only the default is taken. Before that, a model that
//! thinks wants its own sampling, and any other takes `temperature` or `top_p`, not both.

use serde_json::{Map, Value};

use super::fields::wrong_type;
use super::thinking::Thinking;
use crate::api::error::ApiError;
use crate::api::generation::Generation;

/// The smallest `top_p` of a model that thinks.
const LEAST_TOP_P_THINKING: f64 = 0.95;

/// What a request gives.
struct Given {
    temperature: Option<f64>,
    top_p: Option<f64>,
    top_k: Option<u64>,
}

/// Checks the parameters themselves, then against the thinking and the model.
pub(super) fn check(
    fields: &Map<String, Value>,
    thinking: Thinking,
    generation: Generation,
) -> Result<(), ApiError> {
    let given = Given {
        temperature: share(fields, "temperature")?,
        top_p: share(fields, "top_p")?,
        top_k: count(fields, "top_k")?,
    };
    let asked = fields.get("thinking").is_some_and(|thinking| !thinking.is_null());
    if asked && matches!(thinking, Thinking::Enabled { .. } | Thinking::Adaptive { .. }) {
        check_thinking(&given)?;
    }
    if generation.refuses_sampling() {
        return check_default(&given);
    }
    if given.temperature.is_some() && given.top_p.is_some() {
        return Err(ApiError::invalid_request(
            "`temperature` and `top_p` cannot both be specified for this model. Please use only \
             one.",
        ));
    }
    Ok(())
}

fn check_thinking(given: &Given) -> Result<(), ApiError> {
    let rule = if given.temperature.is_some_and(|value| !is_one(value)) {
        "`temperature` may only be set to 1"
    } else if given.top_p.is_some_and(|value| value < LEAST_TOP_P_THINKING) {
        "`top_p` must be greater than or equal to 0.95 or unset"
    } else if given.top_k.is_some() {
        "`top_k` must be unset"
    } else {
        return Ok(());
    };
    Err(ApiError::invalid_request(format!(
        "{rule} when thinking is enabled or in adaptive mode. Please consult our documentation at \
         https://platform.claude.com/docs/en/build-with-claude/extended-thinking"
    )))
}

fn check_default(given: &Given) -> Result<(), ApiError> {
    let name = if given.temperature.is_some_and(|value| !is_one(value)) {
        "temperature"
    } else if given.top_p.is_some_and(|value| !is_one(value)) {
        "top_p"
    } else if given.top_k.is_some() {
        "top_k"
    } else {
        return Ok(());
    };
    Err(ApiError::invalid_request(format!("`{name}` is deprecated for this model.")))
}

/// Whether a parameter is the default of 1.
pub(super) fn is_one(value: f64) -> bool {
    (value - 1.0).abs() < f64::EPSILON
}

fn share(fields: &Map<String, Value>, name: &str) -> Result<Option<f64>, ApiError> {
    let value = match fields.get(name).map(Value::as_f64) {
        None => return Ok(None),
        Some(value) => value.ok_or_else(|| wrong_type(name, "number"))?,
    };
    let bound = if value < 0.0 {
        "greater than or equal to 0"
    } else if value > 1.0 {
        "less than or equal to 1"
    } else {
        return Ok(Some(value));
    };
    Err(ApiError::invalid_request(format!("{name}: Input should be {bound}")))
}

fn count(fields: &Map<String, Value>, name: &str) -> Result<Option<u64>, ApiError> {
    match fields.get(name) {
        None => Ok(None),
        Some(value) if value.as_i64().is_some_and(|value| value < 0) => {
            let message = format!("{name}: Input should be greater than or equal to 0");
            Err(ApiError::invalid_request(message))
        }
        Some(value) => value.as_u64().map(Some).ok_or_else(|| wrong_type(name, "integer")),
    }
}

//! The fields other than the conversation: which names there are, by version and purpose, and what
//! each may hold.
//!
//! The refusals are in the words of the API's own validator, which names the place first.

use std::fmt::Display;

use serde_json::{Map, Value};

use super::rules::{Purpose, Rules, Version};
use crate::api::error::ApiError;

/// Fields of both messages and `count_tokens`.
const COMMON_FIELDS: [&str; 9] = [
    "cache_control",
    "messages",
    "model",
    "output_config",
    "speed",
    "system",
    "thinking",
    "tool_choice",
    "tools",
];

/// Fields of messages alone.
const REPLY_FIELDS: [&str; 8] = [
    "container",
    "diagnostics",
    "inference_geo",
    "max_tokens",
    "metadata",
    "service_tier",
    "stop_sequences",
    "stream",
];

/// Fields that want an `anthropic-beta` header.
const BETA_FIELDS: [&str; 9] = [
    "billing_policy",
    "compaction",
    "context_management",
    "fallback_credit_token",
    "fallbacks",
    "mcp_servers",
    "output_format",
    "thread",
    "user_profile_id",
];

/// Fields that version 2026-10-21 no longer has.
const SAMPLING_FIELDS: [&str; 3] = ["temperature", "top_k", "top_p"];

/// The longest `metadata.user_id`, in characters.
const MAX_USER_ID: usize = 256;

/// Stop sequences in one request, at most: more would make an answer a search of its own.
const MAX_STOP_SEQUENCES: usize = 8_192;

/// Checks every name, and every value that no other module looks at.
pub(super) fn check(fields: &Map<String, Value>, rules: Rules) -> Result<(), ApiError> {
    if rules.contract {
        return Ok(());
    }
    check_names(fields, rules)?;
    enumerated(fields, "service_tier", &["auto", "standard_only"])?;
    enumerated(fields, "speed", &["standard", "fast"])?;
    enumerated(fields, "inference_geo", &["global", "us"])?;
    for name in ["metadata", "output_config", "context_management", "diagnostics"] {
        match fields.get(name) {
            None | Some(Value::Null | Value::Object(_)) => {}
            Some(_) => return Err(wrong_type(name, "dictionary")),
        }
    }
    check_metadata(fields.get("metadata"))?;
    Ok(())
}

fn check_names(fields: &Map<String, Value>, rules: Rules) -> Result<(), ApiError> {
    for name in fields.keys().map(String::as_str) {
        let reply = rules.purpose == Purpose::Reply;
        let known = COMMON_FIELDS.contains(&name)
            || (reply && REPLY_FIELDS.contains(&name))
            || (reply && rules.version == Version::V2023 && SAMPLING_FIELDS.contains(&name))
            || (rules.beta && BETA_FIELDS.contains(&name));
        if !known {
            return Err(extra(name));
        }
    }
    Ok(())
}

fn check_metadata(metadata: Option<&Value>) -> Result<(), ApiError> {
    for (name, value) in metadata.and_then(Value::as_object).into_iter().flatten() {
        match (name.as_str(), value) {
            ("user_id", Value::String(id)) if id.chars().count() > MAX_USER_ID => {
                return Err(ApiError::invalid_request(format!(
                    "metadata.user_id: String should have at most {MAX_USER_ID} characters"
                )));
            }
            ("user_id", Value::String(_) | Value::Null) => {}
            ("user_id", _) => return Err(wrong_type("metadata.user_id", "string")),
            _ => return Err(extra(format_args!("metadata.{name}"))),
        }
    }
    Ok(())
}

/// The sequences at which the answer ends.
pub(super) fn stop_sequences(field: Option<&Value>) -> Result<Vec<String>, ApiError> {
    let list = match field {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(wrong_type("stop_sequences", "list")),
    };
    if list.len() > MAX_STOP_SEQUENCES {
        return Err(ApiError::invalid_request(format!(
            "stop_sequences: List should have at most {MAX_STOP_SEQUENCES} items after validation"
        )));
    }
    let mut sequences = Vec::with_capacity(list.len());
    for (index, sequence) in list.iter().enumerate() {
        match sequence {
            Value::String(text) if text.trim().is_empty() => {
                return Err(ApiError::invalid_request(
                    "stop_sequences: each stop sequence must contain non-whitespace",
                ));
            }
            Value::String(text) => sequences.push(text.clone()),
            _ => return Err(wrong_type(format_args!("stop_sequences.{index}"), "string")),
        }
    }
    Ok(sequences)
}

/// The schema that the answer has to satisfy, if there is one.
pub(super) fn format(fields: &Map<String, Value>, rules: Rules) -> Result<Option<Value>, ApiError> {
    const PLACE: &str = "output_config.format";
    let format = fields.get("output_config").and_then(|output| output.get("format"));
    let format = format.filter(not_null).or_else(|| fields.get("output_format").filter(not_null));
    let format = match format {
        None => return Ok(None),
        Some(Value::Object(format)) => format,
        Some(_) => return Err(wrong_type(PLACE, "dictionary")),
    };
    let kind = format.get("type").ok_or_else(|| missing(format_args!("{PLACE}.type")))?;
    one_of(&format!("{PLACE}.type"), kind, &["json_schema"])?;
    match format.get("schema") {
        Some(schema @ Value::Object(_)) => Ok(Some(schema.clone())),
        Some(schema) if rules.contract => Ok(Some(schema.clone())),
        Some(_) => Err(wrong_type(format_args!("{PLACE}.schema"), "dictionary")),
        None => Err(missing(format_args!("{PLACE}.schema"))),
    }
}

/// A field that is true or false, false unless given.
pub(super) fn flag(fields: &Map<String, Value>, name: &str) -> Result<bool, ApiError> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(wrong_type(name, "boolean")),
    }
}

/// A field that must be there and be a string.
pub(super) fn string<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a str, ApiError> {
    match fields.get(name) {
        Some(Value::String(string)) => Ok(string),
        Some(_) => Err(wrong_type(name, "string")),
        None => Err(missing(name)),
    }
}

fn enumerated(
    fields: &Map<String, Value>,
    name: &str,
    members: &[&'static str],
) -> Result<(), ApiError> {
    fields.get(name).filter(not_null).map_or(Ok(()), |value| one_of(name, value, members).map(drop))
}

/// The member of a closed list that a value is.
pub(super) fn one_of(
    place: &str,
    value: &Value,
    members: &[&'static str],
) -> Result<&'static str, ApiError> {
    let found = value.as_str().and_then(|text| members.iter().find(|member| **member == text));
    found.copied().ok_or_else(|| {
        let mut listed: Vec<String> = members.iter().map(|member| format!("'{member}'")).collect();
        let last = listed.pop().unwrap_or_default();
        let listed =
            if listed.is_empty() { last } else { format!("{} or {last}", listed.join(", ")) };
        ApiError::invalid_request(format!("{place}: Input should be {listed}"))
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that `Option::filter` wants")]
pub(super) fn not_null(value: &&Value) -> bool {
    !value.is_null()
}

pub(super) fn missing(place: impl Display) -> ApiError {
    ApiError::invalid_request(format!("{place}: Field required"))
}

pub(super) fn extra(place: impl Display) -> ApiError {
    ApiError::invalid_request(format!("{place}: Extra inputs are not permitted"))
}

pub(super) fn wrong_type(place: impl Display, wanted: &str) -> ApiError {
    ApiError::invalid_request(format!("{place}: Input should be a valid {wanted}"))
}

//! The roles of messages, the fields that a message of each has, and how the last one may end.

use std::fmt::Arguments;

use serde_json::{Map, Value};

use super::content::Checks;
use super::fields::{extra, missing, wrong_type};
use super::rules::Rules;
use crate::api::error::ApiError;

/// The beginning of an answer may not end in the middle of nothing.
pub(super) fn check_prefill(last: Option<&Value>) -> Result<(), ApiError> {
    let content = last.and_then(|message| message.get("content"));
    let block = content.and_then(Value::as_array).and_then(|blocks| blocks.last());
    let text = block.and_then(|block| block.get("text")).or(content).and_then(Value::as_str);
    if text.is_some_and(|text| text.ends_with(char::is_whitespace)) {
        return Err(ApiError::invalid_request(
            "messages: final assistant content cannot end with trailing whitespace",
        ));
    }
    Ok(())
}

/// The fields of a message. A beta may have some that are not listed anywhere.
pub(super) fn check_names(
    fields: &Map<String, Value>,
    role: &str,
    place: Arguments<'_>,
    rules: Rules,
) -> Result<(), ApiError> {
    let known = |name: &str| {
        matches!(name, "role" | "content")
            || (role == "system" && matches!(name, "output_config" | "clear_at"))
    };
    match fields.keys().find(|name| !known(name)).filter(|_| !rules.beta) {
        Some(unknown) => Err(extra(format_args!("{place}.{unknown}"))),
        None => Ok(()),
    }
}

pub(super) fn role(
    fields: &Map<String, Value>,
    index: usize,
    place: Arguments<'_>,
    Checks { generation, rules, .. }: Checks,
) -> Result<&'static str, ApiError> {
    let role = match fields.get("role") {
        Some(Value::String(role)) => role.as_str(),
        Some(_) => return Err(wrong_type(format_args!("{place}.role"), "string")),
        None => return Err(missing(format_args!("{place}.role"))),
    };
    let role = match role {
        "user" => "user",
        "assistant" => "assistant",
        "system" if index > 0 && generation.takes_system_turns() => "system",
        "system" => return Err(system_turn(index, rules)),
        _ => {
            return Err(ApiError::invalid_request(format!(
                "{place}.role: Input should be 'user' or 'assistant'"
            )));
        }
    };
    if index == 0 && role != "user" {
        let message = "messages: first message must use the \"user\" role";
        return Err(ApiError::invalid_request(message));
    }
    Ok(role)
}

/// The refusal of a system message: the API says that there is no such role until a beta asks for
/// it (anthropics/claude-agent-sdk-typescript#350), and then that the model has none
/// (anthropics/claude-code#61412).
fn system_turn(index: usize, rules: Rules) -> ApiError {
    let message = if rules.beta && index > 0 {
        "role 'system' is not supported on this model"
    } else {
        "messages: Unexpected role \"system\". The Messages API accepts a top-level `system` \
         parameter, not \"system\" as an input message role."
    };
    ApiError::invalid_request(message)
}

//! The blocks of messages: which kinds there are, who may send them, and what text may be.

use std::fmt::Arguments;

use serde_json::{Map, Value};

use super::fields::{extra, missing, wrong_type};
use super::rules::{Rules, Version};
use crate::api::error::ApiError;

/// The kinds of blocks that a message may hold, as the official Python SDK 2.14.0 has them.
const BLOCK_KINDS: [&str; 24] = [
    "text",
    "image",
    "document",
    "search_result",
    "thinking",
    "redacted_thinking",
    "tool_use",
    "tool_result",
    "server_tool_use",
    "web_search_tool_result",
    "web_fetch_tool_result",
    "code_execution_tool_result",
    "bash_code_execution_tool_result",
    "text_editor_code_execution_tool_result",
    "tool_search_tool_result",
    "container_upload",
    "mcp_tool_use",
    "mcp_tool_result",
    "compaction",
    "advisor_tool_result",
    "mcp_tool_listing",
    "fallback",
    "tool_addition",
    "tool_removal",
];

/// The fields of the commonest blocks, by the same SDK.
const FIELDS: [(&str, &[&str]); 3] = [
    ("text", &["cache_control", "citations", "text", "type"]),
    ("tool_use", &["cache_control", "caller", "id", "input", "name", "toolset_name", "type"]),
    (
        "tool_result",
        &["cache_control", "content", "is_error", "tool_use_id", "toolset_name", "type"],
    ),
];

/// Refuses a field that a block cannot have. A beta may have some that are not listed anywhere.
fn check_names(
    fields: &Map<String, Value>,
    kind: &str,
    place: Arguments<'_>,
    rules: Rules,
) -> Result<(), ApiError> {
    let known = FIELDS.iter().find(|(of, _)| *of == kind).filter(|_| !rules.beta);
    let Some((_, known)) = known else { return Ok(()) };
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(unknown) => Err(extra(format_args!("{place}.{kind}.{unknown}"))),
        None => Ok(()),
    }
}

/// Which blocks there are, who may send them, and what came with version 2026-10-21.
pub(super) fn check_kind(
    fields: &Map<String, Value>,
    kind: &str,
    role: &str,
    place: Arguments<'_>,
    rules: Rules,
) -> Result<(), ApiError> {
    if !BLOCK_KINDS.contains(&kind) {
        let expected = BLOCK_KINDS.map(|kind| format!("'{kind}'")).join(", ");
        return Err(ApiError::invalid_request(format!(
            "{place}: Input tag '{kind}' found using 'type' does not match any of the expected \
             tags: {expected}"
        )));
    }
    let is_change = matches!(kind, "tool_addition" | "tool_removal");
    if role == "system" && kind != "text" && !is_change {
        return Err(ApiError::invalid_request(format!("{place}.type: Input should be 'text'")));
    }
    let is_thought = matches!(kind, "thinking" | "redacted_thinking");
    if is_thought && fields.get("cache_control").is_some_and(|value| !value.is_null()) {
        return Err(ApiError::invalid_request(format!(
            "{place}.{kind}.cache_control: Extra inputs are not permitted"
        )));
    }
    if kind == "thinking" {
        for name in ["thinking", "signature"] {
            if !fields.get(name).is_some_and(Value::is_string) {
                return Err(missing(format_args!("{place}.thinking.{name}")));
            }
        }
    }
    check_names(fields, kind, place, rules)?;
    if rules.version == Version::V2023 {
        return Ok(());
    }
    if role == "assistant" && kind == "document" {
        return Err(ApiError::invalid_request(format!(
            "{place}: document blocks are not permitted in assistant messages"
        )));
    }
    let cites = fields.get("citations").and_then(Value::as_array);
    if role == "user" && kind == "text" && cites.is_some_and(|list| !list.is_empty()) {
        return Err(ApiError::invalid_request(format!(
            "{place}.citations: Extra inputs are not permitted"
        )));
    }
    Ok(())
}

pub(super) fn text_of<'a>(block: &'a Value, place: Arguments<'_>) -> Result<&'a str, ApiError> {
    match block.get("text") {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(wrong_type(format_args!("{place}.text"), "string")),
        None => Err(missing(format_args!("{place}.text"))),
    }
}

/// Text has to say something. `part` is `messages` or `system`, `place` the block's.
pub(super) fn check_text(
    text: &str,
    block: &Value,
    part: &str,
    place: Arguments<'_>,
) -> Result<(), ApiError> {
    if !text.trim_start().is_empty() {
        return Ok(());
    }
    let is_marked = block.get("cache_control").is_some_and(|control| !control.is_null());
    let message = match (text.is_empty(), is_marked) {
        (true, true) => format!("{place}: cache_control cannot be set for empty text blocks"),
        (true, false) => format!("{part}: text content blocks must be non-empty"),
        (false, _) => format!("{part}: text content blocks must contain non-whitespace text"),
    };
    Err(ApiError::invalid_request(message))
}

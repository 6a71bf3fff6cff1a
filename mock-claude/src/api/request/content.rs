//! The conversation: system, messages and their blocks, in order.
//!
//! Turns of the same role are one turn. Every call of a tool is answered in the turn after it, and
//! every answer has its call. What the last user turn asks and which tools it answers decides the
//! reply; the text of all messages is what the model reads.

use std::fmt::Arguments;
use std::ops::Range;

use serde_json::{Map, Value};

use super::attachments;
use super::caching::{Section, Walk, canonical};
use super::fields::{missing, wrong_type};
use super::rules::{Rules, Version};
use super::turns::Turns;
use crate::api::error::ApiError;
use crate::api::generation::Generation;

/// Messages in one request, at most.
const MAX_MESSAGES: usize = 100_000;

/// Bytes of the last user turn that are searched for names of tools.
const MAX_ASKED_BYTES: usize = 1024 * 1024;

/// The kinds of blocks that a message may hold.
const BLOCK_KINDS: [&str; 19] = [
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
];

/// An answer of a tool in the last user turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolResult {
    /// The tool that was called.
    pub tool: String,
    /// The beginning of what it answered.
    pub text: String,
    /// Whether it failed.
    pub is_error: bool,
}

/// What the conversation holds, gathered while it is checked.
pub(super) struct Reading {
    pub(super) text: String,
    pub(super) walk: Walk,
    pub(super) turns: Turns,
    /// Where the last user turn's own words stand in `text`.
    asked: Vec<Range<usize>>,
    pub(super) has_images: bool,
    pub(super) has_citations: bool,
}

/// What the checks depend on.
#[derive(Clone, Copy)]
pub(super) struct Checks {
    pub(super) rules: Rules,
    pub(super) generation: Generation,
}

impl Reading {
    pub(super) fn new(walk: Walk) -> Self {
        Self {
            text: String::new(),
            walk,
            turns: Turns::default(),
            asked: Vec::new(),
            has_images: false,
            has_citations: false,
        }
    }

    /// The words of the last user turn.
    pub(super) fn asked(&self) -> String {
        let mut asked = String::new();
        for range in &self.asked {
            let text = &self.text[range.clone()];
            let left = MAX_ASKED_BYTES.saturating_sub(asked.len());
            asked.push_str(&text[..text.floor_char_boundary(left)]);
            asked.push('\n');
        }
        asked
    }

    /// Where the words of the last user turn stand, with what stands between them.
    pub(super) fn turn(&self) -> Range<usize> {
        match (self.asked.first(), self.asked.last()) {
            (Some(first), Some(last)) => first.start..last.end,
            _ => 0..0,
        }
    }

    /// Counts the tools, which the model reads first.
    pub(super) fn tools(&mut self, tools: Option<&Value>) -> Result<(), ApiError> {
        let Some(list) = tools.and_then(Value::as_array) else {
            return Ok(());
        };
        // The brackets and commas of the list, so that the sum is the list's own length.
        self.walk.add_bytes(1);
        for (index, tool) in list.iter().enumerate() {
            self.walk.add_bytes(canonical(tool).len() + 1);
            self.walk.end(Section::Tools, tool, format_args!("tools.{index}"))?;
        }
        Ok(())
    }

    /// Reads the system prompt, a string or text blocks.
    pub(super) fn system(&mut self, system: Option<&Value>) -> Result<(), ApiError> {
        let blocks = match system {
            None | Some(Value::Null) => return Ok(()),
            Some(content @ Value::String(text)) => {
                self.walk.add_bytes(text.len());
                return self.walk.end(Section::System, content, format_args!("system"));
            }
            Some(Value::Array(blocks)) => blocks,
            Some(_) => return Err(string_or_list(format_args!("system"))),
        };
        for (index, block) in blocks.iter().enumerate() {
            let place = format_args!("system.{index}");
            match block.get("type").and_then(Value::as_str) {
                None => return Err(missing(format_args!("{place}.type"))),
                Some("text") => self.walk.add_bytes(text_of(block, place)?.len()),
                Some(_) => {
                    let message = format!("{place}.type: Input should be 'text'");
                    return Err(ApiError::invalid_request(message));
                }
            }
            self.walk.end(Section::System, block, place)?;
        }
        Ok(())
    }

    /// Reads all messages.
    pub(super) fn messages(
        &mut self,
        messages: Option<&Value>,
        with: Checks,
    ) -> Result<(), ApiError> {
        let messages = match messages {
            None => return Err(missing("messages")),
            Some(Value::Array(messages)) => messages,
            Some(_) => return Err(wrong_type("messages", "list")),
        };
        if messages.is_empty() {
            return Err(ApiError::invalid_request("messages: at least one message is required"));
        }
        if messages.len() > MAX_MESSAGES {
            let message = format!("messages: at most {MAX_MESSAGES} messages are allowed");
            return Err(ApiError::invalid_request(message));
        }
        for (index, message) in messages.iter().enumerate() {
            let is_last = index + 1 == messages.len();
            self.message(index, message, is_last, with)?;
        }
        if with.rules.contract {
            return Ok(());
        }
        self.turns.finish()?;
        if self.turns.ends_with_assistant() && !with.generation.takes_prefill() {
            return Err(ApiError::invalid_request(
                "This model does not support assistant message prefill. The conversation must end \
                 with a user message.",
            ));
        }
        Ok(())
    }

    fn message(
        &mut self,
        index: usize,
        message: &Value,
        is_last: bool,
        with: Checks,
    ) -> Result<(), ApiError> {
        let place = format_args!("messages.{index}");
        let Value::Object(fields) = message else {
            return Err(wrong_type(place, "dictionary"));
        };
        let role = role(fields, index, place, with.generation)?;
        if self.turns.begin(role, index, with.rules.contract)? && role == "user" {
            self.asked.clear();
        }
        let content =
            fields.get("content").ok_or_else(|| missing(format_args!("{place}.content")))?;
        let empty = content.as_str().is_some_and(str::is_empty)
            || content.as_array().is_some_and(Vec::is_empty);
        if empty && !(is_last && role == "assistant") && !with.rules.contract {
            return Err(ApiError::invalid_request(format!(
                "{place}: all messages must have non-empty content except for the optional final \
                 assistant message"
            )));
        }
        let place = format_args!("{place}.content");
        let blocks = match content {
            Value::String(string) => {
                self.say(role, string);
                return self.walk.end(Section::Messages, content, place);
            }
            Value::Array(blocks) => blocks,
            _ => return Err(string_or_list(place)),
        };
        for (index, block) in blocks.iter().enumerate() {
            let place = format_args!("{place}.{index}");
            self.block(block, role, place, with.rules)?;
            self.walk.end(Section::Messages, block, place)?;
        }
        Ok(())
    }

    fn block(
        &mut self,
        block: &Value,
        role: &'static str,
        place: Arguments<'_>,
        rules: Rules,
    ) -> Result<(), ApiError> {
        let Value::Object(fields) = block else {
            return Err(wrong_type(place, "dictionary"));
        };
        let kind = match fields.get("type") {
            Some(Value::String(kind)) => kind.as_str(),
            Some(_) => return Err(wrong_type(format_args!("{place}.type"), "string")),
            None => return Err(missing(format_args!("{place}.type"))),
        };
        if !rules.contract {
            check_kind(fields, kind, role, place, rules.version)?;
        }
        self.has_citations |= fields.get("citations").is_some_and(|value| !value.is_null());
        match kind {
            "text" => {
                let text = text_of(block, place)?;
                if text.is_empty() && !rules.contract {
                    let message = "messages: text content blocks must be non-empty";
                    return Err(ApiError::invalid_request(message));
                }
                self.say(role, text);
            }
            "image" => {
                self.has_images = true;
                self.walk.add_tokens(attachments::image(block, &place.to_string())?);
            }
            "document" => match block.pointer("/source/data").and_then(Value::as_str) {
                Some(text) if block.pointer("/source/type") == Some(&"text".into()) => {
                    self.push(text);
                }
                _ => self.walk.add_tokens(attachments::document(block)),
            },
            _ => {
                self.turns.block(kind, fields, role, &place.to_string(), rules.contract)?;
                // Calls, their results and thoughts are read as the text they are sent as.
                self.push(&canonical(block));
            }
        }
        Ok(())
    }

    /// Words of somebody's own.
    fn say(&mut self, role: &str, text: &str) {
        let start = self.text.len();
        self.push(text);
        if role == "user" {
            self.asked.push(start..self.text.len());
        }
    }

    fn push(&mut self, text: &str) {
        self.walk.add_bytes(text.len());
        self.text.push_str(text);
    }
}

fn role(
    fields: &Map<String, Value>,
    index: usize,
    place: Arguments<'_>,
    generation: Generation,
) -> Result<&'static str, ApiError> {
    let role = match fields.get("role") {
        Some(Value::String(role)) => role.as_str(),
        Some(_) => return Err(wrong_type(format_args!("{place}.role"), "string")),
        None => return Err(missing(format_args!("{place}.role"))),
    };
    let role = match role {
        "user" => "user",
        "assistant" => "assistant",
        "system" if generation.takes_system_turns() => "system",
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

/// Which blocks there are, who may send them, and what came with version 2026-10-21.
fn check_kind(
    fields: &Map<String, Value>,
    kind: &str,
    role: &str,
    place: Arguments<'_>,
    version: Version,
) -> Result<(), ApiError> {
    if !BLOCK_KINDS.contains(&kind) {
        let expected = BLOCK_KINDS.map(|kind| format!("'{kind}'")).join(", ");
        return Err(ApiError::invalid_request(format!(
            "{place}: Input tag '{kind}' found using 'type' does not match any of the expected \
             tags: {expected}"
        )));
    }
    if role == "system" && kind != "text" {
        return Err(ApiError::invalid_request(format!("{place}.type: Input should be 'text'")));
    }
    let is_thought = matches!(kind, "thinking" | "redacted_thinking");
    if is_thought && fields.get("cache_control").is_some_and(|value| !value.is_null()) {
        return Err(ApiError::invalid_request(format!(
            "{place}.{kind}.cache_control: Extra inputs are not permitted"
        )));
    }
    if version == Version::V2023 {
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

fn text_of<'a>(block: &'a Value, place: Arguments<'_>) -> Result<&'a str, ApiError> {
    match block.get("text") {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(wrong_type(format_args!("{place}.text"), "string")),
        None => Err(missing(format_args!("{place}.text"))),
    }
}

fn string_or_list(place: Arguments<'_>) -> ApiError {
    ApiError::invalid_request(format!("{place}: Input should be a valid string or list"))
}

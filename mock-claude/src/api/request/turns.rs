//! Who speaks, and whether every call of a tool has its answer.
//!
//! Consecutive messages of a role are one turn, so a turn's answers may come in several messages.
//! A system message in the middle is nobody's turn.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::content::ToolResult;
use super::fields::{missing, wrong_type};
use crate::api::error::ApiError;

/// Bytes of a result that are kept for the reply.
const MAX_RESULT_BYTES: usize = 400;

/// The longest name of a tool in a call, in characters: longer than the name of a tool may be.
const MAX_CALLED_NAME: usize = 200;

/// Answers that are kept for the reply.
const MAX_RESULTS: usize = 64;

/// The state of the conversation at the message that is being read.
#[derive(Debug, Default)]
pub(super) struct Turns {
    role: &'static str,
    /// The calls of the last assistant turn, and the message that holds the turn's latest.
    calls: BTreeMap<String, OpenCall>,
    calls_at: usize,
    /// The answers of the last user turn.
    pub(super) results: Vec<ToolResult>,
}

#[derive(Debug)]
struct OpenCall {
    tool: String,
    answered: bool,
}

impl Turns {
    /// Begins a message; true if a turn begins with it.
    pub(super) fn begin(
        &mut self,
        role: &'static str,
        index: usize,
        lenient: bool,
    ) -> Result<bool, ApiError> {
        if role == "system" || role == self.role {
            if role == "assistant" {
                self.calls_at = index;
            }
            return Ok(false);
        }
        if role == "assistant" {
            if !lenient {
                self.check_answered()?;
            }
            self.calls.clear();
            self.calls_at = index;
        } else {
            self.results.clear();
        }
        self.role = role;
        Ok(true)
    }

    /// Whether the conversation ends with words of the model's own.
    pub(super) fn ends_with_assistant(&self) -> bool {
        self.role == "assistant"
    }

    /// The end of the conversation.
    pub(super) fn finish(&self) -> Result<(), ApiError> {
        self.check_answered()
    }

    /// A block that is neither words nor an attachment.
    pub(super) fn block(
        &mut self,
        kind: &str,
        fields: &Map<String, Value>,
        role: &str,
        place: &str,
        lenient: bool,
    ) -> Result<(), ApiError> {
        let wanted = match kind {
            "tool_use" => self.call(fields, place, lenient),
            "tool_result" => self.result(fields, place, lenient),
            _ => return Ok(()),
        };
        let right_role = if kind == "tool_use" { "assistant" } else { "user" };
        if role != right_role && !lenient {
            return Err(ApiError::invalid_request(format!(
                "{place}: `{kind}` blocks can only be in `{right_role}` messages"
            )));
        }
        wanted
    }

    fn call(
        &mut self,
        fields: &Map<String, Value>,
        place: &str,
        lenient: bool,
    ) -> Result<(), ApiError> {
        let block = place;
        let place = &format!("{place}.tool_use");
        let id = text(fields, "id", place)?;
        let tool = text(fields, "name", place)?;
        if !lenient {
            check_id(id, &format!("{place}.id"))?;
            check_name(tool, &format!("{place}.name"))?;
        }
        match fields.get("input") {
            Some(Value::Object(_)) => {}
            Some(_) if lenient => {}
            Some(_) => {
                return Err(wrong_type(format_args!("{place}.input"), "dictionary"));
            }
            None => return Err(missing(format_args!("{place}.input"))),
        }
        let call = OpenCall { tool: tool.into(), answered: false };
        if self.calls.insert(id.into(), call).is_some() && !lenient {
            return Err(ApiError::invalid_request(format!(
                "{block}: `tool_use` ids must be unique"
            )));
        }
        Ok(())
    }

    fn result(
        &mut self,
        fields: &Map<String, Value>,
        place: &str,
        lenient: bool,
    ) -> Result<(), ApiError> {
        let id = text(fields, "tool_use_id", &format!("{place}.tool_result"))?;
        if !lenient {
            check_id(id, &format!("{place}.tool_result.tool_use_id"))?;
        }
        let tool = match self.calls.get_mut(id) {
            Some(call) if call.answered && !lenient => {
                return Err(ApiError::invalid_request(format!(
                    "{place}: each tool_use must have a single result. Found multiple \
                     `tool_result` blocks with id: {id}"
                )));
            }
            Some(call) => {
                call.answered = true;
                call.tool.clone()
            }
            None if lenient => String::from("tool"),
            None => {
                return Err(ApiError::invalid_request(format!(
                    "{place}: unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each \
                     `tool_result` block must have a corresponding `tool_use` block in the \
                     previous message."
                )));
            }
        };
        let is_error = fields.get("is_error").and_then(Value::as_bool).unwrap_or(false);
        let text = fields.get("content").map(shown).unwrap_or_default();
        if self.results.len() < MAX_RESULTS {
            self.results.push(ToolResult { tool, text, is_error });
        }
        Ok(())
    }

    fn check_answered(&self) -> Result<(), ApiError> {
        let open = self.calls.iter().filter(|(_, call)| !call.answered);
        let open: Vec<&str> = open.map(|(id, _)| id.as_str()).collect();
        if open.is_empty() {
            return Ok(());
        }
        Err(ApiError::invalid_request(format!(
            "messages.{}: `tool_use` ids were found without `tool_result` blocks immediately \
             after: {}. Each `tool_use` block must have a corresponding `tool_result` block in \
             the next message.",
            self.calls_at,
            open.join(", ")
        )))
    }
}

fn check_id(id: &str, place: &str) -> Result<(), ApiError> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !id.is_empty() && id.bytes().all(known) {
        return Ok(());
    }
    Err(ApiError::invalid_request(format!(
        "{place}: String should match pattern '^[a-zA-Z0-9_-]+$'"
    )))
}

fn check_name(name: &str, place: &str) -> Result<(), ApiError> {
    if name.chars().count() <= MAX_CALLED_NAME {
        return Ok(());
    }
    Err(ApiError::invalid_request(format!(
        "{place}: String should have at most {MAX_CALLED_NAME} characters"
    )))
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str, place: &str) -> Result<&'a str, ApiError> {
    match fields.get(name) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(wrong_type(format_args!("{place}.{name}"), "string")),
        None => Err(missing(format_args!("{place}.{name}"))),
    }
}

/// The beginning of a result's words.
fn shown(content: &Value) -> String {
    let mut shown = String::new();
    let blocks = content.as_array().into_iter().flatten();
    let texts = blocks.filter_map(|block| block.get("text").and_then(Value::as_str));
    for text in content.as_str().into_iter().chain(texts) {
        let end = text.floor_char_boundary(MAX_RESULT_BYTES.saturating_sub(shown.len()));
        shown.push_str(&text[..end]);
    }
    shown
}

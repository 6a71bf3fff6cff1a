//! The conversation: system, messages and their blocks, in order.
//!
//! Turns of the same role are one turn. Every call of a tool is answered in the turn after it, and
//! every answer has its call. What the last user turn asks and which tools it answers decides the
//! reply; the text of all messages is what the model reads.

use std::fmt::Arguments;
use std::ops::Range;

use serde_json::{Map, Value};

use super::attachments::Attachments;
use super::blocks::{check_kind, check_text, text_of};
use super::caching::{Section, Speaker, Walk, canonical};
use super::effort;
use super::fields::{missing, not_null, wrong_type};
use super::reminders;
use super::roles::{check_names, check_prefill, role};
use super::rules::Rules;
use super::thinking::Thinking;
use super::thoughts;
use super::tools::{self, Change};
use super::turns::Turns;
use crate::api::error::ApiError;
use crate::api::generation::Generation;

/// Messages in one request, at most.
const MAX_MESSAGES: usize = 100_000;

/// Bytes of the last user turn that are searched for names of tools.
const MAX_ASKED_BYTES: usize = 1024 * 1024;

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
    pub(super) attachments: Attachments,
    /// What the conversation does to the tools, in order.
    pub(super) tool_changes: Vec<Change>,
    /// The effort that the conversation asks for last.
    pub(super) effort: Option<String>,
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
    pub(super) thinking: Thinking,
    /// The pages of PDFs, at most.
    pub(super) most_pages: u64,
}

impl Reading {
    pub(super) fn new(walk: Walk) -> Self {
        Self {
            text: String::new(),
            walk,
            turns: Turns::default(),
            attachments: Attachments::default(),
            tool_changes: Vec::new(),
            effort: None,
            asked: Vec::new(),
            has_images: false,
            has_citations: false,
        }
    }

    /// What the last user turn asks: the last of its blocks that is not the client's own reminder.
    pub(super) fn asked(&self) -> String {
        let mut blocks = self.asked.iter().rev().map(|range| reminders::without(&self.text, range));
        let asked = blocks.find(|range| !range.is_empty()).unwrap_or_default();
        let text = &self.text[asked];
        text[..text.floor_char_boundary(MAX_ASKED_BYTES)].to_owned()
    }

    /// Where the words of the last user turn stand, with what stands between them, but without
    /// the client's own reminders before and after them.
    pub(super) fn turn(&self) -> Range<usize> {
        let own = |range: &Range<usize>| reminders::without(&self.text, range);
        let mut blocks = self.asked.iter().map(own).filter(|range| !range.is_empty());
        let first = blocks.next().unwrap_or_default();
        let end = blocks.next_back().map_or(first.end, |last| last.end);
        first.start..end
    }

    /// Counts the tools, which the model reads first.
    pub(super) fn tools(&mut self, tools: Option<&Value>) -> Result<(), ApiError> {
        let Some(list) = tools.and_then(Value::as_array) else {
            return Ok(());
        };
        // The brackets and commas of the list, so that the sum is the list's own length.
        self.walk.add("[");
        for (index, tool) in list.iter().enumerate() {
            self.walk.add(&canonical(tool));
            self.walk.add(",");
            self.walk.end(Section::Tools, Speaker::Request, tool, format_args!("tools.{index}"))?;
        }
        Ok(())
    }

    /// Reads the system prompt, a string or text blocks.
    pub(super) fn system(&mut self, system: Option<&Value>, rules: Rules) -> Result<(), ApiError> {
        let blocks = match system {
            None | Some(Value::Null) => return Ok(()),
            Some(content @ Value::String(text)) => {
                self.walk.add(text);
                let place = format_args!("system");
                return self.walk.end(Section::System, Speaker::Request, content, place);
            }
            Some(Value::Array(blocks)) => blocks,
            Some(_) => return Err(string_or_list(format_args!("system"))),
        };
        for (index, block) in blocks.iter().enumerate() {
            let place = format_args!("system.{index}");
            match block.get("type").and_then(Value::as_str) {
                None => return Err(missing(format_args!("{place}.type"))),
                Some("text") => {
                    let text = text_of(block, place)?;
                    if !rules.contract {
                        check_text(text, block, "system", place)?;
                    }
                    self.walk.add(text);
                }
                Some(_) => {
                    let message = format!("{place}.type: Input should be 'text'");
                    return Err(ApiError::invalid_request(message));
                }
            }
            self.walk.end(Section::System, Speaker::Request, block, place)?;
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
        thoughts::check(messages, with.thinking)?;
        if !self.turns.ends_with_assistant() {
            return Ok(());
        }
        if !with.generation.takes_prefill() {
            return Err(ApiError::invalid_request(
                "This model does not support assistant message prefill. The conversation must end \
                 with a user message.",
            ));
        }
        check_prefill(messages.last())
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
        let role = role(fields, index, place, with)?;
        if self.turns.begin(role, index, with.rules.contract)? && role == "user" {
            self.asked.clear();
        }
        if !with.rules.contract {
            check_names(fields, role, place, with.rules)?;
        }
        let has_settings = role == "system" && self.settings(fields, place, with.rules)?;
        let content = match fields.get("content") {
            Some(content) => content,
            None if has_settings => return Ok(()),
            None => return Err(missing(format_args!("{place}.content"))),
        };
        let empty = content.as_str().is_some_and(str::is_empty)
            || content.as_array().is_some_and(Vec::is_empty);
        let may_be_empty = has_settings || (is_last && role == "assistant");
        if empty && !may_be_empty && !with.rules.contract {
            return Err(ApiError::invalid_request(format!(
                "{place}: all messages must have non-empty content except for the optional final \
                 assistant message"
            )));
        }
        let place = format_args!("{place}.content");
        let speaker = Speaker::of(role);
        let blocks = match content {
            Value::String(string) => {
                if !string.is_empty() && !with.rules.contract {
                    check_text(string, content, "messages", place)?;
                }
                self.say(role, string);
                return self.walk.end(Section::Messages, speaker, content, place);
            }
            Value::Array(blocks) => blocks,
            _ => return Err(string_or_list(place)),
        };
        for (index, block) in blocks.iter().enumerate() {
            let place = format_args!("{place}.{index}");
            self.block(block, role, place, with)?;
            self.walk.end(Section::Messages, speaker, block, place)?;
        }
        Ok(())
    }

    /// Reads what a system message sets for the answers after it; whether it sets anything.
    fn settings(
        &mut self,
        fields: &Map<String, Value>,
        place: Arguments<'_>,
        rules: Rules,
    ) -> Result<bool, ApiError> {
        let Some(settings) = fields.get("output_config").filter(not_null) else {
            return Ok(false);
        };
        let place = format!("{place}.output_config");
        let Value::Object(given) = settings else { return Err(wrong_type(place, "dictionary")) };
        if let Some(effort) = effort::read(Some(settings), &place, rules)? {
            self.effort = Some(effort);
        }
        Ok(given.values().any(|value| !value.is_null()))
    }

    fn block(
        &mut self,
        block: &Value,
        role: &'static str,
        place: Arguments<'_>,
        with: Checks,
    ) -> Result<(), ApiError> {
        let rules = with.rules;
        let Value::Object(fields) = block else {
            return Err(wrong_type(place, "dictionary"));
        };
        let kind = match fields.get("type") {
            Some(Value::String(kind)) => kind.as_str(),
            Some(_) => return Err(wrong_type(format_args!("{place}.type"), "string")),
            None => return Err(missing(format_args!("{place}.type"))),
        };
        if !rules.contract {
            check_kind(fields, kind, role, place, rules)?;
        }
        self.has_citations |= fields.get("citations").is_some_and(|value| !value.is_null());
        match kind {
            "text" => {
                let place = format_args!("{place}.text");
                let text = text_of(block, place)?;
                if !rules.contract {
                    check_text(text, block, "messages", place)?;
                }
                self.say(role, text);
            }
            "image" | "document" => self.attachment(block, kind, &place.to_string(), with)?,
            "tool_addition" | "tool_removal" => {
                let change = tools::read_change(fields, kind, &place.to_string(), rules)?;
                self.tool_changes.extend(change);
                self.push(&canonical(block));
            }
            _ => {
                self.turns.block(kind, fields, role, &place.to_string(), rules.contract)?;
                // Calls, their results and thoughts are read as the text they are sent as.
                match self.without_attachments(fields, kind, place, with)? {
                    Some(rest) => self.push(&canonical(&rest)),
                    None => self.push(&canonical(block)),
                }
            }
        }
        Ok(())
    }

    fn attachment(
        &mut self,
        block: &Value,
        kind: &str,
        place: &str,
        with: Checks,
    ) -> Result<(), ApiError> {
        if kind == "image" {
            self.has_images = true;
            let tokens = self.attachments.image(block, place, with.rules)?;
            self.walk.add_tokens(tokens);
            return Ok(());
        }
        match block.pointer("/source/data").and_then(Value::as_str) {
            Some(text) if block.pointer("/source/type") == Some(&"text".into()) => self.push(text),
            _ => {
                let Checks { most_pages, rules, .. } = with;
                let tokens = self.attachments.document(block, place, most_pages, rules)?;
                self.walk.add_tokens(tokens);
            }
        }
        Ok(())
    }

    /// The result of a tool without its images and documents, which are counted as such; none where
    /// there are none.
    fn without_attachments(
        &mut self,
        fields: &Map<String, Value>,
        kind: &str,
        place: Arguments<'_>,
        with: Checks,
    ) -> Result<Option<Value>, ApiError> {
        let blocks = fields.get("content").and_then(Value::as_array);
        let Some(blocks) = blocks.filter(|_| kind == "tool_result") else { return Ok(None) };
        let attached = |block: &Value| {
            let kind = block.get("type").and_then(Value::as_str);
            kind.filter(|kind| matches!(*kind, "image" | "document")).map(str::to_owned)
        };
        if !blocks.iter().any(|block| attached(block).is_some()) {
            return Ok(None);
        }
        let mut rest = Vec::new();
        for (index, block) in blocks.iter().enumerate() {
            match attached(block) {
                Some(kind) => {
                    let place = format!("{place}.tool_result.content.{index}");
                    self.attachment(block, &kind, &place, with)?;
                }
                None => rest.push(block.clone()),
            }
        }
        let others = fields.iter().filter(|(name, _)| *name != "content");
        let others = others.map(|(name, value)| (name.clone(), value.clone()));
        let content = ("content".to_owned(), Value::Array(rest));
        Ok(Some(others.chain([content]).collect::<Map<_, _>>().into()))
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
        self.walk.add(text);
        self.text.push_str(text);
    }
}

fn string_or_list(place: Arguments<'_>) -> ApiError {
    ApiError::invalid_request(format!("{place}: Input should be a valid string or list"))
}

//! The tools that a request offers, and how freely the model may choose among them.
//!
//! A tool with an `input_schema` is the client's own. Of the API's own tools only those whose
//! calls the client carries out can be called; web search and its like run inside the API and are
//! only counted. What a call looks like is in `reply`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::fields::{extra, flag, missing, one_of, wrong_type};
use super::rules::Rules;
use crate::api::error::ApiError;

/// The longest name of a client's own tool, in characters.
const MAX_NAME: usize = 128;

/// The fields of a client's own tool, as the official Python SDK 2.14.0 has them.
const CUSTOM_FIELDS: [&str; 10] = [
    "allowed_callers",
    "cache_control",
    "defer_loading",
    "description",
    "eager_input_streaming",
    "input_examples",
    "input_schema",
    "name",
    "strict",
    "type",
];

/// The kinds of tools in the same SDK.
const KINDS: [&str; 30] = [
    "advisor_20260301",
    "bash_20241022",
    "bash_20250124",
    "browser_toolset_20260801",
    "code_execution_20250522",
    "code_execution_20250825",
    "code_execution_20260120",
    "code_execution_20260521",
    "computer_20241022",
    "computer_20250124",
    "computer_20251124",
    "computer_toolset_20260801",
    "custom",
    "mcp_toolset",
    "memory_20250818",
    "text_editor_20241022",
    "text_editor_20250124",
    "text_editor_20250429",
    "text_editor_20250728",
    "tool_search_tool_bm25",
    "tool_search_tool_bm25_20251119",
    "tool_search_tool_regex",
    "tool_search_tool_regex_20251119",
    "web_fetch_20250910",
    "web_fetch_20260209",
    "web_fetch_20260309",
    "web_fetch_20260318",
    "web_search_20250305",
    "web_search_20260209",
    "web_search_20260318",
];

/// A tool that can be called.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// The schema of its arguments.
    pub input_schema: Value,
}

/// How freely the model may choose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Choice {
    /// It calls what the prompt names.
    #[default]
    Auto,
    /// It must call one.
    Any,
    /// It must call this one.
    Tool(String),
    /// It calls none.
    None,
}

/// The tools and the choice.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Offer {
    /// What can be called.
    pub tools: Vec<Tool>,
    /// How freely.
    pub choice: Choice,
    /// Whether one call is the most.
    pub one_at_a_time: bool,
    /// What was offered and is withdrawn.
    withdrawn: Vec<Tool>,
}

impl Offer {
    /// Offers a tool or withdraws one, as a block in the conversation says.
    pub(super) fn change(&mut self, change: Change) {
        match change {
            Change::Added(tool) => {
                self.tools.retain(|offered| offered.name != tool.name);
                self.tools.push(tool);
            }
            Change::Restored(name) => {
                let place = self.withdrawn.iter().position(|tool| tool.name == name);
                self.tools.extend(place.map(|place| self.withdrawn.remove(place)));
            }
            Change::Withdrawn(name) => {
                let place = self.tools.iter().position(|tool| tool.name == name);
                self.withdrawn.extend(place.map(|place| self.tools.remove(place)));
            }
        }
    }
}

/// What a block in the conversation does to the tools.
#[derive(Debug)]
pub(super) enum Change {
    /// This tool is there from now on.
    Added(Tool),
    /// A tool of this name is there again, if it was withdrawn.
    Restored(String),
    /// A tool of this name is there no more.
    Withdrawn(String),
}

/// Reads a `tool_addition` or `tool_removal` block; none where it is about what is not known here,
/// as the tools of an MCP server.
pub(super) fn read_change(
    fields: &Map<String, Value>,
    kind: &str,
    place: &str,
    rules: Rules,
) -> Result<Option<Change>, ApiError> {
    let place = format!("{place}.{kind}.tool");
    let tool = match fields.get("tool") {
        Some(Value::Object(tool)) => tool,
        Some(_) => return Err(wrong_type(place, "dictionary")),
        None => return Err(missing(place)),
    };
    let named = || tool.get("name").and_then(Value::as_str).map(str::to_owned);
    Ok(match (kind, tool.get("type").and_then(Value::as_str), tool.get("definition")) {
        ("tool_addition", Some("tool_definition"), Some(definition)) => {
            read_tool(definition, &format!("{place}.definition"), rules)?.1.map(Change::Added)
        }
        ("tool_addition", Some("tool_reference"), _) => named().map(Change::Restored),
        ("tool_removal", Some("tool_reference"), _) => named().map(Change::Withdrawn),
        _ => None,
    })
}

/// Reads `tools` and `tool_choice`.
pub(super) fn read(fields: &Map<String, Value>, rules: Rules) -> Result<Offer, ApiError> {
    let list = match fields.get("tools") {
        None | Some(Value::Null) => &Vec::new(),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(wrong_type("tools", "list")),
    };
    let mut offer = Offer::default();
    let mut names = BTreeSet::new();
    for (index, tool) in list.iter().enumerate() {
        let place = format!("tools.{index}");
        let (name, callable) = read_tool(tool, &place, rules)?;
        if !name.is_empty() && !names.insert(name) && !rules.contract {
            return Err(ApiError::invalid_request("tools: Tool names must be unique.")
                .code("tool_name_conflict"));
        }
        offer.tools.extend(callable);
    }
    read_choice(fields.get("tool_choice"), &names, &mut offer, rules)?;
    Ok(offer)
}

fn read_tool<'a>(
    tool: &'a Value,
    place: &str,
    rules: Rules,
) -> Result<(&'a str, Option<Tool>), ApiError> {
    let Value::Object(fields) = tool else {
        return Err(wrong_type(place, "dictionary"));
    };
    let kind = match fields.get("type") {
        None | Some(Value::Null) => "custom",
        Some(Value::String(kind)) => kind,
        Some(_) => return Err(wrong_type(format_args!("{place}.type"), "string")),
    };
    if !rules.contract {
        check_kind(kind, place)?;
    }
    let place = format!("{place}.{kind}");
    let name = match fields.get("name") {
        Some(Value::String(name)) => name.as_str(),
        Some(_) => return Err(wrong_type(format_args!("{place}.name"), "string")),
        // Toolsets have no name of their own.
        None if kind != "custom" => "",
        None => return Err(missing(format_args!("{place}.name"))),
    };
    if kind != "custom" {
        let input_schema = built_in(kind);
        return Ok((
            name,
            input_schema.map(|input_schema| Tool { name: name.into(), input_schema }),
        ));
    }
    if !rules.contract {
        check_custom(fields, name, &place, rules)?;
    }
    let input_schema = match fields.get("input_schema") {
        Some(schema) if rules.contract => schema.clone(),
        Some(schema @ Value::Object(object)) => {
            let kind = object.get("type");
            let kind = kind.ok_or_else(|| missing(format_args!("{place}.input_schema.type")))?;
            one_of(&format!("{place}.input_schema.type"), kind, &["object"])?;
            schema.clone()
        }
        Some(_) => return Err(wrong_type(format_args!("{place}.input_schema"), "dictionary")),
        None => return Err(missing(format_args!("{place}.input_schema"))),
    };
    Ok((name, Some(Tool { name: name.into(), input_schema })))
}

/// What only the client's own tools have to keep to.
fn check_custom(
    fields: &Map<String, Value>,
    name: &str,
    place: &str,
    rules: Rules,
) -> Result<(), ApiError> {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let wrong = if name.is_empty() {
        "String should have at least 1 character".to_owned()
    } else if name.chars().count() > MAX_NAME {
        format!("String should have at most {MAX_NAME} characters")
    } else if !name.bytes().all(letters) {
        format!("String should match pattern '^[a-zA-Z0-9_-]{{1,{MAX_NAME}}}$'")
    } else {
        String::new()
    };
    if !wrong.is_empty() {
        return Err(ApiError::invalid_request(format!("{place}.name: {wrong}")));
    }
    // A beta may have fields that are not listed anywhere.
    let unknown = fields.keys().find(|name| !CUSTOM_FIELDS.contains(&name.as_str()));
    if let Some(unknown) = unknown.filter(|_| !rules.beta) {
        return Err(extra(format_args!("{place}.{unknown}")));
    }
    let schema = fields.get("input_schema").and_then(Value::as_object);
    let combined = ["oneOf", "allOf", "anyOf"];
    if schema.is_some_and(|schema| combined.iter().any(|name| schema.contains_key(*name))) {
        return Err(ApiError::invalid_request(format!(
            "{place}.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top \
             level"
        )));
    }
    Ok(())
}

/// Refuses a kind of tool that the API cannot have: its own end with a day, but for a few.
fn check_kind(kind: &str, place: &str) -> Result<(), ApiError> {
    let day = kind.rsplit_once('_').map_or("", |(_, day)| day);
    let is_dated = day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit());
    if is_dated || KINDS.contains(&kind) {
        return Ok(());
    }
    let expected = KINDS.map(|kind| format!("'{kind}'")).join(", ");
    Err(ApiError::invalid_request(format!(
        "{place}: Input tag '{kind}' found using 'type' does not match any of the expected tags: \
         {expected}"
    )))
}

/// The arguments of the API's own tools that the client carries out.
fn built_in(kind: &str) -> Option<Value> {
    let family = kind.rsplit_once('_')?.0;
    let arguments = match family {
        "bash" => json!({"command": {"const": "ls"}}),
        "text_editor" => json!({"command": {"const": "view"}, "path": {"const": "/"}}),
        "memory" => json!({"command": {"const": "view"}, "path": {"const": "/memories"}}),
        _ => return None,
    };
    Some(json!({"type": "object", "properties": arguments}))
}

fn read_choice(
    field: Option<&Value>,
    names: &BTreeSet<&str>,
    offer: &mut Offer,
    rules: Rules,
) -> Result<(), ApiError> {
    let fields = match field {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Object(fields)) => fields,
        Some(_) => return Err(wrong_type("tool_choice", "dictionary")),
    };
    let kind = fields.get("type").ok_or_else(|| missing("tool_choice.type"))?;
    let kind = one_of("tool_choice.type", kind, &["auto", "any", "tool", "none"])?;
    if names.is_empty() && matches!(kind, "any" | "tool") && !rules.contract {
        return Err(ApiError::invalid_request(
            "tool_choice may only be specified while providing tools",
        ));
    }
    offer.one_at_a_time = flag(fields, "disable_parallel_tool_use")?;
    offer.choice = match kind {
        "any" => Choice::Any,
        "none" => Choice::None,
        "tool" => match fields.get("name") {
            Some(Value::String(name)) if names.contains(name.as_str()) || rules.contract => {
                Choice::Tool(name.clone())
            }
            Some(Value::String(name)) => {
                let message = format!("Tool '{name}' not found in provided tools");
                return Err(ApiError::invalid_request(message));
            }
            Some(_) => return Err(wrong_type("tool_choice.tool.name", "string")),
            None => return Err(missing("tool_choice.tool.name")),
        },
        _ => Choice::Auto,
    };
    Ok(())
}

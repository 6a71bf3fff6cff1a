//! The tools that a request offers, and how freely the model may choose among them.
//!
//! A tool with an `input_schema` is the client's own. Of the API's own tools only those whose
//! calls the client carries out can be called; web search and its like run inside the API and are
//! only counted. What a call looks like is in `reply`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::fields::{flag, missing, one_of, wrong_type};
use super::rules::Rules;
use crate::api::error::ApiError;

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
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let well_named = (1..=128).contains(&name.len()) && name.bytes().all(letters);
    if !well_named && !rules.contract {
        return Err(ApiError::invalid_request(format!(
            "{place}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'"
        )));
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

//! What `Converse` asks for, as a message of the API.
//!
//! Only names are changed here: what is wrong with a value is for the rules of messages to say.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

use super::super::asked::Asked;
use crate::api::error::ApiError;
use crate::api::prices;

/// The message that a body asks a model for.
pub(in crate::cloud::bedrock) fn message(
    asked: &Map<String, Value>,
    id: &str,
) -> Result<Asked, ApiError> {
    let mut fields = additional(asked)?;
    let mut set = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    let Some(Value::Array(messages)) = asked.get("messages") else {
        return Err(required("messages"));
    };
    set("messages", list(messages, "messages", turn)?);
    if let Some(system) = asked.get("system").and_then(Value::as_array) {
        set("system", Value::Array(blocks(system, "system")?));
    }
    let limits = asked.get("inferenceConfig").unwrap_or(&Value::Null);
    // Without a limit of its own a request may use all that the model has.
    let most = prices::model(id).map_or(0, |model| model.max_output_tokens);
    set("max_tokens", limits.get("maxTokens").cloned().unwrap_or_else(|| most.into()));
    let names =
        [("temperature", "temperature"), ("topP", "top_p"), ("stopSequences", "stop_sequences")];
    for (theirs, ours) in names {
        if let Some(value) = limits.get(theirs) {
            set(ours, value.clone());
        }
    }
    if let Some(config) = asked.get("toolConfig") {
        let tools = config["tools"].as_array().ok_or_else(|| required("toolConfig.tools"))?;
        set("tools", list_of_tools(tools)?);
        if let Some(choice) = config.get("toolChoice") {
            set("tool_choice", tool_choice(choice)?);
        }
    }
    if let Some(output) = output_config(asked.get("outputConfig"))? {
        set("output_config", output);
    }
    let betas = match fields.remove("anthropic_beta") {
        Some(Value::Array(betas)) => betas,
        _ => Vec::new(),
    };
    let betas = betas.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    Ok(Asked { fields, version: "2023-06-01", betas })
}

/// What goes to the model as it is.
fn additional(asked: &Map<String, Value>) -> Result<Map<String, Value>, ApiError> {
    match asked.get("additionalModelRequestFields") {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(fields)) => Ok(fields.clone()),
        Some(_) => Err(invalid("additionalModelRequestFields must be a JSON object.")),
    }
}

fn list(
    items: &[Value],
    place: &str,
    each: impl Fn(&Value, &str) -> Result<Value, ApiError>,
) -> Result<Value, ApiError> {
    let items = items.iter().enumerate();
    items.map(|(index, item)| each(item, &format!("{place}.{index}"))).collect()
}

fn turn(turn: &Value, place: &str) -> Result<Value, ApiError> {
    let content =
        turn["content"].as_array().ok_or_else(|| required(&format!("{place}.content")))?;
    let content = blocks(content, &format!("{place}.content"))?;
    Ok(json!({"role": turn["role"], "content": content}))
}

/// The blocks, each with the mark of the cache point that follows it.
fn blocks(content: &[Value], place: &str) -> Result<Vec<Value>, ApiError> {
    let mut blocks: Vec<Value> = Vec::new();
    for (index, item) in content.iter().enumerate() {
        match item.get("cachePoint") {
            Some(point) => mark(blocks.last_mut(), point)?,
            None => blocks.push(block(item, &format!("{place}.{index}"))?),
        }
    }
    Ok(blocks)
}

fn mark(marked: Option<&mut Value>, point: &Value) -> Result<(), ApiError> {
    let Some(marked) = marked else {
        return Err(invalid("A cachePoint block must follow a block that can be cached."));
    };
    let mut control = json!({"type": "ephemeral"});
    if let Some(ttl) = point.get("ttl") {
        control["ttl"] = ttl.clone();
    }
    marked["cache_control"] = control;
    Ok(())
}

fn block(block: &Value, place: &str) -> Result<Value, ApiError> {
    let fields = block.as_object().filter(|fields| fields.len() == 1);
    let Some((kind, inner)) = fields.and_then(|fields| fields.iter().next()) else {
        return Err(invalid(&format!("{place}: a content block must have exactly one member.")));
    };
    Ok(match kind.as_str() {
        "text" => json!({"type": "text", "text": inner}),
        "image" => json!({"type": "image", "source": {
            "type": "base64",
            "media_type": format!("image/{}", inner["format"].as_str().unwrap_or_default()),
            "data": inner["source"]["bytes"],
        }}),
        "document" => document(inner),
        "toolUse" => json!({"type": "tool_use", "id": inner["toolUseId"], "name": inner["name"],
            "input": inner["input"]}),
        "toolResult" => tool_result(inner, place)?,
        "reasoningContent" => match inner.get("reasoningText") {
            Some(text) => json!({"type": "thinking", "thinking": text["text"],
                "signature": text.get("signature").cloned().unwrap_or_else(|| "".into())}),
            None => json!({"type": "redacted_thinking", "data": inner["redactedContent"]}),
        },
        "guardContent" => json!({"type": "text", "text": inner["text"]["text"]}),
        other => {
            return Err(invalid(&format!(
                "{place}: this model doesn't support `{other}` content."
            )));
        }
    })
}

/// A document: a PDF as it is, and text in whatever form it is written.
fn document(inner: &Value) -> Value {
    let source = &inner["source"];
    let text = |text: &str| json!({"type": "text", "media_type": "text/plain", "data": text});
    let source = match (inner["format"].as_str(), source["bytes"].as_str()) {
        (Some("pdf"), _) => json!({"type": "base64", "media_type": "application/pdf",
            "data": source["bytes"]}),
        (_, Some(bytes)) => {
            let bytes = BASE64.decode(bytes).unwrap_or_default();
            text(&String::from_utf8_lossy(&bytes))
        }
        _ => text(source["text"].as_str().unwrap_or_default()),
    };
    let mut document = json!({"type": "document", "source": source});
    if let Some(name) = inner.get("name") {
        document["title"] = name.clone();
    }
    document
}

fn tool_result(inner: &Value, place: &str) -> Result<Value, ApiError> {
    let content = inner["content"].as_array().into_iter().flatten().enumerate();
    let content: Result<Vec<Value>, ApiError> = content
        .map(|(index, item)| match item.get("json") {
            Some(json) => Ok(json!({"type": "text", "text": json.to_string()})),
            None => block(item, &format!("{place}.toolResult.content.{index}")),
        })
        .collect();
    let mut result = json!({"type": "tool_result", "tool_use_id": inner["toolUseId"],
        "content": content?});
    if inner["status"] == "error" {
        result["is_error"] = true.into();
    }
    Ok(result)
}

fn list_of_tools(tools: &[Value]) -> Result<Value, ApiError> {
    let mut listed: Vec<Value> = Vec::new();
    for (index, tool) in tools.iter().enumerate() {
        if let Some(point) = tool.get("cachePoint") {
            mark(listed.last_mut(), point)?;
            continue;
        }
        let Some(spec) = tool.get("toolSpec") else {
            let message = "a tool must have a toolSpec for this model.";
            return Err(invalid(&format!("toolConfig.tools.{index}: {message}")));
        };
        let mut one = json!({"name": spec["name"], "input_schema": spec["inputSchema"]["json"]});
        for name in ["description", "strict"] {
            if let Some(value) = spec.get(name) {
                one[name] = value.clone();
            }
        }
        listed.push(one);
    }
    Ok(listed.into())
}

fn tool_choice(choice: &Value) -> Result<Value, ApiError> {
    if let Some(tool) = choice.get("tool") {
        return Ok(json!({"type": "tool", "name": tool["name"]}));
    }
    for name in ["auto", "any"] {
        if choice.get(name).is_some() {
            return Ok(json!({"type": name}));
        }
    }
    Err(invalid("toolConfig.toolChoice must be one of auto, any, tool."))
}

/// Effort and the schema of a structured answer, which Bedrock carries as text.
fn output_config(config: Option<&Value>) -> Result<Option<Value>, ApiError> {
    let Some(config) = config else { return Ok(None) };
    let mut output = Map::new();
    if let Some(effort) = config.get("effort") {
        output.insert("effort".into(), effort.clone());
    }
    if let Some(schema) = config.pointer("/textFormat/structure/jsonSchema/schema") {
        let schema: Value = schema
            .as_str()
            .and_then(|schema| serde_json::from_str(schema).ok())
            .ok_or_else(|| invalid("outputConfig.textFormat: the schema is not valid JSON."))?;
        output.insert("format".into(), json!({"type": "json_schema", "schema": schema}));
    }
    Ok(Some(Value::Object(output)))
}

fn required(name: &str) -> ApiError {
    invalid(&format!(
        "1 validation error detected: Value at '{name}' failed to satisfy constraint: Member must \
         not be null"
    ))
}

fn invalid(message: &str) -> ApiError {
    ApiError::invalid_request(message)
}

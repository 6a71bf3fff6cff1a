//! What a client may send to `POST /v1/messages`, and the refusals for what it may not.
//!
//! A body is read as JSON first and checked field by field, because the API names the field and
//! what is wrong with it. What is accepted here is only what decides the reply; fields that change
//! nothing are allowed by name, and any other is refused as the API refuses it.

use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::prices::{self, Model};
use crate::tokens;

/// The versions of the API that the mock speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `2023-06-01`.
    V2023,
    /// `2026-10-21`: refuses sampling parameters.
    V2026,
}

impl Version {
    /// The version that an `anthropic-version` header names.
    pub fn parse(header: Option<&str>) -> Result<Self, ApiError> {
        match header {
            Some("2023-06-01") => Ok(Self::V2023),
            Some("2026-10-21") => Ok(Self::V2026),
            Some(other) => Err(ApiError::invalid_request(format!(
                "anthropic-version: \"{other}\" is not a valid version"
            ))),
            None => Err(ApiError::invalid_request("anthropic-version: header is required")),
        }
    }
}

/// A request that passed every check.
#[derive(Debug, Clone)]
pub struct MessagesRequest {
    /// The model, its limits and prices.
    pub model: &'static Model,
    /// The model's id as the client wrote it, dated or not.
    pub model_id: String,
    /// The most output tokens that the client wants.
    pub max_tokens: u64,
    /// Whether the reply is streamed.
    pub stream: bool,
    /// All text of all messages, in order.
    pub text: String,
    /// The tokens of everything that the model reads.
    pub tokens_in: u64,
}

/// Messages in one request, at most.
const MAX_MESSAGES: usize = 100_000;

/// Tokens that an image or a document counts for, whatever its size.
const ATTACHMENT_TOKENS: u64 = 1_500;

/// Fields that a request may have and that do not change this mock's reply.
const UNREAD_FIELDS: [&str; 12] = [
    "cache_control",
    "container",
    "context_management",
    "inference_geo",
    "metadata",
    "output_config",
    "service_tier",
    "speed",
    "stop_sequences",
    "thinking",
    "tool_choice",
    "diagnostics",
];

/// Fields that version 2026-10-21 no longer has.
const SAMPLING_FIELDS: [&str; 3] = ["temperature", "top_k", "top_p"];

impl MessagesRequest {
    /// Reads and checks a request body.
    pub fn parse(body: &[u8], version: Version) -> Result<Self, ApiError> {
        let value: Value = serde_json::from_slice(body).map_err(|error| {
            ApiError::invalid_request(format!("The request body is not valid JSON: {error}"))
        })?;
        let Value::Object(fields) = value else {
            return Err(ApiError::invalid_request("Input should be a valid dictionary"));
        };
        check_names(&fields, version)?;
        check_sampling(&fields)?;
        let model_id = string(&fields, "model")?.to_owned();
        let model = prices::model(&model_id)
            .ok_or_else(|| ApiError::of_status(404, format!("model: {model_id}")))?;
        let max_tokens = max_tokens(&fields, model)?;
        let mut reading = Reading::default();
        read_system(fields.get("system"), &mut reading)?;
        read_messages(fields.get("messages"), version, &mut reading)?;
        let tools = fields.get("tools").map_or(0, |tools| tools.to_string().len() as u64);
        let tokens_in = tokens::of_bytes(reading.system_bytes + tools + reading.text.len() as u64)
            + reading.attachments * ATTACHMENT_TOKENS;
        if tokens_in > model.context_tokens {
            return Err(ApiError::invalid_request(format!(
                "prompt is too long: {tokens_in} tokens > {} maximum",
                model.context_tokens
            )));
        }
        let stream = match fields.get("stream") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(stream)) => *stream,
            Some(_) => return Err(wrong_type("stream", "boolean")),
        };
        Ok(Self { model, model_id, max_tokens, stream, text: reading.text, tokens_in })
    }
}

/// What the model reads, gathered while the messages are checked.
#[derive(Default)]
struct Reading {
    system_bytes: u64,
    text: String,
    attachments: u64,
}

fn check_names(fields: &Map<String, Value>, version: Version) -> Result<(), ApiError> {
    for name in fields.keys().map(String::as_str) {
        let known = matches!(name, "model" | "max_tokens" | "messages" | "system" | "stream")
            || name == "tools"
            || UNREAD_FIELDS.contains(&name)
            || (version == Version::V2023 && SAMPLING_FIELDS.contains(&name));
        if !known {
            let message = format!("{name}: Extra inputs are not permitted");
            return Err(ApiError::invalid_request(message));
        }
    }
    Ok(())
}

fn check_sampling(fields: &Map<String, Value>) -> Result<(), ApiError> {
    for name in ["temperature", "top_p"] {
        match fields.get(name).map(Value::as_f64) {
            Some(None) => return Err(wrong_type(name, "number")),
            Some(Some(value)) if !(0.0..=1.0).contains(&value) => {
                let bound = if value < 0.0 {
                    "greater than or equal to 0"
                } else {
                    "less than or equal to 1"
                };
                let message = format!("{name}: Input should be {bound}");
                return Err(ApiError::invalid_request(message));
            }
            None | Some(Some(_)) => {}
        }
    }
    Ok(())
}

fn max_tokens(fields: &Map<String, Value>, model: &Model) -> Result<u64, ApiError> {
    let value = fields.get("max_tokens").ok_or_else(|| required("max_tokens"))?;
    let wanted = match value.as_i64() {
        Some(wanted) if wanted < 0 => {
            let message = "max_tokens: Input should be greater than or equal to 0";
            return Err(ApiError::invalid_request(message));
        }
        Some(wanted) => wanted.unsigned_abs(),
        None => return Err(wrong_type("max_tokens", "integer")),
    };
    if wanted > model.max_output_tokens {
        return Err(ApiError::invalid_request(format!(
            "max_tokens: {wanted} > {}, which is the maximum allowed number of output tokens for {}",
            model.max_output_tokens, model.id
        )));
    }
    Ok(wanted)
}

fn read_system(system: Option<&Value>, reading: &mut Reading) -> Result<(), ApiError> {
    let mut text = String::new();
    match system {
        None | Some(Value::Null) => {}
        Some(content) => read_content(content, "system", &mut text, &mut reading.attachments)?,
    }
    reading.system_bytes = text.len() as u64;
    Ok(())
}

fn read_messages(
    messages: Option<&Value>,
    version: Version,
    reading: &mut Reading,
) -> Result<(), ApiError> {
    let messages = match messages {
        None => return Err(required("messages")),
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
        read_message(index, message, version, reading)?;
    }
    Ok(())
}

fn read_message(
    index: usize,
    message: &Value,
    version: Version,
    reading: &mut Reading,
) -> Result<(), ApiError> {
    let place = format!("messages.{index}");
    let Value::Object(fields) = message else {
        return Err(wrong_type(&place, "dictionary"));
    };
    let role = match fields.get("role") {
        Some(Value::String(role)) => role.as_str(),
        Some(_) => return Err(wrong_type(&format!("{place}.role"), "string")),
        None => return Err(required(&format!("{place}.role"))),
    };
    if !matches!(role, "user" | "assistant") {
        return Err(ApiError::invalid_request(format!(
            "{place}.role: Input should be 'user' or 'assistant'"
        )));
    }
    if index == 0 && role != "user" {
        let message = "messages: first message must use the \"user\" role";
        return Err(ApiError::invalid_request(message));
    }
    let content = fields.get("content").ok_or_else(|| required(&format!("{place}.content")))?;
    if version == Version::V2026 {
        check_content_2026(content, role, &place)?;
    }
    let place = format!("{place}.content");
    read_content(content, &place, &mut reading.text, &mut reading.attachments)
}

/// The content rules that came with version 2026-10-21.
fn check_content_2026(content: &Value, role: &str, place: &str) -> Result<(), ApiError> {
    for (index, block) in content.as_array().into_iter().flatten().enumerate() {
        let place = format!("{place}.content.{index}");
        let kind = block.get("type").and_then(Value::as_str);
        if role == "assistant" && kind == Some("document") {
            return Err(ApiError::invalid_request(format!(
                "{place}: document blocks are not permitted in assistant messages"
            )));
        }
        let cites = block.get("citations").and_then(Value::as_array);
        if role == "user" && kind == Some("text") && cites.is_some_and(|list| !list.is_empty()) {
            return Err(ApiError::invalid_request(format!(
                "{place}.citations: Extra inputs are not permitted"
            )));
        }
    }
    Ok(())
}

/// Content is a string, or a list of blocks of which the text blocks have text.
fn read_content(
    content: &Value,
    place: &str,
    text: &mut String,
    attachments: &mut u64,
) -> Result<(), ApiError> {
    let blocks = match content {
        Value::String(string) => {
            text.push_str(string);
            return Ok(());
        }
        Value::Array(blocks) => blocks,
        _ => {
            return Err(ApiError::invalid_request(format!(
                "{place}: Input should be a valid string or list"
            )));
        }
    };
    for (index, block) in blocks.iter().enumerate() {
        let place = format!("{place}.{index}");
        match block.get("type").and_then(Value::as_str) {
            None => return Err(required(&format!("{place}.type"))),
            Some("text") => match block.get("text") {
                Some(Value::String(string)) => text.push_str(string),
                Some(_) => return Err(wrong_type(&format!("{place}.text"), "string")),
                None => return Err(required(&format!("{place}.text"))),
            },
            Some("image" | "document") => *attachments += 1,
            // Tool calls, their results and thinking are read as the text they are sent as.
            Some(_) => text.push_str(&block.to_string()),
        }
    }
    Ok(())
}

fn string<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a str, ApiError> {
    match fields.get(name) {
        Some(Value::String(string)) => Ok(string),
        Some(_) => Err(wrong_type(name, "string")),
        None => Err(required(name)),
    }
}

fn required(place: &str) -> ApiError {
    ApiError::invalid_request(format!("{place}: Field required"))
}

fn wrong_type(place: &str, wanted: &str) -> ApiError {
    ApiError::invalid_request(format!("{place}: Input should be a valid {wanted}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn refusal(body: &Value, version: Version) -> String {
        let error = MessagesRequest::parse(body.to_string().as_bytes(), version).unwrap_err();
        format!("{} {}", error.status, error.message)
    }

    fn good() -> Value {
        json!({
            "model": "claude-sonnet-4-5",
            "max_tokens": 100,
            "messages": [{"role": "user", "content": "hello"}],
        })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut body = good();
        body[name] = value;
        body
    }

    fn without(name: &str) -> Value {
        let mut body = good();
        body.as_object_mut().unwrap().remove(name);
        body
    }

    #[test]
    fn what_the_api_refuses_is_refused_in_its_words() {
        let check = |body: &Value, expected: &str| {
            assert_eq!(refusal(body, Version::V2023), expected);
        };
        check(&without("max_tokens"), "400 max_tokens: Field required");
        check(&without("messages"), "400 messages: Field required");
        check(&without("model"), "400 model: Field required");
        check(&with("model", json!("gpt-4")), "404 model: gpt-4");
        check(&with("max_tokens", json!("10")), "400 max_tokens: Input should be a valid integer");
        check(&with("messages", json!([])), "400 messages: at least one message is required");
        check(&with("colour", json!(1)), "400 colour: Extra inputs are not permitted");
        check(
            &with("temperature", json!(1.5)),
            "400 temperature: Input should be less than or equal to 1",
        );
        check(
            &with("messages", json!([{"role": "assistant", "content": "x"}])),
            "400 messages: first message must use the \"user\" role",
        );
        check(
            &with("messages", json!([{"role": "user", "content": "x".repeat(700_001)}])),
            "400 prompt is too long: 200001 tokens > 200000 maximum",
        );
    }

    #[test]
    fn the_newer_version_refuses_what_the_older_one_takes() {
        let sampled = with("temperature", json!(1.0));
        assert!(MessagesRequest::parse(sampled.to_string().as_bytes(), Version::V2023).is_ok());
        assert_eq!(
            refusal(&sampled, Version::V2026),
            "400 temperature: Extra inputs are not permitted"
        );
        let cited = with(
            "messages",
            json!([{"role": "user", "content": [
                {"type": "text", "text": "x", "citations": [{"type": "char_location"}]}
            ]}]),
        );
        assert!(MessagesRequest::parse(cited.to_string().as_bytes(), Version::V2023).is_ok());
        assert!(refusal(&cited, Version::V2026).contains("citations"));
    }

    #[test]
    fn text_blocks_are_read_in_order() {
        let body = with(
            "messages",
            json!([{"role": "user", "content": [
                {"type": "text", "text": "one "}, {"type": "text", "text": "two"}
            ]}]),
        );
        let request = MessagesRequest::parse(body.to_string().as_bytes(), Version::V2026).unwrap();
        assert_eq!(request.text, "one two");
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = MessagesRequest::parse(&bytes, Version::V2023);
        }
    }
}

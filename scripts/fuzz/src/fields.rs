//! Valid requests of which fields are changed, so that what stands behind a good document is
//! reached: the input is a list of changes.

use serde_json::{Value, json};

use super::bodies::send;
use super::choices::Choices;

/// The most changes that are made to one request.
const MOST: usize = 12;

/// What takes the place of a value, besides other values of the same request.
fn replacement(choices: &mut Choices<'_>) -> Value {
    match choices.byte() % 20 {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(0),
        3 => json!(-1),
        4 => json!(u64::MAX),
        5 => json!(1.5),
        6 => json!(""),
        7 => json!([]),
        8 => json!({}),
        9 => json!("x".repeat(choices.number() % 5_000)),
        10 => json!("\u{0}\u{feff}\u{1F600}é\r\n"),
        11 => json!({"type": "text", "text": "x"}),
        12 => json!({"type": "ephemeral", "ttl": "1h"}),
        13 => json!({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}),
        14 => json!({"type": "enabled", "budget_tokens": 1024}),
        15 => json!({"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}),
        16 => json!(["anyOf", {"anyOf": [{"type": "integer"}, {"enum": [1, "a"]}]}]),
        17 => nested(usize::from(choices.byte())),
        18 => json!(choices.number()),
        _ => json!(String::from_utf8_lossy(choices.line())),
    }
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(
        json!(1),
        |inner, level| if level % 2 == 0 { json!([inner]) } else { json!({"a": inner}) },
    )
}

fn base(choices: &mut Choices<'_>) -> (&'static str, Value) {
    let schema = json!({
        "type": "object", "additionalProperties": false, "required": ["city", "days"],
        "properties": {
            "city": {"type": "string", "pattern": "^[A-Z][a-z]{2,8}$", "maxLength": 9},
            "days": {"type": "array", "minItems": 1, "maxItems": 3,
                "items": {"$ref": "#/$defs/day"}},
        },
        "$defs": {"day": {"type": "integer", "minimum": 1, "maximum": 7, "multipleOf": 1}},
    });
    let tool = json!({"name": "forecast", "description": "The weather", "input_schema": schema,
        "cache_control": {"type": "ephemeral"}});
    let message = json!({
        "model": "claude-sonnet-4-5", "max_tokens": 2048, "temperature": 1.0, "stream": false,
        "stop_sequences": ["END"], "metadata": {"user_id": "u"}, "service_tier": "auto",
        "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        "tools": [tool], "tool_choice": {"type": "auto", "disable_parallel_tool_use": true},
        "messages": [
            {"role": "user", "content": "weather?"},
            {"role": "assistant", "content": [
                {"type": "tool_use", "id": "toolu_1", "name": "forecast",
                 "input": {"city": "Pune", "days": [1]}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": "rain",
                 "is_error": false},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png",
                 "data": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"}},
                {"type": "document", "source": {"type": "text", "media_type": "text/plain",
                 "data": "a page"}, "title": "t", "citations": {"enabled": true}}]}],
    });
    let mut streamed = message.clone();
    streamed["stream"] = json!(true);
    streamed["thinking"] = json!({"type": "enabled", "budget_tokens": 1024});
    let mut shaped = message.clone();
    shaped["output_config"] = json!({"format": {"type": "json_schema", "schema": schema}});
    let tokens = json!({"model": message["model"], "messages": message["messages"],
        "system": message["system"], "tools": message["tools"]});
    let batch = json!({"requests": [
        {"custom_id": "a", "params": message}, {"custom_id": "b", "params": shaped}]});
    match choices.byte() % 5 {
        0 => ("/v1/messages", message),
        1 => ("/v1/messages", streamed),
        2 => ("/v1/messages", shaped),
        3 => ("/v1/messages/count_tokens", tokens),
        _ => ("/v1/messages/batches", batch),
    }
}

pub(crate) fn feed(data: &[u8]) {
    let mut choices = Choices(data);
    let (route, mut body) = base(&mut choices);
    for _ in 0..MOST {
        if choices.is_over() {
            break;
        }
        let places = count(&body);
        let (at, kind) = (choices.number() % places, choices.byte() % 4);
        let new = match kind {
            0 => Change::Remove,
            1 => {
                let other = choices.number() % places;
                Change::Put(nth(&mut body, other).map(|value| value.clone()).unwrap_or_default())
            }
            2 => Change::Add(replacement(&mut choices)),
            _ => Change::Put(replacement(&mut choices)),
        };
        apply(&mut body, at, new);
    }
    send(route, body.to_string().as_bytes());
}

enum Change {
    Remove,
    Put(Value),
    Add(Value),
}

/// How many values there are in a value, itself included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// One of them by its number, from the outside in.
fn nth(value: &mut Value, number: usize) -> Option<&mut Value> {
    if number == 0 {
        return Some(value);
    }
    let mut left = number - 1;
    let inner: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(fields) => fields.values_mut().collect(),
        _ => Vec::new(),
    };
    for value in inner {
        let values = count(value);
        if left < values {
            return nth(value, left);
        }
        left -= values;
    }
    None
}

fn apply(body: &mut Value, at: usize, change: Change) {
    let Some(place) = nth(body, at) else { return };
    match (change, place) {
        (Change::Add(new), Value::Array(items)) => items.push(new),
        (Change::Add(new), Value::Object(fields)) => {
            fields.insert("more".to_owned(), new);
        }
        (Change::Put(new) | Change::Add(new), place) => *place = new,
        (Change::Remove, Value::Array(items)) => {
            items.pop();
        }
        (Change::Remove, Value::Object(fields)) => {
            let first = fields.keys().next().cloned();
            first.and_then(|first| fields.remove(&first));
        }
        (Change::Remove, place) => *place = Value::Null,
    }
}

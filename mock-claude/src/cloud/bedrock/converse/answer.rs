//! A message as the answer to `Converse`.

use serde_json::{Value, json};

/// The answer, which took this long.
pub(in crate::cloud::bedrock) fn answer(message: &Value, latency_ms: u64) -> Value {
    let blocks = message["content"].as_array().into_iter().flatten();
    let content: Vec<Value> = blocks.filter_map(block).collect();
    json!({
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stop_reason(&message["stop_reason"]),
        "usage": usage(&message["usage"]),
        "metrics": {"latencyMs": latency_ms},
    })
}

fn block(block: &Value) -> Option<Value> {
    Some(match block["type"].as_str()? {
        "text" => json!({"text": block["text"]}),
        "thinking" => json!({"reasoningContent": {"reasoningText": {
            "text": block["thinking"], "signature": block["signature"],
        }}}),
        "redacted_thinking" => json!({"reasoningContent": {"redactedContent": block["data"]}}),
        "tool_use" => json!({"toolUse": {
            "toolUseId": block["id"], "name": block["name"], "input": block["input"],
        }}),
        _ => return None,
    })
}

/// Why it stopped. Bedrock has no word for a pause, and calls a refusal a filter's.
pub(super) fn stop_reason(reason: &Value) -> &str {
    match reason.as_str().unwrap_or("end_turn") {
        "refusal" => "content_filtered",
        "pause_turn" => "end_turn",
        same => same,
    }
}

/// The tokens. What was read from the cache and written to it is no part of `inputTokens`, but of
/// the total.
pub(super) fn usage(usage: &Value) -> Value {
    let tokens = |name: &str| usage[name].as_u64().unwrap_or(0);
    let (input, output) = (tokens("input_tokens"), tokens("output_tokens"));
    let read = tokens("cache_read_input_tokens");
    let written = tokens("cache_creation_input_tokens");
    json!({
        "inputTokens": input,
        "outputTokens": output,
        "totalTokens": input.saturating_add(output).saturating_add(read).saturating_add(written),
        "cacheReadInputTokens": read,
        "cacheWriteInputTokens": written,
    })
}

//! The events of a message as those of `ConverseStream`.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::super::super::common::note;
use super::super::error::Exception;
use super::super::frame;
use super::answer;
use crate::api::sse::Frame;

/// A stream and what its last event has to say.
#[derive(Debug, Default)]
pub(in crate::cloud::bedrock) struct Stream {
    usage: Map<String, Value>,
    stop_reason: Value,
}

impl Stream {
    /// What stands in place of an event that comes after this many milliseconds.
    pub(in crate::cloud::bedrock) fn pass(&mut self, event: &Frame, at_ms: u64) -> Vec<Bytes> {
        let Some(data) = event.data() else {
            // What is no JSON any more is none here either.
            let broken = event.text.lines().find_map(|line| line.strip_prefix("data: "));
            let broken = broken.map(|data| frame::event("contentBlockDelta", data.to_owned()));
            return broken.into_iter().collect();
        };
        let index = &data["index"];
        match event.kind() {
            "message_start" => {
                note(&mut self.usage, &data["message"]["usage"]);
                vec![written("messageStart", &json!({"role": "assistant"}))]
            }
            "content_block_start" => start(&data["content_block"], index).into_iter().collect(),
            "content_block_delta" => delta(&data["delta"], index).into_iter().collect(),
            "content_block_stop" => {
                vec![written("contentBlockStop", &json!({"contentBlockIndex": index}))]
            }
            "message_delta" => {
                note(&mut self.usage, &data["usage"]);
                self.stop_reason = data["delta"]["stop_reason"].clone();
                Vec::new()
            }
            "message_stop" => {
                let stop = json!({"stopReason": answer::stop_reason(&self.stop_reason)});
                let usage = answer::usage(&Value::Object(std::mem::take(&mut self.usage)));
                let metadata = json!({"usage": usage, "metrics": {"latencyMs": at_ms}});
                vec![written("messageStop", &stop), written("metadata", &metadata)]
            }
            "error" => vec![frame::exception(&Exception::of_event(&data["error"]))],
            "ping" => Vec::new(),
            unknown => vec![written(unknown, &data)],
        }
    }
}

/// Only a call of a tool is announced.
fn start(block: &Value, index: &Value) -> Option<Bytes> {
    let call = (block["type"] == "tool_use").then(|| {
        json!({
            "start": {"toolUse": {"toolUseId": block["id"], "name": block["name"]}},
            "contentBlockIndex": index,
        })
    })?;
    Some(written("contentBlockStart", &call))
}

fn delta(delta: &Value, index: &Value) -> Option<Bytes> {
    let said = match delta["type"].as_str()? {
        "text_delta" => json!({"text": delta["text"]}),
        "input_json_delta" => json!({"toolUse": {"input": delta["partial_json"]}}),
        "thinking_delta" => json!({"reasoningContent": {"text": delta["thinking"]}}),
        "signature_delta" => json!({"reasoningContent": {"signature": delta["signature"]}}),
        _ => return None,
    };
    let event = json!({"delta": said, "contentBlockIndex": index});
    Some(written("contentBlockDelta", &event))
}

fn written(name: &str, data: &Value) -> Bytes {
    frame::event(name, data.to_string())
}

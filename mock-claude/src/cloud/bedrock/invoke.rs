//! `InvokeModel`: the API's own words, with the version in the body and the model in the path.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::super::common::{self, version};
use super::asked::Asked;
use super::error::Exception;
use super::frame;
use crate::api::error::ApiError;
use crate::api::sse::Frame;

/// The message that a body asks for.
pub(super) fn message(mut fields: Map<String, Value>) -> Result<Asked, ApiError> {
    let version = version(&mut fields, "bedrock-2023-05-31")?;
    let betas = match fields.remove("anthropic_beta") {
        None => Vec::new(),
        Some(Value::Array(betas)) => {
            betas.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        Some(_) => {
            let message = "anthropic_beta: Input should be a valid list";
            return Err(ApiError::invalid_request(message));
        }
    };
    for name in ["model", "stream"] {
        if fields.contains_key(name) {
            let message = format!("{name}: Extra inputs are not permitted");
            return Err(ApiError::invalid_request(message));
        }
    }
    Ok(Asked { fields, version, betas })
}

/// A message's id is Bedrock's own.
pub(super) fn rename(message: &mut Value) {
    common::rename(message, "bdrk");
}

/// A stream of chunks, each an event of the API in base64.
#[derive(Debug, Default)]
pub(super) struct Stream {
    usage: Map<String, Value>,
    first_byte_ms: Option<u64>,
}

impl Stream {
    /// What stands in place of an event that comes after this many milliseconds.
    pub(super) fn pass(&mut self, event: &Frame, at_ms: u64) -> Vec<Bytes> {
        let Some(mut data) = event.data() else {
            let data = event.text.lines().find_map(|line| line.strip_prefix("data: "));
            return data.map(|data| chunk(data.as_bytes())).into_iter().collect();
        };
        match event.kind() {
            "ping" => return Vec::new(),
            "error" => return vec![frame::exception(&Exception::of_event(&data["error"]))],
            "message_start" => {
                self.first_byte_ms = Some(at_ms);
                rename(&mut data["message"]);
                common::note(&mut self.usage, &data["message"]["usage"]);
            }
            "message_delta" => common::note(&mut self.usage, &data["usage"]),
            "message_stop" => data["amazon-bedrock-invocationMetrics"] = self.metrics(at_ms),
            _ => {}
        }
        vec![chunk(data.to_string().as_bytes())]
    }

    fn metrics(&self, at_ms: u64) -> Value {
        let tokens = |name: &str| self.usage.get(name).and_then(Value::as_u64).unwrap_or(0);
        json!({
            "inputTokenCount": tokens("input_tokens"),
            "outputTokenCount": tokens("output_tokens"),
            "invocationLatency": at_ms,
            "firstByteLatency": self.first_byte_ms.unwrap_or(at_ms),
            "cacheReadInputTokenCount": tokens("cache_read_input_tokens"),
            "cacheWriteInputTokenCount": tokens("cache_creation_input_tokens"),
        })
    }
}

fn chunk(data: &[u8]) -> Bytes {
    frame::event("chunk", json!({"bytes": BASE64.encode(data)}).to_string())
}

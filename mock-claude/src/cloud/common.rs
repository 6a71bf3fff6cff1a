//! What every cloud needs of a request and of its answer.

use axum::body::{Body, to_bytes};
use http::HeaderMap;
use http::request::Parts;
use http::uri::PathAndQuery;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::account::BedrockAccount;
use crate::api::error::ApiError;
use crate::basis::clock::Clock;
use crate::journal::trace::Handle;

/// The type of a stream of frames, as AWS sends events.
pub(crate) const EVENT_STREAM_OF_AWS: &str = "application/vnd.amazon.eventstream";

/// A request as it came by a cloud, and what it is judged by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Received<'a> {
    pub(crate) head: &'a Parts,
    pub(crate) body: &'a [u8],
    pub(crate) account: &'a BedrockAccount,
    pub(crate) clock: Clock,
}

/// The path and query of a request as they were sent, where the mock has taken a prefix off them:
/// a client signs what it sends.
#[derive(Debug, Clone)]
pub(crate) struct AsSent(pub(crate) PathAndQuery);

/// A request for a message, made of a cloud's.
#[derive(Debug)]
pub(crate) struct Translated {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A request that came by a cloud, as far as its answer has to know.
#[derive(Debug)]
pub(super) struct Came {
    /// The model as the path names it.
    pub(super) model: String,
    pub(super) started: Instant,
    pub(super) clock: Clock,
    pub(super) trace: Handle,
}

impl Came {
    /// Milliseconds since the request came.
    pub(super) fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// The fields of a JSON object.
pub(super) fn fields(body: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Some(fields),
        _ => None,
    }
}

/// The version of the API that a body names, taken out of it: the cloud's `own` name of the first,
/// or the second as it is.
pub(super) fn version(
    fields: &mut Map<String, Value>,
    own: &str,
) -> Result<&'static str, ApiError> {
    match fields.remove("anthropic_version").as_ref().and_then(Value::as_str) {
        Some(named) if named == own => Ok("2023-06-01"),
        Some("2026-10-21") => Ok("2026-10-21"),
        Some(other) => {
            let message = format!("anthropic_version: \"{other}\" is not a valid version");
            Err(ApiError::invalid_request(message))
        }
        None => Err(ApiError::invalid_request("anthropic_version: Field required")),
    }
}

/// Gives a message the id that it has by way of a cloud: `msg_vrtx_` and the letters.
pub(super) fn rename(message: &mut Value, cloud: &str) {
    if let Some(letters) = message["id"].as_str().and_then(|id| id.strip_prefix("msg_")) {
        message["id"] = format!("msg_{cloud}_{letters}").into();
    }
}

/// Takes what an event says of tokens: its numbers are those of the whole message.
pub(super) fn note(usage: &mut Map<String, Value>, told: &Value) {
    for (name, value) in told.as_object().into_iter().flatten() {
        usage.insert(name.clone(), value.clone());
    }
}

/// The whole body of an answer, which is never larger than what the mock made.
pub(super) async fn whole(body: Body) -> Vec<u8> {
    to_bytes(body, usize::MAX).await.map(Vec::from).unwrap_or_default()
}

/// The error that a refusal's body holds: type, message and code.
pub(super) fn error_in(body: &[u8]) -> Option<(String, String, Option<String>)> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let error = value.get("error")?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let code = error.pointer("/details/error_code").and_then(text);
    Some((text(error.get("type")?)?, text(error.get("message")?)?, code))
}

//! Errors as AWS gives them: the type in a header, nothing but words in the body, and no hint when
//! to try again.
//!
//! Statuses are those of botocore's model of `bedrock-runtime`; the words are those of public
//! reports (RooCodeInc/Roo-Code#5050, aws-samples/amazon-bedrock-client-for-mac#99,
//! anthropics/claude-code#1466).

use axum::response::Response;
use http::response::Parts;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::super::common::error_in;
use crate::api::error::injected;
use crate::api::headers::JSON;

/// An error of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exception {
    status: u16,
    pub(super) kind: String,
    pub(super) message: String,
}

/// The types that are known, each with its status and its usual words.
const KNOWN: [(&str, u16, &str); 11] = [
    ("ThrottlingException", 429, "Too many requests, please wait before trying again."),
    ("ServiceUnavailableException", 503, "Bedrock is unable to process your request."),
    (
        "InternalServerException",
        500,
        "The system encountered an unexpected error during processing. Try your request again.",
    ),
    (
        "ModelErrorException",
        424,
        "The system encountered an unexpected error during processing. Try your request again.",
    ),
    (
        "ModelTimeoutException",
        408,
        "Model has timed out in processing the request. Try your request again.",
    ),
    (
        "ModelNotReadyException",
        429,
        "Model is not ready for inference. Wait and try your request again.",
    ),
    (
        "AccessDeniedException",
        403,
        "You don't have access to the model with the specified model ID.",
    ),
    ("UnrecognizedClientException", 403, "The security token included in the request is invalid."),
    (
        "ServiceQuotaExceededException",
        400,
        "Your request exceeds the service quota for your account.",
    ),
    ("ResourceNotFoundException", 404, "The requested resource was not found."),
    ("ValidationException", 400, "The request was rejected."),
];

static ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// What AWS's services add to the type of an error.
const NAMESPACE: &str = "http://internal.amazon.com/coral/com.amazon.bedrock/";

impl Exception {
    /// The exception that an error of the API stands for.
    pub(super) fn of(status: u16, body: &[u8]) -> Self {
        let (_, message, code) = error_in(body).unwrap_or_default();
        let code = code.filter(|code| code.ends_with("Exception"));
        let kind = code.unwrap_or_else(|| kind_of(status, &message).to_owned());
        let known = KNOWN.iter().find(|(name, ..)| *name == kind);
        let status = known.map_or(status, |(_, status, _)| *status);
        // What a fault says without words of its own is in the words of the API.
        let is_usual = (400..600).any(|status| injected(status).message == message);
        let message = match known {
            Some((.., usual)) if is_usual || message.is_empty() => (*usual).to_owned(),
            _ => reworded(message),
        };
        Self { status, kind, message }
    }

    /// The exception of an error event in a stream.
    pub(super) fn of_event(error: &Value) -> Self {
        let status = match error["type"].as_str().unwrap_or_default() {
            "rate_limit_error" => 429,
            "overloaded_error" => 503,
            "timeout_error" => 408,
            "invalid_request_error" => 400,
            _ => 500,
        };
        let text = |name| error[name].as_str().unwrap_or_default();
        let body = json!({"error": {"type": text("type"), "message": text("message")}});
        Self::of(status, body.to_string().as_bytes())
    }

    pub(super) fn response(self, mut head: Parts) -> Response {
        head.status =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        head.headers.insert(header::CONTENT_TYPE, JSON);
        if let Ok(kind) = HeaderValue::try_from(format!("{}:{NAMESPACE}", self.kind)) {
            head.headers.insert(&ERROR_TYPE, kind);
        }
        Response::from_parts(head, json!({"message": self.message}).to_string().into())
    }
}

/// The type of an error that has none of AWS's.
fn kind_of(status: u16, message: &str) -> &'static str {
    match status {
        404 if message.starts_with("model: ") => "ValidationException",
        401 => "UnrecognizedClientException",
        402 | 403 => "AccessDeniedException",
        404 => "ResourceNotFoundException",
        408 | 504 => "ModelTimeoutException",
        424 => "ModelErrorException",
        429 => "ThrottlingException",
        500..=502 => "InternalServerException",
        503.. => "ServiceUnavailableException",
        _ => "ValidationException",
    }
}

/// What Bedrock says in other words than the API.
fn reworded(message: String) -> String {
    if message.starts_with("prompt is too long") {
        return "Input is too long for requested model.".to_owned();
    }
    if message.contains("`anthropic-beta` header") {
        return "invalid beta flag".to_owned();
    }
    if message.starts_with("This request would exceed") {
        let tokens = message.contains(" tokens per minute");
        let what = if tokens { "tokens" } else { "requests" };
        return format!("Too many {what}, please wait before trying again.");
    }
    message
}

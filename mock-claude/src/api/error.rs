//! The errors of the API: status, type and message, and the body that carries them.
//!
//! One constructor per documented status; the message of each is the API's own wording where it
//! is known. Machine codes are those of `error_codes`.

use serde::Serialize;
use serde_json::{Map, Value};

use super::error_codes;

/// An error as the API reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// The error type, for example `rate_limit_error`.
    pub kind: &'static str,
    /// The message.
    pub message: String,
    /// Seconds for the `retry-after` header.
    pub retry_after_s: Option<u64>,
    /// The `details` of the body: an object with an `error_code`, null where the API writes null,
    /// absent where it writes nothing.
    pub details: Option<Value>,
    /// What `x-should-retry` says, where it is not what the status says.
    pub retry: Option<bool>,
    /// Whether the server in front of the API answers: it knows no request id, and its body has
    /// neither that nor a `type`.
    pub is_of_edge: bool,
}

impl ApiError {
    /// An error of this status with its documented type.
    pub fn of_status(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            kind: kind_of(status),
            message: message.into(),
            retry_after_s: None,
            details: (status == 529).then_some(Value::Null),
            retry: None,
            is_of_edge: false,
        }
    }

    /// An error with a machine code and the status that goes with it; none for a code that the
    /// catalogue does not have.
    pub fn of_code(code: &str, message: impl Into<String>) -> Option<Self> {
        Some(Self::of_status(error_codes::status_of(code)?, message).code(code))
    }

    /// 400: the request is wrong.
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::of_status(400, message)
    }

    /// 413: the body is larger than a request may be.
    pub fn too_large() -> Self {
        Self::of_status(413, "Request exceeds the maximum allowed number of bytes")
    }

    /// 413: the same, said before the API has seen the request, in the words of
    /// anthropics/claude-code#10314.
    pub(crate) fn too_large_for_the_edge() -> Self {
        let error = Self::of_status(413, "Request exceeds the maximum size");
        Self { is_of_edge: true, ..error }
    }

    /// 400: the client left before its request was whole, or sent no HTTP.
    pub fn broken_off() -> Self {
        Self::invalid_request("The request body could not be read: it ended too early")
    }

    /// The error with a `retry-after` header.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The error with `details.error_code`.
    #[must_use]
    pub fn code(self, code: &str) -> Self {
        self.detail("error_code", code)
    }

    /// The error with one more field in its `details`.
    #[must_use]
    pub fn detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        let mut fields = match self.details.take() {
            Some(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        fields.insert(name.to_owned(), value.into());
        self.details = Some(Value::Object(fields));
        self
    }

    /// The machine code, where the error has one.
    pub fn error_code(&self) -> Option<&str> {
        self.details.as_ref()?.get("error_code")?.as_str()
    }

    /// The error with `x-should-retry: false`, whatever its status.
    #[must_use]
    pub fn should_not_retry(mut self) -> Self {
        self.retry = Some(false);
        self
    }

    /// Whether the API asks clients to try again, as its `x-should-retry` header says.
    pub const fn should_retry(&self) -> bool {
        match self.retry {
            Some(retry) => retry,
            None => matches!(self.status, 408 | 409 | 429 | 500..),
        }
    }

    /// The JSON body.
    pub fn body(&self, request_id: &str) -> String {
        let body = Body {
            kind: (!self.is_of_edge).then_some("error"),
            error: ErrorObject {
                kind: self.kind,
                message: &self.message,
                details: self.details.as_ref(),
            },
            request_id: (!self.is_of_edge).then_some(request_id),
        };
        serde_json::to_string(&body).expect("strings serialise")
    }
}

/// The wording of a status that a fault plan injects.
pub(crate) fn injected(status: u16) -> ApiError {
    let message = match status {
        429 => "This request would exceed your organization's rate limit.",
        529 => "Overloaded",
        401 => "invalid x-api-key",
        400..=499 => "The request was rejected.",
        _ => "Internal server error",
    };
    ApiError::of_status(status, message)
}

/// The error type that goes with a status.
const fn kind_of(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}

/// The documented error types.
const KINDS: [&str; 11] = [
    "api_error",
    "authentication_error",
    "billing_error",
    "conflict_error",
    "invalid_request_error",
    "not_found_error",
    "overloaded_error",
    "permission_error",
    "rate_limit_error",
    "request_too_large",
    "timeout_error",
];

/// An error type that came over the wire as one of the documented ones.
pub(crate) fn known_kind(kind: &str) -> &'static str {
    KINDS.into_iter().find(|known| *known == kind).unwrap_or("other")
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    error: ErrorObject<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

#[derive(Serialize)]
struct ErrorObject<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_has_the_shape_that_clients_parse() {
        insta::assert_snapshot!(
            ApiError::of_status(529, "Overloaded").body("req_1"),
            @r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded","details":null},"request_id":"req_1"}"#
        );
    }

    #[test]
    fn a_code_is_in_the_details_with_its_fields_and_its_status() {
        let error = ApiError::of_code("image_dimensions_too_large", "too large")
            .unwrap()
            .detail("max_side_length_pixels", 8000);
        insta::assert_snapshot!(
            error.body("req_1"),
            @r#"{"type":"error","error":{"type":"invalid_request_error","message":"too large","details":{"error_code":"image_dimensions_too_large","max_side_length_pixels":8000}},"request_id":"req_1"}"#
        );
        assert_eq!(error.error_code(), Some("image_dimensions_too_large"));
        assert_eq!(ApiError::of_code("made_up", "x"), None);
    }

    #[test]
    fn every_status_of_the_catalogue_has_its_documented_type() {
        for (status, kind) in [
            (400, "invalid_request_error"),
            (401, "authentication_error"),
            (402, "billing_error"),
            (403, "permission_error"),
            (404, "not_found_error"),
            (409, "conflict_error"),
            (413, "request_too_large"),
            (429, "rate_limit_error"),
            (500, "api_error"),
            (504, "timeout_error"),
            (529, "overloaded_error"),
        ] {
            assert_eq!(ApiError::of_status(status, "x").kind, kind, "{status}");
        }
    }

    #[test]
    fn a_wrong_request_is_not_worth_retrying_and_an_overload_is() {
        assert!(!ApiError::invalid_request("x").should_retry());
        assert!(ApiError::of_status(529, "x").should_retry());
    }
}

//! The errors of the API: status, type and message, and the body that carries them.
//!
//! One constructor per documented status; the message of each is the API's own wording where it
//! is known.

use serde::Serialize;

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
}

impl ApiError {
    /// An error of this status with its documented type.
    pub fn of_status(status: u16, message: impl Into<String>) -> Self {
        Self { status, kind: kind_of(status), message: message.into(), retry_after_s: None }
    }

    /// 400: the request is wrong.
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::of_status(400, message)
    }

    /// The error with a `retry-after` header.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Whether the API asks clients to try again, as its `x-should-retry` header says.
    pub const fn should_retry(&self) -> bool {
        matches!(self.status, 408 | 409 | 429 | 500..)
    }

    /// The JSON body.
    pub fn body(&self, request_id: &str) -> String {
        let body = Body {
            kind: "error",
            error: Inner { kind: self.kind, message: &self.message },
            request_id,
        };
        serde_json::to_string(&body).expect("strings serialise")
    }
}

/// The wording of a status that a fault plan injects.
pub fn injected(status: u16) -> ApiError {
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
    #[serde(rename = "type")]
    kind: &'static str,
    error: Inner<'a>,
    request_id: &'a str,
}

#[derive(Serialize)]
struct Inner<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_has_the_shape_that_clients_parse() {
        insta::assert_snapshot!(
            ApiError::of_status(529, "Overloaded").body("req_1"),
            @r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}"#
        );
    }

    #[test]
    fn a_wrong_request_is_not_worth_retrying_and_an_overload_is() {
        assert!(!ApiError::invalid_request("x").should_retry());
        assert!(ApiError::of_status(529, "x").should_retry());
    }
}

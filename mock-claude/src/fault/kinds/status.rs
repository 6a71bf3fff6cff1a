//! Status faults: an HTTP error in place of the reply, with the headers that a client goes by,
//! right, wrong or missing.
//!
//! Without further keys the error is the documented one: type, wording and `x-should-retry` of its
//! status, and no `retry-after`.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::Problem;

use crate::api::error::{self, ApiError};
use crate::api::headers::{RETRY_AFTER_MS, SHOULD_RETRY};
use crate::fault::effect::Effect;
use crate::fault::effect::touch::Touch;
use crate::fault::kind::{Drawn, Kind};
use crate::fault::when::{Asked, When};

/// A `[[fault]]` of kind `status`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusFault {
    /// The fault's name in the records.
    #[serde(default)]
    pub name: Option<String>,
    /// The HTTP status.
    #[schemars(range(min = 400, max = 599))]
    pub status: u16,
    /// The error type, where it is not the one of the status.
    #[serde(default)]
    pub error_type: Option<ErrorType>,
    /// The message, where it is not the usual one.
    #[serde(default)]
    pub message: Option<String>,
    /// The `error_code` in the error's details, for example `enforced_spend_limit_reached`.
    #[serde(default)]
    pub error_code: Option<String>,
    /// Seconds in a `retry-after` header; no header without it.
    #[serde(default)]
    #[schemars(range(max = 31_536_000))]
    pub retry_after_s: Option<u64>,
    /// The `retry-after` header as a date this many seconds from now.
    #[serde(default)]
    #[schemars(range(max = 31_536_000))]
    pub retry_after_date_s: Option<u64>,
    /// The `retry-after` header as it is given here: no number, a huge one, anything.
    #[serde(default)]
    pub retry_after_text: Option<String>,
    /// Milliseconds in a `retry-after-ms` header.
    #[serde(default)]
    pub retry_after_ms: Option<u64>,
    /// The `x-should-retry` header, where it is not the one of the status.
    #[serde(default)]
    pub should_retry: Option<bool>,
    /// An HTML page in place of the API's error, as a proxy in front of the API sends it.
    #[serde(default)]
    pub html: bool,
    /// No body at all, as a proxy in front of the API sends it with its own statuses (520 to 524).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub empty: bool,
    /// Headers of the response besides: added, or in place of its own. An empty text removes one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Which requests it hits.
    #[serde(default)]
    pub when: When,
}

/// The error types of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the API's own")]
pub enum ErrorType {
    InvalidRequestError,
    AuthenticationError,
    BillingError,
    PermissionError,
    NotFoundError,
    ConflictError,
    RequestTooLarge,
    RateLimitError,
    TimeoutError,
    ApiError,
    OverloadedError,
}

impl ErrorType {
    const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequestError => "invalid_request_error",
            Self::AuthenticationError => "authentication_error",
            Self::BillingError => "billing_error",
            Self::PermissionError => "permission_error",
            Self::NotFoundError => "not_found_error",
            Self::ConflictError => "conflict_error",
            Self::RequestTooLarge => "request_too_large",
            Self::RateLimitError => "rate_limit_error",
            Self::TimeoutError => "timeout_error",
            Self::ApiError => "api_error",
            Self::OverloadedError => "overloaded_error",
        }
    }
}

impl StatusFault {
    fn error(&self) -> ApiError {
        let mut error = error::injected(self.status);
        if let Some(kind) = self.error_type {
            error.kind = kind.as_str();
        }
        if let Some(message) = &self.message {
            error.message.clone_from(message);
        }
        if let Some(code) = &self.error_code {
            error.details = None;
            error = error.code(code);
        }
        match self.retry_after_s {
            Some(seconds) => error.retry_after(seconds),
            None => error,
        }
    }

    fn touch(&self) -> Touch {
        let mut touch = Touch { retry_after_date_s: self.retry_after_date_s, ..Touch::default() };
        let mut set = |name: HeaderName, value: Option<String>| {
            if let Some(Ok(value)) = value.map(HeaderValue::try_from) {
                touch.headers.insert(name, value);
            }
        };
        set(header::RETRY_AFTER, self.retry_after_text.clone());
        set(RETRY_AFTER_MS.clone(), self.retry_after_ms.map(|ms| ms.to_string()));
        let should_retry = self.should_retry.map(|should_retry| should_retry.to_string());
        set(SHOULD_RETRY.clone(), should_retry);
        for (name, value) in &self.headers {
            let Ok(name) = HeaderName::try_from(name) else { continue };
            if value.is_empty() {
                touch.removed.push(name);
            } else {
                set(name, Some(value.clone()));
            }
        }
        if self.html {
            set(header::CONTENT_TYPE, Some("text/html".to_owned()));
            let status = self.status;
            touch.page = Some(format!(
                "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}\
                 </h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"
            ));
        }
        if self.empty {
            touch.page = Some(String::new());
        }
        touch
    }
}

impl Kind for StatusFault {
    fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| format!("status_{}", self.status))
    }

    fn when(&self) -> &When {
        &self.when
    }

    fn parts_mut(&mut self) -> (&mut Option<String>, &mut When) {
        (&mut self.name, &mut self.when)
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if !(400..=599).contains(&self.status) {
            problems.push(Problem::new("status", "must be from 400 to 599"));
        }
        let given = [
            ("retry_after_s", self.retry_after_s.is_some()),
            ("retry_after_date_s", self.retry_after_date_s.is_some()),
            ("retry_after_text", self.retry_after_text.is_some()),
        ];
        let given: Vec<&str> =
            given.into_iter().filter_map(|(key, given)| given.then_some(key)).collect();
        if let [first, second, ..] = given[..] {
            let message = format!("and `{first}` are two values of one header");
            problems.push(Problem::new(second, message));
        }
        for (key, seconds) in
            [("retry_after_s", self.retry_after_s), ("retry_after_date_s", self.retry_after_date_s)]
        {
            if seconds.is_some_and(|seconds| seconds > 31_536_000) {
                let message = "must be at most 31536000; `retry_after_text` takes anything";
                problems.push(Problem::new(key, message));
            }
        }
        if self.html && self.empty {
            problems.push(Problem::new("empty", "and `html` are two bodies of one response"));
        }
        for (name, value) in &self.headers {
            let key = format!("headers.{name}");
            let framing = ["content-length", "transfer-encoding", "connection"];
            if framing.contains(&name.to_ascii_lowercase().as_str()) {
                let message = "frames the response: the faults of kind `wire` break that";
                problems.push(Problem::new(key, message));
            } else if HeaderName::try_from(name).is_err() {
                problems.push(Problem::new(key, "is no name of a header"));
            } else if HeaderValue::try_from(value).is_err() {
                let message = "must be what a header can hold: visible ASCII";
                problems.push(Problem::new(key, message));
            }
        }
        let text = self.retry_after_text.clone();
        if text.is_some_and(|text| HeaderValue::try_from(text).is_err()) {
            let message = "must be what a header can hold: visible ASCII";
            problems.push(Problem::new("retry_after_text", message));
        }
        problems
    }

    fn effect(&self, _: Drawn<'_>, _: &Asked<'_>) -> Option<Effect> {
        Some(Effect::Refuse { error: self.error(), touch: self.touch() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_carries_the_type_of_its_status_and_the_header_that_was_asked_for() {
        let fault = StatusFault { status: 529, retry_after_s: Some(7), ..StatusFault::default() };
        assert_eq!(fault.name(), "status_529");
        assert_eq!(fault.error().kind, "overloaded_error");
        assert_eq!(fault.error().retry_after_s, Some(7));
    }

    #[test]
    fn two_values_of_one_header_and_a_status_that_is_no_error_are_problems() {
        let fault = StatusFault {
            status: 200,
            retry_after_s: Some(7),
            retry_after_text: Some("soon".into()),
            ..StatusFault::default()
        };
        let keys: Vec<String> = fault.problems().into_iter().map(|problem| problem.key).collect();
        assert_eq!(keys, ["status", "retry_after_text"]);
    }
}

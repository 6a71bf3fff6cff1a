//! Status faults: an HTTP error in place of the reply, with or without `retry-after`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::When;
use crate::error::{self, ApiError};

/// A `[[fault]]` of kind `status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusFault {
    /// The fault's name in the records.
    #[serde(default)]
    pub name: Option<String>,
    /// The HTTP status.
    #[schemars(range(min = 400, max = 599))]
    pub status: u16,
    /// Seconds in a `retry-after` header; no header without it.
    #[serde(default)]
    #[schemars(range(max = 31_536_000))]
    pub retry_after_s: Option<u64>,
    /// Which requests it hits.
    #[serde(default)]
    pub when: When,
}

impl StatusFault {
    pub(super) fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| format!("status_{}", self.status))
    }

    pub(super) fn error(&self) -> ApiError {
        let error = error::injected(self.status);
        match self.retry_after_s {
            Some(seconds) => error.retry_after(seconds),
            None => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_carries_the_type_of_its_status_and_the_header_that_was_asked_for() {
        let fault =
            StatusFault { name: None, status: 529, retry_after_s: Some(7), when: When::default() };
        assert_eq!(fault.name(), "status_529");
        assert_eq!(fault.error().kind, "overloaded_error");
        assert_eq!(fault.error().retry_after_s, Some(7));
    }
}

//! By which rules a body is read: the version of the API, what the body is for, and how strictly.

use crate::api::error::ApiError;
use crate::api::tokens::Counting;

/// The versions of the API that the mock speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `2023-06-01`.
    V2023,
    /// `2026-10-21`: refuses sampling parameters.
    V2026,
}

impl Version {
    /// The version that an `anthropic-version` header names.
    pub fn parse(header: Option<&str>) -> Result<Self, ApiError> {
        match header {
            Some("2023-06-01") => Ok(Self::V2023),
            Some("2026-10-21") => Ok(Self::V2026),
            Some(other) => Err(ApiError::invalid_request(format!(
                "anthropic-version: \"{other}\" is not a valid version"
            ))),
            None => Err(ApiError::invalid_request("anthropic-version: header is required")),
        }
    }
}

/// What the body is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// `POST /v1/messages`.
    Reply,
    /// `POST /v1/messages/count_tokens`, which knows fewer fields.
    Count,
}

/// By which rules a body is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The API's version.
    pub version: Version,
    /// What the body is for.
    pub purpose: Purpose,
    /// Whether beta fields are known, because an `anthropic-beta` header asks for some.
    pub beta: bool,
    /// Whether made-up values pass, as the official SDK's own tests send them.
    pub contract: bool,
    /// How tokens are counted.
    pub counting: Counting,
}

impl Rules {
    /// The rules for a message without betas.
    pub const fn of(version: Version) -> Self {
        Self {
            version,
            purpose: Purpose::Reply,
            beta: false,
            contract: false,
            counting: Counting::Classes,
        }
    }
}

//! What a condition compares with besides names: headers, and API keys by their hash.
//!
//! A key is hashed as it is read from the file and never kept, so no listing of a plan shows it.

use std::fmt;

use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::api::headers::credential;

/// A header and its value, as `name=value`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct HeaderIs {
    name: http::HeaderName,
    value: String,
}

impl HeaderIs {
    /// Whether the request has the header with this value.
    pub fn matches(&self, headers: &HeaderMap) -> bool {
        headers.get_all(&self.name).iter().any(|value| value.as_bytes() == self.value.as_bytes())
    }
}

impl TryFrom<String> for HeaderIs {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (name, value) = text.split_once('=').ok_or("a header is given as `name=value`")?;
        let name =
            name.trim().parse().map_err(|_| "a header's name has letters, digits and `-`")?;
        Ok(Self { name, value: value.to_owned() })
    }
}

impl From<HeaderIs> for String {
    fn from(header: HeaderIs) -> Self {
        format!("{}={}", header.name, header.value)
    }
}

/// The SHA-256 of an API key. In a file it is the key itself or `sha256:` and 64 digits; it is
/// only ever written as the latter.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "String", into = "String")]
#[schemars(with = "String")]
pub struct KeyHash([u8; 32]);

const HASH_PREFIX: &str = "sha256:";

impl KeyHash {
    /// The hash of a key.
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    /// The hash of the key that a request carries.
    pub(crate) fn of_request(headers: &HeaderMap) -> Option<Self> {
        credential(headers).and_then(|key| str::from_utf8(key).ok()).map(Self::of)
    }
}

impl From<String> for KeyHash {
    fn from(text: String) -> Self {
        let digits =
            text.strip_prefix(HASH_PREFIX).and_then(|digits| const_hex::decode(digits).ok());
        let hash = digits.and_then(|bytes| bytes.try_into().ok());
        hash.map_or_else(|| Self::of(&text), Self)
    }
}

impl From<KeyHash> for String {
    fn from(hash: KeyHash) -> Self {
        [HASH_PREFIX, &const_hex::encode(hash.0)].concat()
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&String::from(*self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_written_and_its_hash_reads_as_itself() {
        let hash = KeyHash::from("sk-secret".to_owned());
        let written = String::from(hash);
        assert!(written.starts_with("sha256:") && !format!("{hash:?}").contains("secret"));
        assert_eq!(KeyHash::from(written), hash);
        assert_ne!(KeyHash::from("sha256:zz".to_owned()), hash);
    }

    #[test]
    fn a_header_without_a_value_is_refused_with_the_form_that_is_wanted() {
        assert_eq!(
            HeaderIs::try_from("x-team".to_owned()),
            Err("a header is given as `name=value`")
        );
    }
}

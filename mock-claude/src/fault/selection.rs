//! What a condition compares with: names with a wildcard, headers, and API keys by their hash.
//!
//! A key is hashed as it is read from the file and never kept, so no listing of a plan shows it.

use std::fmt::{self, Write as _};

use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A name, or the beginning of names when it ends in `*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Pattern(String);

impl Pattern {
    /// Whether `text` is what is meant.
    pub fn matches(&self, text: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(start) => text.starts_with(start),
            None => text == self.0,
        }
    }
}

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
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = || text("authorization").and_then(|value| value.strip_prefix("Bearer "));
        text("x-api-key").or_else(bearer).map(|key| Self::of(key.trim()))
    }
}

impl From<String> for KeyHash {
    fn from(text: String) -> Self {
        text.strip_prefix(HASH_PREFIX).and_then(digits).map_or_else(|| Self::of(&text), Self)
    }
}

fn digits(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (position, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * position..2 * position + 2)?, 16).ok()?;
    }
    Some(hash)
}

impl From<KeyHash> for String {
    fn from(hash: KeyHash) -> Self {
        let mut text = Self::from(HASH_PREFIX);
        for byte in hash.0 {
            let _ = write!(text, "{byte:02x}");
        }
        text
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
    fn a_pattern_is_a_whole_name_or_the_beginning_of_names() {
        let pattern = |text: &str| Pattern(text.to_owned());
        assert!(pattern("/v1/*").matches("/v1/messages") && pattern("*").matches(""));
        assert!(!pattern("/v1").matches("/v1/messages"));
    }

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

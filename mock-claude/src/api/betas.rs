//! Which betas an `anthropic-beta` header may name, read from `betas.toml` in this folder.
//!
//! A misspelt beta is the commonest way to get none: the API refuses it by name, so that nobody
//! takes a feature for switched on that is not.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use http::HeaderMap;
use serde::Deserialize;

use super::error::ApiError;
use super::headers::BETA;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    /// Where the names were found.
    #[expect(dead_code, reason = "for whoever edits the list")]
    name: String,
    /// The day on which they were read there.
    #[expect(dead_code, reason = "for whoever edits the list")]
    read_on: String,
    betas: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    source: Vec<Source>,
}

static KNOWN: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let list: List = toml::from_str(include_str!("betas.toml")).expect("the shipped list parses");
    list.source.into_iter().flat_map(|source| source.betas).collect()
});

/// Refuses names that the API does not know, wherever in the headers they stand.
pub(crate) fn check(headers: &HeaderMap) -> Result<(), ApiError> {
    let values = headers.get_all(&BETA).iter();
    let names = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let names = names.map(|name| String::from_utf8_lossy(name.trim_ascii()));
    let unknown = names.filter(|name| !name.is_empty() && !KNOWN.contains(&**name));
    let unknown: Vec<String> = unknown.map(|name| format!("`{name}`")).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    // The words are those of QuantumNous/new-api#2975.
    Err(ApiError::invalid_request(format!(
        "Unexpected value(s) {} for the `anthropic-beta` header. Please consult our documentation \
         at docs.anthropic.com or try again without the header.",
        unknown.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (BETA.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn known_betas_pass_in_one_header_or_in_several() {
        assert_eq!(check(&headers(&[])), Ok(()));
        assert_eq!(check(&headers(&["files-api-2025-04-14, effort-2025-11-24,", ""])), Ok(()));
        assert_eq!(check(&headers(&["files-api-2025-04-14", "oauth-2025-04-20"])), Ok(()));
    }

    #[test]
    fn every_unknown_beta_is_named() {
        let error = check(&headers(&["a,files-api-2025-04-14", "interleaved-thinking-2025-04-14"]));
        let message = error.unwrap_err().message;
        let named = "Unexpected value(s) `a`, `interleaved-thinking-2025-04-14` for the ";
        assert!(message.starts_with(named), "{message}");
    }
}

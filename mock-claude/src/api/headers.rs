//! Names of headers, each made once, and what is read from headers in more than one place.
//!
//! A name given as text is checked letter by letter at every look-up, which is more work than the
//! look-up itself.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// The header by which a client marks a request for the journal. Never part of a reply.
pub const TAG_HEADER: &str = "x-mock-tag";

/// The type of nearly every body.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

pub(crate) static API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// What the AWS SDKs say of an attempt.
pub(crate) static AWS_ATTEMPT: HeaderName = HeaderName::from_static("amz-sdk-request");
pub(crate) static BETA: HeaderName = HeaderName::from_static("anthropic-beta");
pub(crate) static ORGANIZATION: HeaderName = HeaderName::from_static("anthropic-organization-id");
pub(crate) static REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
pub(crate) static RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");
pub(crate) static RETRY_COUNT: HeaderName = HeaderName::from_static("x-stainless-retry-count");
pub(crate) static SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
pub(crate) static TAG: HeaderName = HeaderName::from_static(TAG_HEADER);
pub(crate) static VERSION: HeaderName = HeaderName::from_static("anthropic-version");
pub(crate) static WORKSPACE: HeaderName = HeaderName::from_static("anthropic-workspace-id");

/// A header's text, where it is text.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// What follows `Bearer ` in `authorization`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    text(headers, &header::AUTHORIZATION)?.strip_prefix("Bearer ")
}

/// The key that a request authenticates with, in any of its places.
pub(crate) fn credential(headers: &HeaderMap) -> Option<&[u8]> {
    let key = headers.get(&API_KEY).map(HeaderValue::as_bytes);
    let authorization = || {
        let given = headers.get(header::AUTHORIZATION)?.as_bytes();
        given.strip_prefix(b"Bearer ").or_else(|| access_key(headers).map(str::as_bytes))
    };
    key.or_else(authorization).map(<[u8]>::trim_ascii).filter(|key| !key.is_empty())
}

/// What a signature of AWS begins with.
pub(crate) const AWS_SCHEME: &str = "AWS4-HMAC-SHA256";

/// The access key in a signature of AWS: `Credential=KEY/20261130/us-east-1/bedrock/aws4_request`.
pub(crate) fn access_key(headers: &HeaderMap) -> Option<&str> {
    let signature = text(headers, &header::AUTHORIZATION)?.strip_prefix(AWS_SCHEME)?;
    let (_, credential) = signature.split_once("Credential=")?;
    credential.split(['/', ',', ' ']).next().filter(|key| !key.is_empty())
}

/// What the mock says itself, as the value of a header.
pub(crate) fn value(text: &str) -> HeaderValue {
    HeaderValue::try_from(text).expect("header values are ASCII")
}

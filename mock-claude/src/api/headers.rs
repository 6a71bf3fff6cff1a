//! Names of headers, each made once, and what is read from headers in more than one place.
//!
//! A name given as text is checked letter by letter at every look-up, which is more work than the
//! look-up itself.

use http::{HeaderMap, HeaderName, HeaderValue};

/// The header by which a client marks a request for the journal. Never part of a reply.
pub const TAG_HEADER: &str = "x-mock-tag";

/// The header by which a client asks for one fault of the plan by name, whatever its conditions,
/// or for none of them.
pub const FAULT_HEADER: &str = "x-mock-fault";

/// The type of nearly every body.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

pub(crate) static API_KEY: HeaderName = HeaderName::from_static("x-api-key");
pub(crate) static BETA: HeaderName = HeaderName::from_static("anthropic-beta");
pub(crate) static ORGANIZATION: HeaderName = HeaderName::from_static("anthropic-organization-id");
pub(crate) static REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
pub(crate) static RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");
pub(crate) static SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
pub(crate) static VERSION: HeaderName = HeaderName::from_static("anthropic-version");
pub(crate) static WORKSPACE: HeaderName = HeaderName::from_static("anthropic-workspace-id");

/// A header's text, where it is text.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    as_text(headers.get(name))
}

/// What a signature of AWS begins with.
pub(crate) const AWS_SCHEME: &str = "AWS4-HMAC-SHA256";

/// What the mock reads of a request's headers, found in one walk over them, which is less work than
/// two look-ups. Of a header that is there twice it is the first.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Known<'a> {
    pub(crate) api_key: Option<&'a HeaderValue>,
    pub(crate) authorization: Option<&'a HeaderValue>,
    pub(crate) aws_attempt: Option<&'a HeaderValue>,
    pub(crate) beta: Option<&'a HeaderValue>,
    pub(crate) fault: Option<&'a HeaderValue>,
    pub(crate) retry_count: Option<&'a HeaderValue>,
    pub(crate) tag: Option<&'a HeaderValue>,
    pub(crate) user_agent: Option<&'a HeaderValue>,
    pub(crate) version: Option<&'a HeaderValue>,
    pub(crate) workspace: Option<&'a HeaderValue>,
}

impl<'a> Known<'a> {
    pub(crate) fn of(headers: &'a HeaderMap) -> Self {
        let mut known = Self::default();
        for (name, value) in headers {
            let place = match name.as_str() {
                "amz-sdk-request" => &mut known.aws_attempt,
                "anthropic-beta" => &mut known.beta,
                "anthropic-version" => &mut known.version,
                "anthropic-workspace-id" => &mut known.workspace,
                "authorization" => &mut known.authorization,
                "user-agent" => &mut known.user_agent,
                "x-api-key" => &mut known.api_key,
                FAULT_HEADER => &mut known.fault,
                TAG_HEADER => &mut known.tag,
                "x-stainless-retry-count" => &mut known.retry_count,
                _ => continue,
            };
            place.get_or_insert(value);
        }
        known
    }

    /// The key that the request authenticates with, in any of its places.
    pub(crate) fn credential(&self) -> Option<&'a [u8]> {
        let key = self.api_key.map(HeaderValue::as_bytes);
        let authorization = || {
            let given = self.authorization?.as_bytes();
            given.strip_prefix(b"Bearer ").or_else(|| self.access_key().map(str::as_bytes))
        };
        key.or_else(authorization).map(<[u8]>::trim_ascii).filter(|key| !key.is_empty())
    }

    /// What follows `Bearer ` in `authorization`.
    pub(crate) fn bearer(&self) -> Option<&'a str> {
        as_text(self.authorization)?.strip_prefix("Bearer ")
    }

    /// The access key in a signature of AWS:
    /// `Credential=KEY/20261130/us-east-1/bedrock/aws4_request`.
    pub(crate) fn access_key(&self) -> Option<&'a str> {
        let signature = as_text(self.authorization)?.strip_prefix(AWS_SCHEME)?;
        let (_, credential) = signature.split_once("Credential=")?;
        credential.split(['/', ',', ' ']).next().filter(|key| !key.is_empty())
    }
}

/// The text of a header, where it is there and text.
pub(crate) fn as_text(value: Option<&HeaderValue>) -> Option<&str> {
    value.and_then(|value| value.to_str().ok())
}

/// [`Known::bearer`] of headers that are not walked for anything else.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    Known::of(headers).bearer()
}

/// [`Known::access_key`], likewise.
pub(crate) fn access_key(headers: &HeaderMap) -> Option<&str> {
    Known::of(headers).access_key()
}

/// [`Known::credential`], likewise.
pub(crate) fn credential(headers: &HeaderMap) -> Option<&[u8]> {
    Known::of(headers).credential()
}

/// What the mock says itself, as the value of a header.
pub(crate) fn value(text: &str) -> HeaderValue {
    HeaderValue::try_from(text).expect("header values are ASCII")
}

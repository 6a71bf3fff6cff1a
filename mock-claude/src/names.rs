//! Names of headers, each made once.
//!
//! A name given as text is checked letter by letter at every look-up, which is more work than the
//! look-up itself.

use http::HeaderName;

pub(crate) static API_KEY: HeaderName = HeaderName::from_static("x-api-key");
pub(crate) static BETA: HeaderName = HeaderName::from_static("anthropic-beta");
pub(crate) static ORGANIZATION: HeaderName = HeaderName::from_static("anthropic-organization-id");
pub(crate) static REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
pub(crate) static RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");
pub(crate) static RETRY_COUNT: HeaderName = HeaderName::from_static("x-stainless-retry-count");
pub(crate) static SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
pub(crate) static VERSION: HeaderName = HeaderName::from_static("anthropic-version");
pub(crate) static WORKSPACE: HeaderName = HeaderName::from_static("anthropic-workspace-id");

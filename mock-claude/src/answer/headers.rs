//! The headers of a request that are looked at first, and those of every answer.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::identity::organization;
use super::{Outcome, State};
use crate::error::ApiError;
use crate::limits::{Account, Limits};
use crate::names;
use crate::request::Version;

impl State {
    /// Whose answer it is, and what is left of the quota.
    pub(super) fn headers(
        &self,
        account: Account,
        class: Option<&str>,
        outcome: &Outcome,
    ) -> HeaderMap {
        let Some(mut limits) = self.limits() else {
            let mut headers = HeaderMap::with_capacity(6);
            headers.insert(&names::ORGANIZATION, self.organization.clone());
            return headers;
        };
        let mut headers = HeaderMap::with_capacity(20);
        headers.insert(&names::ORGANIZATION, self.organization_of(&limits, account));
        if let Some(id) = limits.workspace_id(account).map(HeaderValue::from_str) {
            headers.extend(id.ok().map(|id| (names::WORKSPACE.clone(), id)));
        }
        let unannounced = matches!(outcome, Outcome::Refused { error, .. } if error.unannounced);
        if let Some(class) = class.filter(|_| !unannounced) {
            limits.announce(&self.clock, account, class, &mut headers);
        }
        headers
    }

    pub(super) fn organization_of(&self, limits: &Limits, account: Account) -> HeaderValue {
        limits
            .organization_name(account)
            .map_or_else(|| self.organization.clone(), |name| organization(self.chance, name))
    }
}

/// What the API wants of the headers, before it looks at the body.
pub(crate) fn check_headers(headers: &HeaderMap) -> Result<Version, ApiError> {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let key = text(&names::API_KEY).is_some_and(|key| !key.trim().is_empty());
    let bearer = || {
        let bearer = text(&header::AUTHORIZATION)?.strip_prefix("Bearer ")?;
        (!bearer.trim().is_empty()).then_some(())
    };
    if !key && bearer().is_none() {
        return Err(ApiError::of_status(401, "x-api-key header is required"));
    }
    Version::parse(text(&names::VERSION))
}

/// The headers that every error carries besides those of every answer.
pub(crate) fn error_headers(error: &ApiError, headers: &mut HeaderMap) {
    let should_retry = if error.should_retry() { "true" } else { "false" };
    headers.insert(&names::SHOULD_RETRY, HeaderValue::from_static(should_retry));
    if let Some(seconds) = error.retry_after_s {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
}

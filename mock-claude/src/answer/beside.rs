//! What the routes beside messages, and the requests inside a batch, need of a mock's decisions.
//!
//! The same identities, faults and journal as for a message; no limits, because the API keeps
//! separate ones for these routes.

use http::{HeaderMap, HeaderValue};
use xxhash_rust::xxh3::xxh3_64;

use super::{Answer, Identity, State, TAG_HEADER, check_headers};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::Config;
use crate::definitions;
use crate::error::ApiError;
use crate::fault::Injection;
use crate::request::{MessagesRequest, Version};

/// A request on a route without a model, between its checks and its answer.
pub(crate) struct Call {
    identity: Identity,
    fault: Option<String>,
    /// The version that the client speaks, or why it is refused.
    pub(crate) admitted: Result<Version, ApiError>,
}

impl Call {
    /// The id that the response carries.
    pub(crate) fn request_id(&self) -> &str {
        &self.identity.request_id
    }
}

/// What the routes without a model, and batches, need of a mock.
impl State {
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn chance(&self) -> Chance {
        self.chance
    }

    /// Begins a request: who asks, whether it may, and whether a fault hits it.
    pub(crate) fn begin(&self, headers: &HeaderMap, subject: u64) -> Call {
        let identity = self.identify(subject, headers);
        let checked = check_headers(headers);
        let injection = if checked.is_ok() { self.plan.decide(&identity.arrival) } else { None };
        match injection {
            Some(Injection { name, error }) => {
                Call { identity, fault: Some(name), admitted: Err(error) }
            }
            None => Call { identity, fault: None, admitted: checked },
        }
    }

    /// Ends a request that began: its journal entry, and the headers of its answer.
    pub(crate) fn end(&self, call: Call, error: Option<&ApiError>) -> HeaderMap {
        let Call { identity, fault, .. } = call;
        let outcome = self.refusal(error.cloned().unwrap_or(ApiError::of_status(200, "")));
        let mut entry = Self::entry(&identity, fault, &outcome);
        entry.error = error.map(|error| error.kind);
        self.journal.write(entry);
        let mut headers = HeaderMap::new();
        if error.is_none_or(|error| error.status != 401) {
            headers.insert("anthropic-organization-id", self.organization.clone());
        }
        headers
    }

    /// Decides one request of a batch: faults as for any message, no limits, half the price.
    pub(crate) fn decide_batched(
        &self,
        body: &[u8],
        version: Version,
        tag: Option<&HeaderValue>,
    ) -> Answer {
        let mut headers = HeaderMap::new();
        if let Some(tag) = tag {
            headers.insert(TAG_HEADER, tag.clone());
        }
        let parsed = MessagesRequest::parse(body, version);
        let subject = match &parsed {
            Ok(request) => xxh3_64(definitions::code(&request.text).as_bytes()),
            Err(_) => xxh3_64(body),
        };
        let identity = self.identify(subject, &headers);
        let injection = if parsed.is_ok() { self.plan.decide(&identity.arrival) } else { None };
        let outcome = match (parsed, &injection) {
            (Err(error), _) => self.refusal(error),
            (Ok(_), Some(injection)) => self.refusal(injection.error.clone()),
            (Ok(request), None) => self.write_reply(request, &identity),
        };
        let mut entry = Self::entry(&identity, injection.map(|injection| injection.name), &outcome);
        entry.cost_microusd = entry.cost_microusd.div_ceil(2);
        self.write(identity.account, entry);
        Answer { headers: HeaderMap::new(), request_id: identity.request_id, outcome }
    }
}

//! Decides a request to count tokens: the same headers, body rules and faults as a message, no
//! limits of messages, no reply and no charge.

use http::HeaderMap;
use xxhash_rust::xxh3::xxh3_64;

use super::{State, subject};
use crate::error::ApiError;
use crate::request::{MessagesRequest, Purpose};

/// What a request to count tokens gets.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) headers: HeaderMap,
    pub(crate) request_id: String,
    /// The count, or a refusal.
    pub(crate) result: Result<u64, ApiError>,
    /// When it is answered.
    pub(crate) after_ms: u64,
}

impl State {
    /// Decides a count. Refusals are written into the journal; a count costs nothing.
    pub(crate) fn count(&self, headers: &HeaderMap, body: Result<&[u8], ApiError>) -> Counted {
        let hash = body.as_ref().map_or(0, |bytes| xxh3_64(bytes));
        let parsed = body.and_then(|bytes| {
            let rules = self.rules(headers, Purpose::Count)?;
            MessagesRequest::read(bytes, rules)
        });
        let about = match &parsed {
            Ok(request) => subject(request) ^ xxh3_64(b"count_tokens"),
            Err(_) => hash,
        };
        let identity = self.identify(about, headers);
        let injection = if parsed.is_ok() { self.plan.decide(&identity.arrival) } else { None };
        let result = match (&injection, parsed) {
            (Some(injection), _) => Err(injection.error.clone()),
            (None, parsed) => parsed.map(|request| request.tokens_in),
        };
        if let Err(error) = &result {
            let fault = injection.map(|injection| injection.name);
            self.record(&identity, fault, &self.refusal(error.clone()));
        }
        let mut answer = HeaderMap::new();
        answer.insert("anthropic-organization-id", self.organization.clone());
        Counted {
            headers: answer,
            request_id: identity.request_id,
            result,
            after_ms: self.config.latency.refusal_ms,
        }
    }
}

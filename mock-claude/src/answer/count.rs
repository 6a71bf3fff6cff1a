//! Decides a request to count tokens: the same headers, body rules and faults as a message, no
//! limits of messages, no reply and no charge.

use http::HeaderMap;
use xxhash_rust::xxh3::xxh3_64;

use super::{State, subject};
use crate::chance::RequestKey;
use crate::error::ApiError;
use crate::fault::{Asked, Effect, Injection};
use crate::request::{MessagesRequest, Purpose};

/// The path of the requests that are counted here.
const PATH: &str = "/v1/messages/count_tokens";

/// What a request to count tokens gets.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) headers: HeaderMap,
    pub(crate) request_id: String,
    /// The count, or a refusal.
    pub(crate) result: Result<u64, ApiError>,
    /// When it is answered.
    pub(crate) after_ms: u64,
    /// What a fault does to the answer.
    pub(crate) effect: Option<Effect>,
    pub(crate) key: RequestKey,
}

impl State {
    /// Decides a count. Refusals and faults are written into the journal; a count costs nothing.
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
        let met = parsed.and_then(|request| {
            let asked = Asked {
                path: PATH,
                model: &request.model_id,
                ..Asked::nothing(identity.arrival, headers)
            };
            Ok((request.tokens_in, self.injector.meet(asked)?))
        });
        let (result, injection) = match met {
            Err(error) => (Err(error), None),
            Ok((tokens_in, injection)) => match &injection {
                Some(Injection { effect: Effect::Refuse { error, .. }, .. }) => {
                    (Err(error.clone()), injection)
                }
                _ => (Ok(tokens_in), injection),
            },
        };
        let (fault, effect) =
            injection.map_or((None, None), |met| (Some(met.name), Some(met.effect)));
        if result.is_err() || fault.is_some() {
            let error = result.as_ref().err().cloned();
            let outcome = self.refusal(error.unwrap_or(ApiError::of_status(200, "")));
            let mut entry = Self::entry(&identity, fault, &outcome, false);
            entry.error = result.as_ref().err().map(|error| error.kind);
            self.journal.write(entry);
        }
        let mut answer = HeaderMap::new();
        answer.insert("anthropic-organization-id", self.organization.clone());
        Counted {
            headers: answer,
            request_id: identity.request_id,
            result,
            after_ms: self.config.latency.refusal_ms,
            effect,
            key: identity.arrival.key,
        }
    }
}

//! What the routes beside messages, and the requests inside a batch, need of a mock's decisions.
//!
//! The same identities, faults and journal as for a message; no limits, because the API keeps
//! separate ones for these routes.

use http::HeaderMap;
use xxhash_rust::xxh3::xxh3_64;

use super::identity::Identity;
use super::{Answer, Outcome, State, check_headers};
use crate::chance::{Chance, RequestKey};
use crate::clock::Clock;
use crate::config::Config;
use crate::error::ApiError;
use crate::fault::{Asked, Effect, Injection};
use crate::request::{MessagesRequest, Purpose, Rules, Version};

/// A request on a route without a model, between its checks and its answer.
pub(crate) struct Call {
    identity: Identity,
    injection: Option<Injection>,
    /// The version that the client speaks, or why it is refused.
    pub(crate) admitted: Result<Version, ApiError>,
}

impl Call {
    /// What a fault does to the answer, and the key of its chances.
    pub(crate) fn effect(&self) -> Option<(Effect, RequestKey)> {
        let injection = self.injection.as_ref()?;
        Some((injection.effect.clone(), self.identity.arrival.key))
    }

    /// The request and its attempt.
    pub(crate) fn key(&self) -> RequestKey {
        self.identity.arrival.key
    }

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
    pub(crate) fn begin(&self, headers: &HeaderMap, path: &str, subject: u64) -> Call {
        let identity = self.identify(subject, headers);
        // Results come line by line, as a stream does.
        let stream = path.ends_with("/results");
        let asked = Asked { path, stream, ..Asked::nothing(identity.arrival, headers) };
        let met =
            check_headers(headers).and_then(|version| Ok((version, self.injector.meet(asked)?)));
        match met {
            Err(error) => Call { identity, injection: None, admitted: Err(error) },
            Ok((version, injection)) => {
                let admitted = match &injection {
                    Some(Injection { effect: Effect::Refuse { error, .. }, .. }) => {
                        Err(error.clone())
                    }
                    _ => Ok(version),
                };
                Call { identity, injection, admitted }
            }
        }
    }

    /// Ends a request that began: its journal entry, and the headers of its answer.
    pub(crate) fn end(&self, call: Call, error: Option<&ApiError>) -> HeaderMap {
        let Call { identity, injection, .. } = call;
        let fault = injection.map(|injection| injection.name);
        let outcome = self.refusal(error.cloned().unwrap_or(ApiError::of_status(200, "")));
        let mut entry = Self::entry(&identity, fault, &outcome, false);
        entry.error = error.map(|error| error.kind);
        self.journal.write(entry);
        let mut headers = HeaderMap::new();
        if error.is_none_or(|error| error.status != 401) {
            headers.insert("anthropic-organization-id", self.organization.clone());
        }
        headers
    }

    /// Decides one request of a batch whose creation had these headers: faults and prompt cache as
    /// for any message, no limits, half the price. What spoils a connection or a stream has nothing
    /// to spoil in a batch.
    pub(crate) fn decide_batched(
        &self,
        body: &[u8],
        version: Version,
        headers: &HeaderMap,
    ) -> Answer {
        let beta = headers.contains_key("anthropic-beta");
        let contract = self.config.contract;
        let rules = Rules { version, purpose: Purpose::Reply, beta, contract };
        let parsed = MessagesRequest::read(body, rules);
        let subject = parsed.as_ref().map_or_else(|_| xxh3_64(body), super::subject);
        let identity = self.identify(subject, headers);
        let met = parsed.and_then(|request| {
            let injection = self.inject(headers, &request, &identity)?;
            Ok((request, injection.filter(|injection| injection.effect.is_about_content())))
        });
        let (outcome, injection) = match met {
            Err(error) => (self.refusal(error), None),
            Ok((request, injection)) => {
                let effect = injection.as_ref().map(|injection| &injection.effect);
                (self.reply_batched(request, &identity, effect), injection)
            }
        };
        let (fault, effect) =
            injection.map_or((None, None), |met| (Some(met.name), Some(met.effect)));
        self.write(identity.account, Self::entry(&identity, fault, &outcome, true));
        let key = identity.arrival.key;
        Answer { headers: HeaderMap::new(), request_id: identity.request_id, outcome, effect, key }
    }

    fn reply_batched(
        &self,
        request: MessagesRequest,
        identity: &Identity,
        effect: Option<&Effect>,
    ) -> Outcome {
        let mut request = request;
        match effect {
            Some(Effect::Refuse { error, .. }) => return self.refusal(error.clone()),
            Some(Effect::Semantic(trouble)) => {
                if let Some(error) = trouble.error() {
                    return self.refusal(error);
                }
                let most = trouble.most_tokens().unwrap_or(u64::MAX);
                request.max_tokens = request.max_tokens.min(most);
            }
            _ => {}
        }
        let now_us = identity.arrival.at_us;
        let input = self.cache().read(identity.scope, &request, now_us);
        let replied = self.write_reply(request, identity, input, None);
        // A batch shows no moment at which a response begins: it is there when it is decided.
        self.cache().write(identity.scope, &replied.request, now_us, now_us);
        Outcome::Replied(Box::new(replied))
    }
}

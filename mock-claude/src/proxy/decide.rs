//! What a proxy decides about a request before it passes it on: its identity, its place in the
//! journal, and the fault that it meets on the way.
//!
//! The decisions are the mock's own, by the same seed and the same attempts. The mock is in
//! contract mode here, so that a request which only the upstream understands meets its faults too.

use http::HeaderMap;
use xxhash_rust::xxh3::xxh3_64;

use crate::answer::State;
use crate::api::call;
use crate::chance::RequestKey;
use crate::error::ApiError;
use crate::fault::Effect;

/// What was decided about one request.
pub(super) struct Decided {
    pub(super) request_id: String,
    pub(super) key: RequestKey,
    /// What a fault does to the upstream's answer.
    pub(super) effect: Option<Effect>,
    /// What a fault answers in the upstream's place, and with which headers.
    pub(super) refused: Option<(ApiError, HeaderMap)>,
}

/// Decides about one request and writes it into the journal.
pub(super) fn decide(state: &State, head: &http::request::Parts, body: &[u8]) -> Decided {
    match (head.method.as_str(), head.uri.path()) {
        ("POST", "/v1/messages") => message(state, &head.headers, body),
        ("POST", "/v1/messages/count_tokens") => {
            let counted = state.count(&head.headers, Ok(body));
            Decided {
                request_id: counted.request_id,
                key: counted.key,
                refused: refused(counted.effect.as_ref(), counted.headers),
                effect: counted.effect,
            }
        }
        _ => beside(state, head, body),
    }
}

fn message(state: &State, headers: &HeaderMap, body: &[u8]) -> Decided {
    let answer = state.decide(headers, Ok(body));
    Decided {
        request_id: answer.request_id,
        key: answer.key,
        refused: refused(answer.effect.as_ref(), answer.headers),
        effect: answer.effect,
    }
}

fn beside(state: &State, head: &http::request::Parts, body: &[u8]) -> Decided {
    let asked = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let subject = call::subject(head.method.as_str(), asked, xxh3_64(body));
    let call = state.begin(&head.headers, head.uri.path(), subject);
    let (request_id, key) = (call.request_id().to_owned(), call.key());
    let effect = call.effect().map(|(effect, _)| effect);
    let error = match &effect {
        Some(Effect::Refuse { error, .. }) => Some(error.clone()),
        _ => None,
    };
    let headers = state.end(call, error.as_ref());
    Decided { request_id, key, refused: refused(effect.as_ref(), headers), effect }
}

fn refused(effect: Option<&Effect>, headers: HeaderMap) -> Option<(ApiError, HeaderMap)> {
    match effect {
        Some(Effect::Refuse { error, .. }) => Some((error.clone(), headers)),
        _ => None,
    }
}

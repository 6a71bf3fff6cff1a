//! Who asks for what, and which attempt at it this is: the key of every decision, and the ids that
//! follow from it.

use http::{HeaderMap, header};
use xxhash_rust::xxh3::xxh3_64;

use super::core::Core;
use crate::api::headers::{API_KEY, TAG, WORKSPACE, text};
use crate::api::request::MessagesRequest;
use crate::basis::chance::{Chance, RequestKey};
use crate::fault::when::Arrival;
use crate::limits::Account;
use crate::model::definitions;

/// The longest tag that is kept, in characters.
const MAX_TAG: usize = 200;

/// A request's number among all, and its key.
pub(super) struct Identity {
    pub(super) arrival: Arrival,
    pub(super) request_id: String,
    pub(super) tag: Option<String>,
    pub(super) account: Account,
    /// Whose prompt cache it is.
    pub(super) scope: u64,
}

impl Identity {
    /// The next attempt at what `subject` stands for.
    pub(super) fn of(core: &Core, headers: &HeaderMap, subject: u64) -> Self {
        let (earlier, attempt) = core.attempts.lock().count(subject);
        let account = core.limits.as_ref().map(|limits| limits.account(headers));
        let key = RequestKey { subject, attempt };
        let tag = text(headers, &TAG);
        Self {
            arrival: Arrival { key, earlier, at_us: core.clock.now_us() },
            request_id: request_id(core.chance, key),
            tag: tag.map(|tag| tag.chars().take(MAX_TAG).collect()),
            account: account.unwrap_or_default(),
            scope: scope(headers),
        }
    }
}

/// What a request is about: its code, and whatever besides it decides the shape of the reply.
pub(super) fn subject(request: &MessagesRequest) -> u64 {
    let code = xxh3_64(definitions::code(&request.text).as_bytes());
    request.shape().map_or(code, |shape| code ^ xxh3_64(shape.as_bytes()))
}

/// Whose prompt cache a request uses: its workspace's, or its key's where it names none.
fn scope(headers: &HeaderMap) -> u64 {
    let names = [&WORKSPACE, &API_KEY, &header::AUTHORIZATION];
    let owner = names.into_iter().find_map(|name| headers.get(name));
    owner.map_or(0, |owner| {
        let owner = owner.as_bytes();
        xxh3_64(owner.strip_prefix(b"Bearer ").unwrap_or(owner))
    })
}

/// `req_011C` and twenty letters and digits that follow from the seed and the request.
fn request_id(chance: Chance, key: RequestKey) -> String {
    const LETTERS: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    const TEN_LETTERS: u128 = 58_u128.pow(10);
    let low = chance.bits("request id", key);
    let high = chance.bits("request id, upper half", key);
    let bits = (u128::from(high) << 64) | u128::from(low);
    let mut id = String::with_capacity(28);
    id.push_str("req_011C");
    // Ten letters at a time, because dividing 128 bits twenty times is most of the work.
    for part in [bits % TEN_LETTERS, bits / TEN_LETTERS % TEN_LETTERS] {
        let mut part = u64::try_from(part).unwrap_or(0);
        for _ in 0..10 {
            id.push(char::from(LETTERS[usize::try_from(part % 58).unwrap_or(0)]));
            part /= 58;
        }
    }
    id
}

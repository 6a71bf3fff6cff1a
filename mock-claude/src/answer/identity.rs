//! Who asks for what, and which attempt at it this is: the key of every decision, and the ids that
//! follow from it.

use std::sync::PoisonError;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use xxhash_rust::xxh3::xxh3_64;

use super::State;
use crate::chance::{Chance, RequestKey};
use crate::definitions;
use crate::fault::Arrival;
use crate::limits::Account;
use crate::names;
use crate::request::MessagesRequest;

/// The header by which a client marks a request for the journal. Never part of a reply.
pub const TAG_HEADER: &str = "x-mock-tag";

static TAG: HeaderName = HeaderName::from_static(TAG_HEADER);

/// The longest tag that is kept, in bytes.
const MAX_TAG_BYTES: usize = 200;

/// A request's number among all, and its key.
pub(super) struct Identity {
    pub(super) arrival: Arrival,
    pub(super) request_id: String,
    pub(super) tag: Option<String>,
    pub(super) account: Account,
    /// Whose prompt cache it is.
    pub(super) scope: u64,
}

impl State {
    pub(super) fn identify(&self, subject: u64, headers: &HeaderMap) -> Identity {
        let (earlier, attempt) =
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).count(subject);
        let account = self.limits().map(|limits| limits.account(headers)).unwrap_or_default();
        let key = RequestKey { subject, attempt };
        let tag = headers.get(&TAG).and_then(|value| value.to_str().ok());
        Identity {
            arrival: Arrival { key, earlier, at_us: self.clock.now_us() },
            request_id: request_id(self.chance, key),
            tag: tag.map(|tag| tag.chars().take(MAX_TAG_BYTES).collect()),
            account,
            scope: scope(headers),
        }
    }
}

/// What a request is about: its code, and whatever besides it decides the shape of the reply.
pub(super) fn subject(request: &MessagesRequest) -> u64 {
    let code = xxh3_64(definitions::code(&request.text).as_bytes());
    match request.shape() {
        plain if plain.is_empty() => code,
        shape => code ^ xxh3_64(shape.as_bytes()),
    }
}

/// Whose prompt cache a request uses: its workspace's, or its key's where it names none.
fn scope(headers: &HeaderMap) -> u64 {
    let names = [&names::WORKSPACE, &names::API_KEY, &header::AUTHORIZATION];
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

/// An organisation id in the form of a UUID, from the seed and the organisation's name alone.
pub(super) fn organization(chance: Chance, name: &str) -> HeaderValue {
    let subject = if name.is_empty() { 0 } else { xxh3_64(name.as_bytes()) };
    let key = RequestKey { subject, attempt: 0 };
    let (a, b) = (chance.bits("organization", key), chance.bits("organization, rest", key));
    let text = format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        b >> 52,
        b & 0xffff_ffff_ffff,
    );
    HeaderValue::try_from(text).expect("hexadecimal digits are ASCII")
}

//! What the latest requests said and were answered, for whoever looks at one of them on the page.
//!
//! No prompt is kept unless somebody asks, so bodies are copied only while a page says that it
//! wants them, and are forgotten soon after it stops. All of it is bounded: bytes of a body,
//! requests, bytes in all, copies that are under way at the same time, and copies a second, so that
//! who measures a load does not measure this. What a request authenticates with is masked before it
//! gets here, in whatever form it is repeated; what only looks like a credential is masked where it
//! is shown.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use http::{HeaderMap, header};
use parking_lot::Mutex;
use redact::{Collector, MASK, Secrets, is_secret};

use crate::api::headers::text;
use crate::api::secrets;
use crate::basis::clock::SECOND_US;

/// The most of one body that is kept, in bytes.
pub(crate) const MAX_BODY_BYTES: usize = 16 * 1024;

/// Requests whose bodies are kept, at most.
pub(crate) const MAX_REQUESTS: usize = 200;

/// Bytes of all bodies together, at most.
pub(crate) const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Requests whose copying may begin in each slot of time: 1,000 a second.
const MAX_IN_SLOT: u64 = 20;
const SLOT_US: u64 = 20_000;

/// How long bodies are kept after a page has last asked for them. A page in the background asks
/// about once a minute.
const LEASE_US: u64 = 150 * SECOND_US;

/// Headers of one message that are kept, and characters of each, at most.
const MAX_HEADERS: usize = 40;
const MAX_VALUE: usize = 200;

/// One body as far as it is kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    /// How long it was in all.
    pub(crate) length: u64,
}

impl Body {
    /// Adds what has just passed.
    pub(crate) fn add(&mut self, data: &[u8]) {
        let room = MAX_BODY_BYTES - self.bytes.len();
        self.bytes.extend_from_slice(&data[..data.len().min(room)]);
        self.length += data.len() as u64;
    }

    /// Whether it was longer than what is kept.
    pub(crate) fn is_cut(&self) -> bool {
        // A body that has been masked may be longer than it was.
        self.length > self.bytes.len() as u64 && self.bytes.len() >= MAX_BODY_BYTES / 2
    }
}

/// The body of a request while it is read, shared with whoever reads it.
pub(crate) type Reading = Arc<Mutex<Body>>;

/// One message: its headers without secrets, and its body.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
    /// Whether the body is a stream of events.
    pub(crate) is_events: bool,
}

impl Message {
    /// How its body is to be read.
    pub(crate) fn reading(&self) -> redact::Body {
        redact::Body { is_events: self.is_events, is_cut: self.body.is_cut() }
    }

    /// Masks every place that repeats a credential, before anything is cut off a header: half a
    /// key looks like none.
    fn mask(&mut self, secrets: &Secrets) {
        for (_, value) in &mut self.headers {
            *value = secrets.text(value).chars().take(MAX_VALUE).collect();
        }
        if let Some(masked) = secrets.known_in(&self.body.bytes, self.reading()) {
            self.body.bytes = masked;
        }
        self.body.bytes.shrink_to_fit();
    }
}

/// A request whose bodies are being copied.
#[derive(Debug)]
pub(crate) struct Copying {
    bodies: Arc<AtomicUsize>,
    request_headers: Vec<(String, String)>,
    /// What the client authenticates with, which an answer or a prompt may repeat.
    collector: Collector,
    pub(crate) request: Reading,
    pub(crate) answer: Message,
}

impl Drop for Copying {
    fn drop(&mut self) {
        self.bodies.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Copying {
    /// Notes the headers of the answer.
    pub(crate) fn answered(&mut self, headers: &HeaderMap) {
        secrets::of_headers(headers, &mut self.collector);
        self.answer.headers = shown(headers);
        let kind = text(headers, &header::CONTENT_TYPE);
        self.answer.is_events = kind.is_some_and(|kind| kind.starts_with("text/event-stream"));
    }
}

/// A request and its answer.
#[derive(Debug, Clone)]
pub(crate) struct Exchanged {
    number: u64,
    pub(crate) request: Message,
    pub(crate) answer: Message,
}

impl Exchanged {
    fn bytes(&self) -> usize {
        self.request.body.bytes.len() + self.answer.body.bytes.len()
    }
}

/// The bodies of the latest requests.
#[derive(Debug, Default)]
pub(crate) struct Bodies {
    wanted_until_us: AtomicU64,
    /// The slot of time and how many have begun in it, as one number.
    begun: AtomicU64,
    under_way: Arc<AtomicUsize>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    latest: VecDeque<Exchanged>,
    bytes: usize,
}

impl Bodies {
    /// Says that somebody wants bodies from now on, or that nobody does.
    pub(crate) fn want(&self, wanted: bool, now_us: u64) {
        let until_us = if wanted { now_us.saturating_add(LEASE_US) } else { 0 };
        self.wanted_until_us.store(until_us, Ordering::Relaxed);
        if !wanted {
            self.clear();
        }
    }

    /// Begins to copy the bodies of a request, where somebody wants them and there is room.
    pub(crate) fn begin(
        &self,
        headers: &HeaderMap,
        now_us: u64,
        collect: impl FnOnce() -> Collector,
    ) -> Option<Box<Copying>> {
        let until_us = self.wanted_until_us.load(Ordering::Relaxed);
        if until_us == 0 {
            return None;
        }
        if until_us < now_us {
            // Whoever wanted them has gone without a word.
            self.want(false, now_us);
            return None;
        }
        if !self.has_place(now_us) {
            return None;
        }
        if self.under_way.fetch_add(1, Ordering::Relaxed) >= MAX_REQUESTS {
            self.under_way.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Box::new(Copying {
            bodies: Arc::clone(&self.under_way),
            request_headers: shown(headers),
            collector: collect(),
            request: Reading::default(),
            answer: Message::default(),
        }))
    }

    /// Takes one of the places in the slot of this moment, if one is left.
    fn has_place(&self, now_us: u64) -> bool {
        let slot = now_us / SLOT_US * (MAX_IN_SLOT + 1);
        let next = |begun: u64| {
            let in_slot = begun.saturating_sub(slot);
            (in_slot < MAX_IN_SLOT).then_some(slot + in_slot + 1)
        };
        self.begun.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }

    /// Keeps what was copied of the request with this number.
    pub(super) fn keep(&self, number: u64, mut copying: Copying) {
        if self.wanted_until_us.load(Ordering::Relaxed) == 0 {
            return;
        }
        let body = std::mem::take(&mut *copying.request.lock());
        let headers = std::mem::take(&mut copying.request_headers);
        let mut request = Message { headers, body, is_events: false };
        let mut answer = std::mem::take(&mut copying.answer);
        let secrets = std::mem::take(&mut copying.collector).secrets();
        for message in [&mut request, &mut answer] {
            message.mask(&secrets);
        }
        let exchanged = Exchanged { number, request, answer };
        let mut kept = self.kept.lock();
        kept.bytes += exchanged.bytes();
        kept.latest.push_back(exchanged);
        while kept.latest.len() > MAX_REQUESTS || kept.bytes > MAX_BYTES {
            let oldest = kept.latest.pop_front();
            kept.bytes -= oldest.as_ref().map_or(0, Exchanged::bytes);
        }
    }

    /// What the request with this number said and was answered, where it is kept.
    pub(crate) fn of(&self, number: u64) -> Option<Exchanged> {
        let kept = self.kept.lock();
        kept.latest.iter().rev().find(|exchanged| exchanged.number == number).cloned()
    }

    /// How many requests are kept, and the bytes of their bodies.
    pub(crate) fn held(&self) -> (usize, usize) {
        let kept = self.kept.lock();
        (kept.latest.len(), kept.bytes)
    }

    /// Forgets all of them.
    pub(crate) fn clear(&self) {
        *self.kept.lock() = Kept::default();
    }
}

/// Headers, without the values of those that are named like a secret.
fn shown(headers: &HeaderMap) -> Vec<(String, String)> {
    let pairs = headers.iter().take(MAX_HEADERS).map(|(name, value)| {
        let value = if is_secret(name.as_str()) {
            MASK.to_owned()
        } else {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        (name.as_str().to_owned(), value)
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    /// One request a slot.
    fn exchange(bodies: &Bodies, number: u64, bytes: usize) {
        let Some(mut copying) =
            bodies.begin(&HeaderMap::new(), number * SLOT_US, Collector::default)
        else {
            return;
        };
        copying.request.lock().add(&vec![b'x'; bytes]);
        copying.answer.body.add(b"fine");
        bodies.keep(number, *copying);
    }

    #[test]
    fn nothing_is_kept_that_nobody_wants() {
        let bodies = Bodies::default();
        exchange(&bodies, 1, 10);
        assert_eq!(bodies.held(), (0, 0));
        bodies.want(true, 0);
        exchange(&bodies, 2, 10);
        assert_eq!(bodies.of(2).unwrap().answer.body.bytes, b"fine");
        assert!(
            bodies.begin(&HeaderMap::new(), LEASE_US + 1, Collector::default).is_none(),
            "the page has gone"
        );
        assert_eq!(bodies.held(), (0, 0));
    }

    #[test]
    fn bodies_requests_and_bytes_are_bounded() {
        let bodies = Bodies::default();
        bodies.want(true, 0);
        for number in 0..1_000 {
            bodies.want(true, number * SLOT_US);
            exchange(&bodies, number, 40_000);
        }
        let newest = bodies.of(999).unwrap().request.body;
        assert_eq!((newest.bytes.len(), newest.length), (MAX_BODY_BYTES, 40_000));
        let (requests, bytes) = bodies.held();
        assert!(requests <= MAX_REQUESTS && bytes <= MAX_BYTES, "{requests} and {bytes}");
        let begin =
            |at: u64| bodies.begin(&HeaderMap::new(), 1_000 * SLOT_US + at, Collector::default);
        let under_way: Vec<_> =
            (0..MAX_REQUESTS as u64 + 50).filter_map(|at| begin(at * SLOT_US)).collect();
        assert_eq!(under_way.len(), MAX_REQUESTS);
        drop(under_way);
        assert!(begin(300 * SLOT_US).is_some(), "places come back");
    }

    #[test]
    fn a_great_load_is_copied_in_part() {
        let bodies = Bodies::default();
        bodies.want(true, 0);
        let copied = (0..10_000).filter(|request| {
            bodies.begin(&HeaderMap::new(), SLOT_US + request * 100, Collector::default).is_some()
        });
        assert_eq!(copied.count(), 1_000, "of ten thousand in a second");
    }

    #[test]
    fn no_key_and_no_cookie_gets_in() {
        let mut headers = HeaderMap::new();
        for name in ["x-api-key", "authorization", "cookie", "x-my-token"] {
            headers.insert(name, HeaderValue::from_static("hidden"));
        }
        headers.insert("x-team", HeaderValue::from_static("gold"));
        let shown = shown(&headers);
        assert!(shown.iter().all(|(name, value)| (value == "[masked]") == (name != "x-team")));
        headers.insert("x-api-key", HeaderValue::from_static("sk-secret-1"));
        let bodies = Bodies::default();
        bodies.want(true, 0);
        let collect = |headers: &HeaderMap| {
            let mut collector = Collector::default();
            secrets::of_headers(headers, &mut collector);
            collector.url("/?token=in-the-query");
            collector
        };
        let mut copying = bodies.begin(&headers, 0, || collect(&headers)).unwrap();
        let mut answered = HeaderMap::new();
        answered.insert("x-echo", HeaderValue::from_static("got sk-secret-1"));
        copying.answered(&answered);
        copying.request.lock().add(b"in-the-query");
        copying.answer.body.add(b"no sk-secret-1, and c2stc2VjcmV0LTE=.");
        bodies.keep(7, *copying);
        let kept = bodies.of(7).unwrap();
        assert_eq!(kept.request.body.bytes, b"[masked]");
        assert_eq!(kept.answer.body.bytes, b"no [masked], and [masked].");
        assert_eq!(kept.answer.headers[0].1, "got [masked]");
    }
}

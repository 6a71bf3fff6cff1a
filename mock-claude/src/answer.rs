//! Decides one request: credentials, version, body, faults, limits, reply, charge, in this order.
//!
//! Deciding takes no time and awaits nothing; the server waits afterwards. A fault is decided
//! before the limits, so that an overloaded API costs no quota.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, HeaderName, HeaderValue};
use xxhash_rust::xxh3::xxh3_64;

use crate::chance::{Chance, RequestKey};
use crate::clock::Clock;
use crate::config::Config;
use crate::definitions;
use crate::error::ApiError;
use crate::fault::{Arrival, FaultConfig, Injection, Plan};
use crate::journal::{Entry, Journal};
use crate::latency::Schedule;
use crate::limits::{self, Limiter};
use crate::reply::{self, Reply};
use crate::request::{MessagesRequest, Version};
use crate::stream::{Message, Usage};
use crate::visit;

/// The header by which a client marks a request for the journal. Never part of a reply.
pub const TAG_HEADER: &str = "x-mock-tag";

/// The longest tag that is kept, in bytes.
const MAX_TAG_BYTES: usize = 200;

/// Everything about a mock that outlives a request.
#[derive(Debug)]
pub(crate) struct State {
    config: Config,
    clock: Clock,
    chance: Chance,
    plan: Mutex<Plan>,
    organization: HeaderValue,
    limiter: Option<Mutex<Limiter>>,
    seen: Mutex<Seen>,
    pub(crate) journal: Journal,
}

/// How many requests there were, in all and about each subject.
#[derive(Debug, Default)]
struct Seen {
    requests: u64,
    // Only ever asked for one key, so that its order cannot be seen.
    by_subject: HashMap<u64, u32>,
}

/// What a request gets.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) headers: HeaderMap,
    pub(crate) request_id: String,
    pub(crate) outcome: Outcome,
}

/// A refusal, or a reply with its schedule.
#[derive(Debug)]
pub(crate) enum Outcome {
    Refused { error: ApiError, after_ms: u64 },
    Replied(Box<Replied>),
}

/// A reply on its way.
#[derive(Debug)]
pub(crate) struct Replied {
    pub(crate) request: MessagesRequest,
    pub(crate) reply: Reply,
    pub(crate) schedule: Schedule,
}

impl Replied {
    /// The reply as the API's message object.
    pub(crate) fn message(&self, request_id: &str) -> Message<'_> {
        let usage = Usage::plain(self.request.tokens_in, self.reply.tokens_out);
        let id = request_id.replacen("req_", "msg_", 1);
        Message::new(id, &self.request.model_id, &self.reply, usage)
    }
}

/// A request's number among all, and its key.
struct Identity {
    arrival: Arrival,
    request_id: String,
    tag: Option<String>,
}

impl State {
    pub(crate) fn new(config: Config, clock: Clock, journal: Journal) -> Self {
        let chance = Chance::new(config.seed);
        Self {
            plan: Mutex::new(Plan::new(config.fault.clone(), chance)),
            organization: organization(chance),
            limiter: config.limits.as_ref().map(|limits| Mutex::new(Limiter::new(limits))),
            seen: Mutex::default(),
            config,
            clock,
            chance,
            journal,
        }
    }

    /// Decides a request and writes it into the journal.
    pub(crate) fn decide(&self, headers: &HeaderMap, body: Result<&[u8], ApiError>) -> Answer {
        let parsed = match body {
            Ok(bytes) => check_headers(headers)
                .and_then(|version| MessagesRequest::parse(bytes, version))
                .map_err(|error| (error, xxh3_64(bytes))),
            Err(error) => Err((error, 0)),
        };
        let subject = match &parsed {
            Ok(request) => xxh3_64(definitions::code(&request.text).as_bytes()),
            Err((_, hash)) => *hash,
        };
        let identity = self.identify(subject, headers);
        self.note(parsed.as_ref().ok(), identity.arrival.key);
        let injection = if parsed.is_ok() { self.plan().decide(&identity.arrival) } else { None };
        let outcome = match parsed {
            Err((error, _)) => self.refusal(error),
            Ok(request) => self.reply_unless(injection.as_ref(), request, &identity),
        };
        self.record(&identity, injection.map(|injection| injection.name), &outcome);
        let mut headers = HeaderMap::new();
        headers.insert("anthropic-organization-id", self.organization.clone());
        if let Some(mut limiter) = self.limiter() {
            limits::announce(&mut limiter, &self.clock, &mut headers);
        }
        Answer { headers, request_id: identity.request_id, outcome }
    }

    /// Takes output tokens from the quota when they have been written.
    pub(crate) fn wrote(&self, tokens_out: u64) {
        let now_us = self.clock.now_us();
        if let Some(mut limiter) = self.limiter() {
            limiter.wrote(now_us, tokens_out);
        }
    }

    fn identify(&self, subject: u64, headers: &HeaderMap) -> Identity {
        let (earlier, attempt) = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let earlier = seen.requests;
            seen.requests += 1;
            let count = seen.by_subject.entry(subject).or_default();
            let attempt = *count;
            *count = count.saturating_add(1);
            (earlier, attempt)
        };
        let key = RequestKey { subject, attempt };
        let tag = headers.get(TAG_HEADER).and_then(|value| value.to_str().ok());
        Identity {
            arrival: Arrival { key, earlier, at_us: self.clock.now_us() },
            request_id: request_id(self.chance, key),
            tag: tag.map(|tag| tag.chars().take(MAX_TAG_BYTES).collect()),
        }
    }

    fn reply_unless(
        &self,
        injection: Option<&Injection>,
        request: MessagesRequest,
        identity: &Identity,
    ) -> Outcome {
        if let Some(injection) = injection {
            return self.refusal(injection.error.clone());
        }
        if let Err(error) = self.admit(&request) {
            return self.refusal(error);
        }
        let key = identity.arrival.key;
        let reply = reply::write(&request, &self.config.reply, self.chance, key);
        let schedule = self.config.latency.plan(request.tokens_in, self.chance, key);
        Outcome::Replied(Box::new(Replied { request, reply, schedule }))
    }

    fn admit(&self, request: &MessagesRequest) -> Result<(), ApiError> {
        let Some(mut limiter) = self.limiter() else {
            return Ok(());
        };
        limiter.admit(self.clock.now_us(), request.tokens_in).map_err(|refusal| {
            let organization = self.organization.to_str().unwrap_or_default();
            let message = format!(
                "This request would exceed your organization's rate limit of {} (org: \
                 {organization}, model: {}). For details, refer to: \
                 https://docs.claude.com/en/api/rate-limits. You can see the response headers for \
                 current usage. Please reduce the prompt length or the maximum tokens requested, \
                 or try again later.",
                refusal.words(),
                request.model_id,
            );
            ApiError::of_status(429, message).retry_after(refusal.retry_after_s())
        })
    }

    fn refusal(&self, error: ApiError) -> Outcome {
        Outcome::Refused { error, after_ms: self.config.latency.refusal_ms }
    }

    fn record(&self, identity: &Identity, fault: Option<String>, outcome: &Outcome) {
        let mut entry = Entry {
            at_us: identity.arrival.at_us,
            request_id: identity.request_id.clone(),
            tag: identity.tag.clone(),
            status: 200,
            error: None,
            fault,
            tokens_in: 0,
            tokens_out: 0,
            cost_microusd: 0,
        };
        match outcome {
            Outcome::Refused { error, .. } => {
                entry.status = error.status;
                entry.error = Some(error.kind);
            }
            Outcome::Replied(replied) => {
                let Replied { request, reply, .. } = replied.as_ref();
                entry.tokens_in = request.tokens_in;
                entry.tokens_out = reply.tokens_out;
                entry.cost_microusd =
                    request.model.cost_microusd(entry.tokens_in, entry.tokens_out);
            }
        }
        self.journal.write(entry);
    }

    /// Notes for the journal what only the body says.
    fn note(&self, request: Option<&MessagesRequest>, key: RequestKey) {
        visit::note(|visit| {
            visit.identify(key);
            if let Some(request) = request {
                visit.asks_for(&request.model_id);
            }
            if let Some(request) = request.filter(|_| self.config.journal_prompts) {
                visit.says(&request.text);
            }
        });
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_faults(&self, faults: Vec<FaultConfig>) {
        *self.plan() = Plan::new(faults, self.chance);
    }

    /// Forgets what was seen: journal, ledger, and which attempt is which. Limits stay.
    pub(crate) fn reset(&self) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen::default();
        self.journal.reset();
    }

    /// The configuration as it is now.
    pub(crate) fn config(&self) -> Config {
        Config { fault: self.plan().faults().to_vec(), ..self.config.clone() }
    }

    pub(crate) fn now_us(&self) -> u64 {
        self.clock.now_us()
    }

    pub(crate) fn unix_ms(&self) -> i64 {
        self.clock.unix_ms()
    }

    fn limiter(&self) -> Option<MutexGuard<'_, Limiter>> {
        let limiter = self.limiter.as_ref()?;
        Some(limiter.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What the API wants of the headers, before it looks at the body.
fn check_headers(headers: &HeaderMap) -> Result<Version, ApiError> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text("authorization")
        .and_then(|value| value.strip_prefix("Bearer "))
        .is_some_and(|key| !key.trim().is_empty());
    let key = text("x-api-key").is_some_and(|key| !key.trim().is_empty());
    if !bearer && !key {
        return Err(ApiError::of_status(401, "x-api-key header is required"));
    }
    Version::parse(text("anthropic-version"))
}

/// `req_011C` and twenty letters and digits that follow from the seed and the request.
fn request_id(chance: Chance, key: RequestKey) -> String {
    const LETTERS: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let low = chance.bits("request id", key);
    let high = chance.bits("request id, upper half", key);
    let mut bits = (u128::from(high) << 64) | u128::from(low);
    let mut id = String::from("req_011C");
    for _ in 0..20 {
        let letter = usize::try_from(bits % 58).unwrap_or(0);
        id.push(char::from(LETTERS[letter]));
        bits /= 58;
    }
    id
}

/// An organisation id in the form of a UUID, from the seed alone.
fn organization(chance: Chance) -> HeaderValue {
    let key = RequestKey { subject: 0, attempt: 0 };
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

/// The headers that every error carries besides those of every answer.
pub(crate) fn error_headers(error: &ApiError, headers: &mut HeaderMap) {
    let should_retry = if error.should_retry() { "true" } else { "false" };
    headers
        .insert(HeaderName::from_static("x-should-retry"), HeaderValue::from_static(should_retry));
    if let Some(seconds) = error.retry_after_s {
        headers.insert(http::header::RETRY_AFTER, HeaderValue::from(seconds));
    }
}

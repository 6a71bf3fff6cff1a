//! Decides one request: credentials, version, body, faults, limits, reply, charge, in this order.
//!
//! Deciding takes no time and awaits nothing; the server waits afterwards. A fault is decided
//! before the limits, so that an overloaded API costs no quota.

mod beside;
mod count;
mod echo;
mod headers;
mod identity;

use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, HeaderValue};
use xxhash_rust::xxh3::xxh3_64;

use crate::api;
use crate::chance::{Chance, RequestKey};
use crate::clock::Clock;
use crate::config::Config;
use crate::error::ApiError;
use crate::fault::{Asked, Effect, Injection, Injector};
use crate::journal::{Entry, Journal};
use crate::latency::Schedule;
use crate::limits::{self, Account, Limits};
use crate::prices::{Charge, InputTokens};
use crate::prompt_cache::PromptCache;
use crate::reply::{self, Reply};
use crate::request::{MessagesRequest, Purpose, Rules};
use crate::seen::Seen;
use crate::visit;
use crate::{messages, names};

pub(crate) use count::Counted;
use echo::Echoed;
pub(crate) use headers::{check_headers, error_headers};
pub use identity::TAG_HEADER;
use identity::{Identity, organization, subject};

/// Everything about a mock that outlives a request.
#[derive(Debug)]
pub(crate) struct State {
    config: Config,
    clock: Clock,
    chance: Chance,
    pub(crate) injector: Injector,
    organization: HeaderValue,
    limits: Option<Mutex<Limits>>,
    seen: Mutex<Seen>,
    cache: Mutex<PromptCache>,
    pub(crate) journal: Journal,
    pub(crate) stored: api::Stored,
}

/// What a request gets.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) headers: HeaderMap,
    pub(crate) request_id: String,
    pub(crate) outcome: Outcome,
    pub(crate) effect: Option<Effect>,
    pub(crate) key: RequestKey,
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
    pub(crate) account: Account,
    /// What the prompt cache made of the input.
    pub(crate) input: InputTokens,
    /// What the response says again of the request.
    pub(crate) echoed: Echoed,
}

impl State {
    pub(crate) fn new(config: Config, clock: Clock, journal: Journal) -> Self {
        let chance = Chance::new(config.seed);
        Self {
            injector: Injector::new(config.fault.clone(), chance, clock),
            organization: organization(chance, ""),
            limits: config.limits.as_ref().and_then(Limits::new).map(Mutex::new),
            seen: Mutex::default(),
            cache: Mutex::default(),
            config,
            clock,
            chance,
            journal,
            stored: api::Stored::default(),
        }
    }

    /// Decides a request and writes it into the journal.
    pub(crate) fn decide(&self, headers: &HeaderMap, body: Result<&[u8], ApiError>) -> Answer {
        let body_bytes = body.as_ref().map_or(0, |bytes| bytes.len() as u64);
        let parsed = match body {
            Ok(bytes) => self
                .rules(headers, Purpose::Reply)
                .and_then(|rules| MessagesRequest::read(bytes, rules))
                .map_err(|error| (error, xxh3_64(bytes))),
            Err(error) => Err((error, 0)),
        };
        let subject = match &parsed {
            Ok(request) => subject(request),
            Err((_, hash)) => *hash,
        };
        let identity = self.identify(subject, headers);
        let class = parsed.as_ref().ok().map(|request| request.model.class.as_str());
        self.note(parsed.as_ref().ok(), identity.arrival.key);
        let (parsed, injection) = match parsed {
            Ok(request) => match self.inject(headers, &request, &identity) {
                Ok(injection) => (Ok(request), injection),
                Err(error) => (Err((error, subject)), None),
            },
            Err(refused) => (Err(refused), None),
        };
        let outcome = match parsed {
            Err((error, _)) => self.refusal(error),
            Ok(request) => self.reply_unless(injection.as_ref(), request, &identity, body_bytes),
        };
        let (name, effect) = match injection {
            Some(Injection { name, effect }) => (Some(name), Some(effect)),
            None => (None, None),
        };
        self.record(&identity, name, &outcome);
        let headers = self.headers(identity.account, class, &outcome);
        Answer {
            headers,
            request_id: identity.request_id,
            outcome,
            effect,
            key: identity.arrival.key,
        }
    }

    /// Ends a reply: takes its output tokens from the quota, and its place among those under way.
    pub(crate) fn finished(&self, account: Account, class: &str, tokens_out: u64) {
        if let Some(mut limits) = self.limits() {
            let now_us = self.clock.now_us();
            limits.finished(now_us, account, class, tokens_out);
        }
    }

    fn inject(
        &self,
        headers: &HeaderMap,
        request: &MessagesRequest,
        identity: &Identity,
    ) -> Result<Option<Injection>, ApiError> {
        let asked = Asked {
            path: messages::PATH,
            model: &request.model_id,
            stream: request.stream,
            ..Asked::nothing(identity.arrival, headers)
        };
        self.injector.meet(asked)
    }

    fn reply_unless(
        &self,
        injection: Option<&Injection>,
        request: MessagesRequest,
        identity: &Identity,
        body_bytes: u64,
    ) -> Outcome {
        let mut request = request;
        let effect = injection.map(|injection| &injection.effect);
        if let Some(Effect::Refuse { error, .. }) = effect {
            return self.refusal(error.clone());
        }
        if let Some(Effect::Semantic(trouble)) = effect {
            let most = trouble.most_tokens().unwrap_or(u64::MAX);
            request.max_tokens = request.max_tokens.min(most);
        }
        let now_us = identity.arrival.at_us;
        let input = self.cache().read(identity.scope, &request, now_us);
        if let Err(error) = self.admit(identity.account, &request, &input, body_bytes) {
            return self.refusal(error);
        }
        let replied = self.write_reply(request, identity, input, effect);
        let begins_us = now_us.saturating_add(replied.schedule.at_ms(0).saturating_mul(1000));
        self.cache().write(identity.scope, &replied.request, now_us, begins_us);
        Outcome::Replied(Box::new(replied))
    }

    fn write_reply(
        &self,
        request: MessagesRequest,
        identity: &Identity,
        input: InputTokens,
        effect: Option<&Effect>,
    ) -> Replied {
        let key = identity.arrival.key;
        let reply = reply::write(&request, &self.config.reply, self.chance, key);
        let mut schedule = self.config.latency.plan(input.limited(), self.chance, key);
        if let Some(Effect::Delay(delay)) = effect {
            schedule = schedule.delayed(*delay);
        }
        let echoed = self.echoed(&request, identity.arrival.at_us);
        Replied { request, reply, schedule, account: identity.account, input, echoed }
    }

    /// By which rules a body with these headers is read.
    fn rules(&self, headers: &HeaderMap, purpose: Purpose) -> Result<Rules, ApiError> {
        let version = check_headers(headers)?;
        let beta = headers.contains_key(&names::BETA);
        Ok(Rules { version, purpose, beta, contract: self.config.contract })
    }

    fn cache(&self) -> MutexGuard<'_, PromptCache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(
        &self,
        account: Account,
        request: &MessagesRequest,
        input: &InputTokens,
        body_bytes: u64,
    ) -> Result<(), ApiError> {
        let Some(mut limits) = self.limits() else {
            return Ok(());
        };
        let wanted =
            limits::Request { tokens_in: input.total(), cache_read_tokens: input.read, body_bytes };
        limits.admit(&self.clock, account, request.model, wanted).map_err(|refusal| {
            let organization = self.organization_of(&limits, account);
            refusal.error(organization.to_str().unwrap_or_default(), &request.model_id)
        })
    }

    fn refusal(&self, error: ApiError) -> Outcome {
        Outcome::Refused { error, after_ms: self.config.latency.refusal_ms }
    }

    fn record(&self, identity: &Identity, fault: Option<String>, outcome: &Outcome) {
        self.write(identity.account, Self::entry(identity, fault, outcome, false));
    }

    /// Writes an entry, and takes what it cost from what may be spent.
    fn write(&self, account: Account, entry: Entry) {
        if let Some(mut limits) = self.limits() {
            limits.spent(&self.clock, account, entry.cost_microusd);
        }
        self.journal.write(entry);
    }

    fn entry(identity: &Identity, fault: Option<String>, outcome: &Outcome, batch: bool) -> Entry {
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
                let Replied { request, reply, input, .. } = replied.as_ref();
                entry.tokens_in = request.tokens_in;
                entry.tokens_out = reply.tokens_out;
                let charge = Charge { input: *input, output: entry.tokens_out, batch };
                entry.cost_microusd = request.model.cost(&charge);
            }
        }
        entry
    }

    /// Notes for the journal what only the body says.
    fn note(&self, request: Option<&MessagesRequest>, key: RequestKey) {
        visit::note(|visit| {
            visit.identify(key);
            if let Some(request) = request {
                visit.asks_for(request.model_id.clone());
            }
            if let Some(request) = request.filter(|_| self.config.journal_prompts) {
                visit.says(&request.text);
            }
        });
    }

    /// Forgets what was seen: journal, ledger, and which attempt is which. Limits, batches, files
    /// and the prompt cache stay.
    pub(crate) fn reset(&self) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen::default();
        self.journal.reset();
    }

    /// The configuration as it is now.
    pub(crate) fn config_now(&self) -> Config {
        Config { fault: self.injector.faults(), ..self.config.clone() }
    }

    fn limits(&self) -> Option<MutexGuard<'_, Limits>> {
        let limits = self.limits.as_ref()?;
        Some(limits.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

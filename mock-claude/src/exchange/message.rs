//! `POST /v1/messages`: credentials, version, body, fault, limits, reply, charge, in this order.
//!
//! This is the way of nearly every request, so it takes the body as it comes from the connection
//! and holds nothing of the request once the answer is decided.

use std::sync::Arc;

use axum::BoxError;
use axum::response::Response;
use bytes::Bytes;
use http::Request;
use serde_json::{Map, Value, json};
use xxhash_rust::xxh3::xxh3_64;

use super::core::Core;
use super::identity::{scope, subject};
use super::pending::{Asking, Pending, check_headers};
use super::threads::{self, Turn};
use super::{Decision, Exchange, Origin, Outcome, Replied};
use crate::api::betas;
use crate::api::error::ApiError;
use crate::api::prices::{Charge, InputTokens};
use crate::api::request::{MessagesRequest, Purpose, Rules};
use crate::cloud;
use crate::fault::CacheLoss;
use crate::fault::effect::Effect;
use crate::journal::{Entry, Limit};
use crate::limits::{Admission, Told, Wanted};
use crate::model::latency::Delay;
use crate::model::prompt_cache::PromptCache;
use crate::model::reply;
use crate::server::body;

/// The path.
pub(crate) const PATH: &str = "/v1/messages";

/// How long a container is kept after its last use.
const CONTAINER_LIFE_US: u64 = 3_600_000_000;

/// Answers one request.
pub(crate) async fn answer<B>(core: Arc<Core>, request: Request<B>, origin: Origin) -> Response
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    let (head, body) = request.into_parts();
    let body = body::read(body).await;
    let exchange = Exchange::begin(&core, origin, |core, trace| {
        let asking = Asking::directly(&head.headers, Some(trace));
        core.message(asking, body.as_deref().map_err(Clone::clone))
    });
    drop((head, body));
    exchange.end(&core).await
}

impl Core {
    /// Decides a message and writes it into the journal.
    pub(crate) fn message(&self, asking: Asking<'_>, body: Result<&[u8], ApiError>) -> Decision {
        let body_bytes = body.as_ref().map_or(0, |bytes| bytes.len() as u64);
        if let (Some(trace), Ok(bytes)) = (asking.trace, &body) {
            let beta = asking.known.beta.map_or(0, |beta| xxh3_64(beta.as_bytes()));
            trace.open().trace.body = xxh3_64(bytes) ^ beta;
        }
        let turn = match &body {
            Ok(bytes) if asking.known.beta.is_some() && threads::are_wanted(asking.headers) => {
                let (scope, now_us) = (scope(&asking.known), self.clock.now_us());
                self.threads.lock().turn(scope, bytes, now_us)
            }
            _ => Ok(None),
        };
        let (turn, parsed, subject) = match (body, turn) {
            (Err(error), _) => (None, Err(error), 0),
            (Ok(bytes), Err(error)) => (None, Err(error), xxh3_64(bytes)),
            (Ok(bytes), Ok(turn)) => {
                let whole = turn.as_ref().map_or(bytes, |turn| &turn.body);
                let parsed = self.read(&asking, whole, Purpose::Reply);
                let subject = parsed.as_ref().map_or_else(|_| xxh3_64(bytes), subject);
                (turn, parsed, subject)
            }
        };
        let mut pending = Pending::open(self, asking, subject);
        pending.note(parsed.as_ref().ok());
        let mut told = Told { headers: pending.headers(), ..Told::default() };
        let replied =
            parsed.and_then(|request| pending.reply_if_admitted(request, body_bytes, &mut told));
        pending.note_levels(&told.levels);
        let entry = pending.entry(replied.as_ref().err());
        pending.commit(match &replied {
            Ok(replied) => charged(entry, replied, false),
            Err(_) => entry,
        });
        if let (Some(turn), Ok(replied)) = (turn, &replied) {
            self.hold(&pending, turn, replied);
        }
        let outcome = replied.map_or_else(Outcome::Refused, Outcome::Replied);
        Decision { is_foreseen: true, ..pending.decided(told.headers, outcome) }
    }

    /// Holds a conversation that its client wants held, with the reply that it gets.
    fn hold(&self, pending: &Pending<'_>, turn: Turn, replied: &Replied) {
        let message = replied.message(&pending.identity.request_id).to_json();
        let message: Value = serde_json::from_slice(&message).unwrap_or_default();
        let took_us = replied.schedule.at_ms(replied.reply.tokens_out).saturating_mul(1_000);
        let until_us = pending.identity.arrival.at_us.saturating_add(took_us);
        self.threads.lock().keep(pending.identity.scope, turn, &message, until_us);
    }

    /// Reads a body by the rules that its headers ask for.
    pub(super) fn read(
        &self,
        asking: &Asking<'_>,
        body: &[u8],
        purpose: Purpose,
    ) -> Result<MessagesRequest, ApiError> {
        let contract = self.config.contract;
        let version = check_headers(&asking.known)?;
        let beta = asking.known.beta.is_some();
        if beta && !contract {
            betas::check(asking.headers)?;
        }
        let counting = self.config.tokens;
        let rules = Rules { version, purpose, beta, contract, counting };
        match MessagesRequest::read(body, rules) {
            // Only a model that is not known can be one that a cloud names otherwise.
            Err(error) if error.status == 404 => match cloud::of_signed(asking.headers, body) {
                Some(renamed) => MessagesRequest::read(&renamed, rules),
                None => Err(error),
            },
            read => read,
        }
    }
}

impl Pending<'_> {
    /// Notes for the journal what only the body says.
    fn note(&self, request: Option<&MessagesRequest>) {
        let Some(trace) = self.asking.trace else { return };
        let trace = &mut trace.open().trace;
        trace.identify(self.identity.arrival.key);
        if let Some(request) = request {
            trace.asks(request, self.asking.headers);
            if trace.job.is_none() {
                trace.job = self.core.journal.job_of(&request.text);
            }
        }
        if let Some(request) = request.filter(|_| self.core.config.journal_prompts) {
            let text = &request.text;
            let masked = self.core.own.known_in(text.as_bytes(), redact::Body::default());
            let masked = masked.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            trace.says(masked.as_deref().unwrap_or(text));
        }
    }

    /// The reply, unless a fault or a limit refuses the request. Adds the headers of the limits.
    fn reply_if_admitted(
        &mut self,
        request: MessagesRequest,
        body_bytes: u64,
        told: &mut Told,
    ) -> Result<Box<Replied>, ApiError> {
        let mut request = request;
        let path = self.asking.cloud.map_or(PATH, |cloud| cloud.path);
        if let Err(error) = self.meet(path, &request.model_id, request.stream) {
            if let Some(limits) = &self.settings.limits {
                limits.announce(self.identity.account, &request.model.class, told);
            }
            return Err(error);
        }
        if let Some(most) = self.effect().and_then(Effect::most_tokens) {
            request.max_tokens = request.max_tokens.min(most);
        }
        let input = self.cached(&request);
        let admission = self.admit(&request, &input, body_bytes, told)?;
        let delay = self.effect().and_then(Effect::delay);
        let mut replied = self.reply(request, input, delay);
        replied.admission = admission.map(|mut admission| {
            admission.tokens_out = replied.reply.tokens_out;
            admission
        });
        let begins_us = replied.schedule.at_ms(0).saturating_mul(1000);
        self.cache(&replied.request, self.identity.arrival.at_us.saturating_add(begins_us));
        Ok(replied)
    }

    fn admit(
        &self,
        request: &MessagesRequest,
        input: &InputTokens,
        body_bytes: u64,
        told: &mut Told,
    ) -> Result<Option<Admission>, ApiError> {
        let Some(limits) = &self.settings.limits else { return Ok(None) };
        let of_bedrock = self.asking.cloud.is_some_and(|cloud| cloud.is_bedrock);
        let wanted = Wanted {
            tokens_in: input.total(),
            cache_read_tokens: input.read,
            body_bytes,
            bedrock_max_tokens: of_bedrock.then_some(request.max_tokens),
        };
        let now = (self.identity.account, self.identity.arrival.at_us);
        let admitted = limits.admit(now, request.model, wanted, told);
        admitted.map(Some).map_err(|refusal| {
            if let Some(trace) = self.asking.trace.filter(|_| refusal.is_of_size()) {
                trace.open().trace.limit = Some(Limit::Request);
            }
            let organization = self.organization();
            refusal.error(organization.to_str().unwrap_or_default(), &request.model_id)
        })
    }

    /// What the prompt cache makes of the input. Few requests mark anything to be cached.
    pub(super) fn cached(&self, request: &MessagesRequest) -> InputTokens {
        if request.breakpoints.is_empty() {
            return InputTokens { uncached: request.tokens_in, ..InputTokens::default() };
        }
        let Self { core, identity, .. } = self;
        let mut cache = core.cache.lock();
        match self.effect() {
            Some(Effect::LoseCache(CacheLoss::Miss)) => return PromptCache::missed(request),
            Some(Effect::LoseCache(CacheLoss::Evict)) => cache.forget(identity.scope),
            _ => {}
        }
        cache.read(identity.scope, request, identity.arrival.at_us)
    }

    /// Keeps what a request marks, to be read from this moment on.
    pub(super) fn cache(&self, request: &MessagesRequest, from_us: u64) {
        if !request.breakpoints.is_empty() {
            let Self { core, identity, .. } = self;
            core.cache.lock().write(identity.scope, request, identity.arrival.at_us, from_us);
        }
    }

    /// What the model says, and when.
    pub(super) fn reply(
        &self,
        request: MessagesRequest,
        input: InputTokens,
        delay: Option<Delay>,
    ) -> Box<Replied> {
        let Self { core, settings, identity, .. } = self;
        let key = identity.arrival.key;
        let reply = reply::write(&request, &core.config.reply, core.chance, key);
        let schedule = settings.latency.plan(input.limited(), core.chance, key);
        let echoed = self.echoed(&request);
        let schedule = schedule.delayed(delay);
        Box::new(Replied { request, reply, schedule, input, echoed, admission: None })
    }

    /// Fields of the response that are there because the request had them.
    fn echoed(&self, request: &MessagesRequest) -> Map<String, Value> {
        let mut echoed = Map::new();
        if let Some(id) = &request.echo.container {
            let expires_us = self.identity.arrival.at_us.saturating_add(CONTAINER_LIFE_US);
            let container = json!({"id": id, "expires_at": self.core.clock.rfc3339(expires_us)});
            echoed.insert("container".into(), container);
        }
        if request.echo.diagnostics {
            echoed.insert("diagnostics".into(), Value::Null);
        }
        if request.echo.context_management {
            let applied = json!({"applied_edits": []});
            echoed.insert("context_management".into(), applied);
        }
        echoed
    }
}

/// The entry with what a reply costs.
pub(super) fn charged(entry: Entry, replied: &Replied, batch: bool) -> Entry {
    let Replied { request, reply, input, .. } = replied;
    let charge = Charge { input: *input, output: reply.tokens_out, batch };
    Entry {
        tokens_in: request.tokens_in,
        tokens_out: reply.tokens_out,
        cost_microusd: request.model.cost(&charge),
        ..entry
    }
}

//! A request while it is decided: its identity, the fault that it meets, and what is written down
//! of it. Messages, counts, the other routes and the requests of a batch all pass through here.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue};

use super::core::{Core, organization};
use super::identity::Identity;
use super::settings::Settings;
use super::{Decision, Outcome};
use crate::api::error::ApiError;
use crate::api::headers::{Known, ORGANIZATION, WORKSPACE, as_text};
use crate::api::request::Version;
use crate::fault::effect::Effect;
use crate::fault::plan::Injection;
use crate::fault::when::Asked;
use crate::journal::Entry;
use crate::journal::trace::Handle;
use crate::limits::Levels;

/// Who asks, as far as a decision has to know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking<'a> {
    /// The headers of the request.
    pub(crate) headers: &'a HeaderMap,
    /// What is read of them.
    pub(crate) known: Known<'a>,
    /// Its trace; a request in a batch has none.
    pub(crate) trace: Option<&'a Handle>,
    /// The cloud that it came by, where it did.
    pub(crate) cloud: Option<ByCloud<'a>>,
}

/// A cloud that a request came by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ByCloud<'a> {
    /// The path there.
    pub(crate) path: &'a str,
    /// Whether Bedrock's quotas hold for it.
    pub(crate) is_bedrock: bool,
}

impl<'a> Asking<'a> {
    /// Who asks the API itself.
    pub(crate) fn directly(headers: &'a HeaderMap, trace: Option<&'a Handle>) -> Self {
        Self { headers, known: Known::of(headers), trace, cloud: None }
    }
}

/// A request that is being decided.
pub(super) struct Pending<'a> {
    pub(super) core: &'a Core,
    /// The settings that hold for all of the decision.
    pub(super) settings: Arc<Settings>,
    pub(super) asking: Asking<'a>,
    pub(super) identity: Identity,
    pub(super) injection: Option<Injection>,
}

impl<'a> Pending<'a> {
    /// Opens the next attempt at what `subject` stands for.
    pub(super) fn open(core: &'a Core, asking: Asking<'a>, subject: u64) -> Self {
        let job = asking.trace.and_then(|trace| trace.open().trace.job.clone());
        let settings = core.settings();
        let identity = Identity::of(core, &settings, &asking.known, subject, job);
        Self { core, settings, asking, identity, injection: None }
    }

    /// Lets a fault hit the request. Refuses where the fault says so, or where the client asks for
    /// one that is not there.
    pub(super) fn meet(&mut self, path: &str, model: &str, stream: bool) -> Result<(), ApiError> {
        if self.core.injector.is_idle() && self.asking.known.fault.is_none() {
            return Ok(());
        }
        let asked = Asked::of(self.identity.arrival, self.asking.headers);
        let job = self.identity.in_job();
        self.injection = self.core.injector.meet(Asked { path, model, stream, job, ..asked })?;
        self.effect().and_then(Effect::refusal).cloned().map_or(Ok(()), Err)
    }

    /// What a fault does to the request, where one hits it.
    pub(super) fn effect(&self) -> Option<&Effect> {
        self.injection.as_ref().map(|injection| &injection.effect)
    }

    /// The journal's entry of a request that costs nothing.
    pub(super) fn entry(&self, error: Option<&ApiError>) -> Entry {
        let Identity { arrival, request_id, tag, .. } = &self.identity;
        Entry {
            at_us: arrival.at_us,
            request_id: request_id.clone(),
            tag: tag.clone(),
            status: error.map_or(200, |error| error.status),
            error: error.map(|error| error.kind),
            fault: self.injection.as_ref().map(|injection| injection.name.clone()),
            tokens_in: 0,
            tokens_out: 0,
            cost_microusd: 0,
        }
    }

    /// Writes an entry, and takes what it cost from what may be spent.
    pub(super) fn commit(&self, entry: Entry) {
        if let Some(limits) = self.settings.limits.as_ref().filter(|_| entry.cost_microusd > 0) {
            limits.debit(self.identity.account, entry.at_us, entry.cost_microusd);
        }
        self.core.journal.write(entry, self.asking.trace);
    }

    /// The id of the organisation that asks.
    pub(super) fn organization(&self) -> HeaderValue {
        let limits = self.settings.limits.as_ref();
        limits.and_then(|limits| limits.organization_name(self.identity.account)).map_or_else(
            || self.core.organization.clone(),
            |name| organization(self.core.chance, name),
        )
    }

    /// Lets the monitor know which levels the answer announces, unless it is changed on its way.
    pub(super) fn note_levels(&self, levels: &Levels) {
        let Some(trace) = self.asking.trace else { return };
        if self.injection.is_none() && self.asking.cloud.is_none() {
            trace.open().trace.levels_noted = true;
            self.core.journal.metrics().note_levels(levels);
        }
    }

    /// Whose answer it is, with room for the headers to come.
    pub(super) fn headers(&self) -> HeaderMap {
        let Some(limits) = &self.settings.limits else {
            let mut headers = HeaderMap::with_capacity(6);
            headers.insert(&ORGANIZATION, self.core.organization.clone());
            return headers;
        };
        let mut headers = HeaderMap::with_capacity(2);
        headers.insert(&ORGANIZATION, self.organization());
        if let Some(id) = limits.workspace_id(self.identity.account).map(HeaderValue::from_str) {
            headers.extend(id.ok().map(|id| (WORKSPACE.clone(), id)));
        }
        headers
    }

    /// The decision, once everything is written down.
    pub(super) fn decided(self, headers: HeaderMap, outcome: Outcome) -> Decision {
        let Identity { arrival, request_id, .. } = self.identity;
        let effect = self.injection.map(|injection| injection.effect);
        Decision { headers, request_id, outcome, effect, is_foreseen: false, key: arrival.key }
    }
}

/// What the API wants of the headers, before it looks at the body.
pub(crate) fn check_headers(known: &Known<'_>) -> Result<Version, ApiError> {
    let given = |text: Option<&str>| text.is_some_and(|text| !text.trim().is_empty());
    let key = given(as_text(known.api_key)) || given(known.bearer());
    if !key && known.access_key().is_none() {
        return Err(ApiError::of_status(401, "x-api-key header is required"));
    }
    Version::parse(as_text(known.version))
}

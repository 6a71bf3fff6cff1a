//! Rate limits by organisation and class of models, and everything else that refuses a request
//! for being one too many.
//!
//! What exists is configuration ([`config`]) over the numbers of a tier ([`tiers`]); a class has
//! rates ([`limiter`]), an organisation has requests under way, growth and spend, and a
//! workspace has limits below its organisation's. All limits are asked before any takes
//! anything, so a refusal costs no quota.

mod bucket;
pub mod config;
mod headers;
pub mod limiter;
mod organization;
mod ramp;
mod rates;
mod refusal;
mod spend;
pub mod tiers;
mod window;

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, header};

pub use self::config::{Algorithm, LimitsConfig};
pub use self::limiter::{Ask, Dimension, Exceeded, Limiter};
use self::organization::{Organization, Workspace};
pub use self::rates::Rates;
pub use self::refusal::Refusal;
pub use self::tiers::Tier;
use crate::clock::Clock;
use crate::names;
use crate::prices::Model;

/// Every limit of one mock. There are as many as the configuration and the price list have
/// names for, whatever the clients send.
#[derive(Debug)]
pub struct Limits {
    organizations: Vec<Organization>,
    workspaces: Vec<Workspace>,
    by_key: BTreeMap<String, Account>,
    by_workspace_id: BTreeMap<String, usize>,
}

/// Whose quota a request is taken from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Account {
    /// 0 is the organisation of every key that is not configured.
    organization: usize,
    workspace: Option<usize>,
}

impl Limits {
    /// Limits that are whole at time 0; none where they are switched off.
    pub fn new(config: &LimitsConfig) -> Option<Self> {
        if config.enabled == Some(false) {
            return None;
        }
        let mut by_key = BTreeMap::<String, Account>::new();
        let mut organizations = vec![Organization::main(config)];
        for one in &config.organization {
            for key in &one.api_keys {
                by_key.entry(key.clone()).or_default().organization = organizations.len();
            }
            organizations.push(Organization::of(config, one));
        }
        let mut by_workspace_id = BTreeMap::new();
        for (index, workspace) in config.workspace.iter().enumerate() {
            for key in &workspace.api_keys {
                by_key.entry(key.clone()).or_default().workspace = Some(index);
            }
            by_workspace_id.insert(workspace.id.clone(), index);
        }
        let workspaces = config.workspace.iter().map(|one| Workspace::new(config, one)).collect();
        Some(Self { organizations, workspaces, by_key, by_workspace_id })
    }

    /// Whose quota a request with these headers is taken from.
    pub fn account(&self, headers: &HeaderMap) -> Account {
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let key = text(&names::API_KEY).or_else(|| {
            text(&header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "))
        });
        let account = key.and_then(|key| self.by_key.get(key.trim())).copied().unwrap_or_default();
        let named = text(&names::WORKSPACE).and_then(|id| self.by_workspace_id.get(id));
        Account { workspace: named.copied().or(account.workspace), ..account }
    }

    /// The configured name of an account's organisation; none for the one without a name.
    pub fn organization_name(&self, account: Account) -> Option<&str> {
        self.organizations[account.organization].name.as_deref()
    }

    /// The id of an account's workspace.
    pub fn workspace_id(&self, account: Account) -> Option<&str> {
        account.workspace.map(|index| self.workspaces[index].id.as_str())
    }

    /// Admits a request of `tokens_in` tokens, of which the cache gives `cache_read_tokens`, or
    /// says what refuses it. An admitted request is under way until [`Self::finished`].
    pub fn admit(
        &mut self,
        clock: &Clock,
        account: Account,
        model: &'static Model,
        request: Request,
    ) -> Result<(), Refusal> {
        let now_us = clock.now_us();
        let free = if model.cache_reads_count { 0 } else { request.cache_read_tokens };
        let ask = Ask {
            tokens_in: request.tokens_in.saturating_sub(free),
            prompt_bytes: request.body_bytes,
        };
        let organization = &mut self.organizations[account.organization];
        let mut workspace = account.workspace.map(|index| &mut self.workspaces[index]);
        organization.check(clock, now_us, &model.class, ask)?;
        if let Some(workspace) = &mut workspace {
            workspace.check(clock, now_us, ask)?;
            workspace.take(now_us, ask);
        }
        organization.take(now_us, &model.class, ask);
        Ok(())
    }

    /// Takes what a request cost from the spend caps.
    pub fn spent(&mut self, clock: &Clock, account: Account, cost_microusd: u64) {
        let unix_ms = clock.unix_ms(clock.now_us());
        self.organizations[account.organization].spent(unix_ms, cost_microusd);
        if let Some(index) = account.workspace {
            self.workspaces[index].spent(unix_ms, cost_microusd);
        }
    }

    /// Takes the output tokens that were written, and ends the request.
    pub fn finished(&mut self, now_us: u64, account: Account, class: &str, tokens_out: u64) {
        self.organizations[account.organization].finished(now_us, class, tokens_out);
        if let Some(index) = account.workspace {
            self.workspaces[index].limiter.wrote(now_us, tokens_out);
        }
    }

    /// Adds the headers of every rate that exists.
    pub fn announce(
        &mut self,
        clock: &Clock,
        account: Account,
        class: &str,
        headers: &mut HeaderMap,
    ) {
        let limiter = self.organizations[account.organization].limiter(class);
        let workspace = account.workspace.map(|index| &mut self.workspaces[index].limiter);
        headers::announce(limiter, workspace, clock, headers);
    }
}

/// What a request wants of the limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Request {
    /// Every token that the model reads, those from the cache included.
    pub tokens_in: u64,
    /// Tokens that the prompt cache gives.
    pub cache_read_tokens: u64,
    /// Bytes of the request's body.
    pub body_bytes: u64,
}

//! Rate limits by organisation and class of models, and everything else that refuses a request
//! for being one too many.
//!
//! What exists is configuration (`config`) over the numbers of a tier; a class has rates
//! (`limiter`), an organisation has requests under way, growth and spend, and a
//! workspace has limits below its organisation's. All limits are checked before any takes
//! anything, so a refusal costs no quota. The quotas are locked once for a request that is refused
//! and twice for one that is admitted: when it comes, and when it has been answered.

mod accounts;
mod bedrock;
mod bucket;
mod config;
mod headers;
mod limiter;
mod organization;
mod ramp;
mod refusal;
mod spend;
mod window;

use std::sync::Arc;

use parking_lot::Mutex;

pub(crate) use self::accounts::Account;
use self::accounts::Accounts;
use self::bedrock::{BedrockQuotas, Need, Reserved};
pub use self::config::allowance::Allowance;
pub use self::config::bedrock::BedrockConfig;
pub use self::config::rates::{Algorithm, Rates};
pub use self::config::tiers::{Tier, TierLimits};
pub use self::config::{ClassConfig, LimitsConfig, OrganizationConfig, WorkspaceConfig};
pub(crate) use self::headers::{LIMITED, Level, Levels, Told};
pub use self::limiter::{Ask, Dimension, Exceeded, Limiter};
use self::organization::{OrganizationQuota, of_workspace};
pub(crate) use self::refusal::Refusal;
use crate::api::headers::Known;
use crate::api::prices::Model;
use crate::basis::clock::Clock;

/// Every limit of one mock. There are as many as the configuration and the price list have
/// names for, whatever the clients send.
#[derive(Debug)]
pub(crate) struct Limits {
    accounts: Accounts,
    clock: Clock,
    quotas: Mutex<Quotas>,
}

/// What is left of every rate, and how many requests are under way.
#[derive(Debug)]
struct Quotas {
    organizations: Vec<OrganizationQuota>,
    workspaces: Vec<Limiter>,
    bedrock: Option<BedrockQuotas>,
}

/// What a request wants of the limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Every token that the model reads, those from the cache included.
    pub(crate) tokens_in: u64,
    /// Tokens that the prompt cache gives.
    pub(crate) cache_read_tokens: u64,
    /// Bytes of the request's body.
    pub(crate) body_bytes: u64,
    /// The most tokens that it may write, where it comes by way of Bedrock.
    pub(crate) bedrock_max_tokens: Option<u64>,
}

/// An admitted request: under way until this is dropped, which takes the tokens that were written.
/// A client that leaves changes nothing about it, because the model goes on.
#[derive(Debug)]
pub(crate) struct Admission {
    limits: Arc<Limits>,
    account: Account,
    model: &'static Model,
    /// What was taken of Bedrock's quota, where that holds and no rate of the API does.
    reserved: Option<Reserved>,
    /// Tokens that the model writes.
    pub(crate) tokens_out: u64,
}

impl Drop for Admission {
    fn drop(&mut self) {
        let Self { account, model, reserved, tokens_out, .. } = *self;
        match reserved {
            None => self.limits.finish(account, &model.class, tokens_out),
            Some(reserved) => self.limits.settle(account, model, reserved, tokens_out),
        }
    }
}

impl Limits {
    /// Limits that are whole at time 0; none where they are switched off.
    pub(crate) fn new(config: &LimitsConfig, clock: Clock) -> Option<Self> {
        if config.enabled == Some(false) {
            return None;
        }
        let named = config.organization.iter().map(|one| OrganizationQuota::of(config, one));
        let organizations = std::iter::once(OrganizationQuota::main(config)).chain(named);
        let workspaces = config.workspace.iter().map(|one| of_workspace(config, one));
        let quotas = Quotas {
            organizations: organizations.collect(),
            workspaces: workspaces.collect(),
            bedrock: BedrockQuotas::new(config),
        };
        Some(Self { accounts: Accounts::new(config), clock, quotas: Mutex::new(quotas) })
    }

    /// Whose quota a request with these headers is taken from.
    pub(crate) fn account(&self, known: &Known<'_>) -> Account {
        self.accounts.find(known)
    }

    /// The configured name of an account's organisation; none for the one without a name.
    pub(crate) fn organization_name(&self, account: Account) -> Option<&str> {
        self.accounts.organization_name(account)
    }

    /// The id of an account's workspace.
    pub(crate) fn workspace_id(&self, account: Account) -> Option<&str> {
        self.accounts.workspace_id(account)
    }

    /// Admits a request, or says what refuses it; either way the headers of the rates are added,
    /// as far as the API announces them.
    pub(crate) fn admit(
        self: &Arc<Self>,
        (account, now_us): (Account, u64),
        model: &'static Model,
        wanted: Wanted,
        told: &mut Told,
    ) -> Result<Admission, Refusal> {
        if let Some(reserved) = self.reserve((account, now_us), model, wanted) {
            let reserved = Some(reserved?);
            let limits = Arc::clone(self);
            return Ok(Admission { limits, account, model, reserved, tokens_out: 0 });
        }
        let free = if model.cache_reads_count { 0 } else { wanted.cache_read_tokens };
        let tokens_in = wanted.tokens_in.saturating_sub(free);
        let ask = Ask { tokens_in, prompt_bytes: wanted.body_bytes };
        let mut quotas = self.quotas.lock();
        let admitted = self.take(&mut quotas, (account, now_us), &model.class, ask);
        if admitted.as_ref().err().is_none_or(Refusal::is_announced) {
            quotas.announce((&self.clock, now_us), account, &model.class, told);
        }
        drop(quotas);
        admitted?;
        let limits = Arc::clone(self);
        Ok(Admission { limits, account, model, reserved: None, tokens_out: 0 })
    }

    /// What a request takes of Bedrock's quotas; nothing where they do not hold for it.
    fn reserve(
        &self,
        (account, now_us): (Account, u64),
        model: &'static Model,
        wanted: Wanted,
    ) -> Option<Result<Reserved, Refusal>> {
        let Wanted { tokens_in, cache_read_tokens, .. } = wanted;
        let need = Need { tokens_in, cache_read_tokens, max_tokens: wanted.bedrock_max_tokens? };
        let mut quotas = self.quotas.lock();
        let taken = quotas.bedrock.as_mut()?.admit(now_us, (account.organization, &model.id), need);
        Some(taken.map_err(Refusal::Bedrock))
    }

    /// Gives back what a request did not use of Bedrock's quota.
    fn settle(&self, account: Account, model: &'static Model, reserved: Reserved, tokens_out: u64) {
        let now_us = self.clock.now_us();
        if let Some(bedrock) = self.quotas.lock().bedrock.as_mut() {
            bedrock.settle(now_us, (account.organization, &model.id), reserved, tokens_out);
        }
    }

    /// Spend is checked first, because waiting does not help against it; the workspace last.
    fn take(
        &self,
        quotas: &mut Quotas,
        (account, now_us): (Account, u64),
        class: &str,
        ask: Ask,
    ) -> Result<(), Refusal> {
        let unix_ms = self.clock.unix_ms(now_us);
        let organization = &mut quotas.organizations[account.organization];
        self.accounts.check_organization(account, unix_ms)?;
        organization.check(now_us, class, ask)?;
        if let Some(index) = account.workspace {
            let workspace = &mut quotas.workspaces[index];
            self.accounts.check_workspace(account, unix_ms)?;
            workspace.check(now_us, ask).map_err(Refusal::WorkspaceRate)?;
            workspace.take(now_us, ask);
        }
        organization.take(now_us, class, ask);
        Ok(())
    }

    /// Takes what a request cost from the spend caps.
    pub(crate) fn debit(&self, account: Account, now_us: u64, cost_microusd: u64) {
        let unix_ms = self.clock.unix_ms(now_us);
        self.accounts.debit(account, unix_ms, cost_microusd);
    }

    /// Takes the output tokens that were written, and ends the request.
    fn finish(&self, account: Account, class: &str, tokens_out: u64) {
        let now_us = self.clock.now_us();
        let mut quotas = self.quotas.lock();
        quotas.organizations[account.organization].finish(now_us, class, tokens_out);
        if let Some(index) = account.workspace {
            quotas.workspaces[index].wrote(now_us, tokens_out);
        }
    }

    /// Adds the headers of every rate that exists, for a request that takes nothing.
    pub(crate) fn announce(&self, account: Account, class: &str, told: &mut Told) {
        let now_us = self.clock.now_us();
        self.quotas.lock().announce((&self.clock, now_us), account, class, told);
    }
}

impl Quotas {
    fn announce(&mut self, now: (&Clock, u64), account: Account, class: &str, told: &mut Told) {
        let limiter = self.organizations[account.organization].limiter(class);
        let workspace = account.workspace.map(|index| &mut self.workspaces[index]);
        headers::announce(limiter, workspace, now, told);
    }
}

//! Whose quota a request is taken from: what the configuration says of keys, organisations and
//! workspaces, and what they may spend. It never changes, so it is read without a lock; only the
//! money has one, a cell for each cap.

use std::collections::BTreeMap;

use super::config::tiers::Tier;
use super::config::{LimitsConfig, OrganizationConfig, WorkspaceConfig};
use super::refusal::Refusal;
use super::spend::{self, Spend};
use crate::api::headers::{Known, as_text};

/// Whose quota a request is taken from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Account {
    /// 0 is the organisation of every key that is not configured.
    pub(super) organization: usize,
    pub(super) workspace: Option<usize>,
}

/// Every account of one mock.
#[derive(Debug)]
pub(super) struct Accounts {
    organizations: Vec<Organization>,
    workspaces: Vec<Workspace>,
    by_key: BTreeMap<String, Account>,
    by_workspace_id: BTreeMap<String, usize>,
}

#[derive(Debug)]
struct Organization {
    name: Option<String>,
    enforced: Option<Spend>,
    user: Option<Spend>,
}

#[derive(Debug)]
struct Workspace {
    id: String,
    cap: Option<Spend>,
}

impl Accounts {
    pub(super) fn new(config: &LimitsConfig) -> Self {
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
        let workspaces = config.workspace.iter().map(Workspace::of).collect();
        Self { organizations, workspaces, by_key, by_workspace_id }
    }

    /// Whose quota a request with these headers is taken from.
    pub(super) fn find(&self, known: &Known<'_>) -> Account {
        if self.by_key.is_empty() && self.by_workspace_id.is_empty() {
            return Account::default();
        }
        let key = as_text(known.api_key).or_else(|| known.bearer()).or_else(|| known.access_key());
        let account = key.and_then(|key| self.by_key.get(key.trim())).copied().unwrap_or_default();
        let named = as_text(known.workspace);
        let named = named.and_then(|id| self.by_workspace_id.get(id));
        Account { workspace: named.copied().or(account.workspace), ..account }
    }

    /// The configured name of an account's organisation; none for the one without a name.
    pub(super) fn organization_name(&self, account: Account) -> Option<&str> {
        self.organizations[account.organization].name.as_deref()
    }

    /// The id of an account's workspace.
    pub(super) fn workspace_id(&self, account: Account) -> Option<&str> {
        account.workspace.map(|index| self.workspaces[index].id.as_str())
    }

    /// Says which cap of the organisation refuses a request at this calendar time, if one does.
    pub(super) fn check_organization(&self, account: Account, unix_ms: i64) -> Result<(), Refusal> {
        let Organization { enforced, user, .. } = &self.organizations[account.organization];
        let reached = |cap: &Option<Spend>| cap.as_ref().is_some_and(|cap| cap.is_reached(unix_ms));
        let until = || spend::first_of_next_month(unix_ms).to_string();
        if reached(enforced) {
            return Err(Refusal::EnforcedSpend { until: until() });
        }
        if reached(user) {
            return Err(Refusal::UserSpend { until: until() });
        }
        Ok(())
    }

    /// The same for the cap of the workspace.
    pub(super) fn check_workspace(&self, account: Account, unix_ms: i64) -> Result<(), Refusal> {
        let cap = account.workspace.and_then(|index| self.workspaces[index].cap.as_ref());
        if cap.is_some_and(|cap| cap.is_reached(unix_ms)) {
            let until = spend::first_of_next_month(unix_ms).to_string();
            return Err(Refusal::WorkspaceSpend { until });
        }
        Ok(())
    }

    /// Takes what a request cost from every cap that it counts against.
    pub(super) fn debit(&self, account: Account, unix_ms: i64, cost_microusd: u64) {
        let Organization { enforced, user, .. } = &self.organizations[account.organization];
        let cap = account.workspace.and_then(|index| self.workspaces[index].cap.as_ref());
        for cap in [enforced.as_ref(), user.as_ref(), cap].into_iter().flatten() {
            cap.take(unix_ms, cost_microusd);
        }
    }
}

impl Organization {
    /// The organisation of every key that is not configured.
    fn main(config: &LimitsConfig) -> Self {
        let enforced = config.spend_limit_microusd;
        Self::build(None, config.tier, enforced, config.user_spend_limit_microusd)
    }

    fn of(config: &LimitsConfig, one: &OrganizationConfig) -> Self {
        let tier = one.tier.or(config.tier);
        let (enforced, user) = (one.spend_limit_microusd, one.user_spend_limit_microusd);
        Self::build(Some(one.name.clone()), tier, enforced, user)
    }

    fn build(
        name: Option<String>,
        tier: Option<Tier>,
        enforced: Option<u64>,
        user: Option<u64>,
    ) -> Self {
        let cap = enforced.or_else(|| tier.and_then(|tier| tier.limits().spend_limit_microusd));
        Self { name, enforced: cap.map(Spend::new), user: user.map(Spend::new) }
    }
}

impl Workspace {
    fn of(one: &WorkspaceConfig) -> Self {
        Self { id: one.id.clone(), cap: one.spend_limit_microusd.map(Spend::new) }
    }
}

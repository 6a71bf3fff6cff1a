//! What one organisation may do, class by class and in all, and what a workspace of it may.
//!
//! Spend is asked first, because waiting does not help against it; then concurrency and growth;
//! rates last.

use std::collections::BTreeMap;

use super::config::{LimitsConfig, OrganizationConfig, WorkspaceConfig};
use super::limiter::{Ask, Limiter};
use super::ramp::{self, Ramp};
use super::rates::Rates;
use super::refusal::Refusal;
use super::spend::{self, Spend};
use super::tiers::Tier;
use crate::clock::Clock;
use crate::prices;

/// The limits of one organisation.
#[derive(Debug)]
pub(super) struct Organization {
    pub(super) name: Option<String>,
    classes: BTreeMap<&'static str, Class>,
    under_way: u64,
    concurrent_requests: Option<u64>,
    enforced: Option<Spend>,
    user: Option<Spend>,
}

#[derive(Debug)]
struct Class {
    limiter: Limiter,
    ramp: Option<Ramp>,
}

impl Organization {
    /// The organisation of every key that is not configured.
    pub(super) fn main(config: &LimitsConfig) -> Self {
        let enforced = config.spend_limit_microusd;
        Self::build(
            config,
            config.tier,
            Rates::default(),
            enforced,
            config.user_spend_limit_microusd,
        )
    }

    /// An organisation of the configuration.
    pub(super) fn of(config: &LimitsConfig, one: &OrganizationConfig) -> Self {
        let tier = one.tier.or(config.tier);
        let organization = Self::build(
            config,
            tier,
            one.rates,
            one.spend_limit_microusd,
            one.user_spend_limit_microusd,
        );
        Self { name: Some(one.name.clone()), ..organization }
    }

    fn build(
        config: &LimitsConfig,
        tier: Option<Tier>,
        own: Rates,
        enforced: Option<u64>,
        user: Option<u64>,
    ) -> Self {
        let class = |name: &'static str| {
            let of_class = config.class.iter().find(|class| class.name == name);
            let of_tier = tier.map_or_else(Rates::default, |tier| tier.limits().rates(name));
            let rates = of_class
                .map_or_else(Rates::default, |class| class.rates)
                .over(own.over(config.rates().over(of_tier)));
            let floor = config.ramp_floor_per_minute.unwrap_or(ramp::FLOOR);
            let ramp = config.ramp_growth_percent.map(|growth| Ramp::new(growth, floor));
            (name, Class { limiter: Limiter::new(config, &rates), ramp })
        };
        let cap = enforced.or_else(|| tier.and_then(|tier| tier.limits().spend_limit_microusd));
        Self {
            name: None,
            classes: prices::all().iter().map(|model| class(&model.class)).collect(),
            under_way: 0,
            concurrent_requests: config.concurrent_requests.map(Into::into),
            enforced: cap.map(Spend::new),
            user: user.map(Spend::new),
        }
    }

    /// Says what refuses a request of this class, if anything does.
    pub(super) fn check(
        &mut self,
        clock: &Clock,
        now_us: u64,
        class: &str,
        ask: Ask,
    ) -> Result<(), Refusal> {
        let unix_ms = clock.unix_ms(now_us);
        let until = || spend::first_of_next_month(unix_ms).to_string();
        if self.enforced.as_mut().is_some_and(|spend| spend.is_reached(unix_ms)) {
            return Err(Refusal::EnforcedSpend { until: until() });
        }
        if self.user.as_mut().is_some_and(|spend| spend.is_reached(unix_ms)) {
            return Err(Refusal::UserSpend { until: until() });
        }
        if self.concurrent_requests.is_some_and(|most| self.under_way >= most) {
            return Err(Refusal::Concurrency);
        }
        let Some(class) = self.classes.get_mut(class) else { return Ok(()) };
        let wait_us = class.ramp.as_mut().map_or(0, |ramp| ramp.wait_us(now_us));
        if wait_us > 0 {
            return Err(Refusal::Ramp { wait_us });
        }
        class.limiter.check(now_us, ask).map_err(Refusal::Rate)
    }

    /// Takes what an admitted request needs.
    pub(super) fn take(&mut self, now_us: u64, class: &str, ask: Ask) {
        self.under_way += 1;
        if let Some(class) = self.classes.get_mut(class) {
            class.limiter.take(now_us, ask);
            if let Some(ramp) = &mut class.ramp {
                ramp.take(now_us);
            }
        }
    }

    pub(super) fn spent(&mut self, unix_ms: i64, cost_microusd: u64) {
        for spend in [&mut self.enforced, &mut self.user].into_iter().flatten() {
            spend.take(unix_ms, cost_microusd);
        }
    }

    pub(super) fn finished(&mut self, now_us: u64, class: &str, tokens_out: u64) {
        self.under_way = self.under_way.saturating_sub(1);
        if let Some(limiter) = self.limiter(class) {
            limiter.wrote(now_us, tokens_out);
        }
    }

    pub(super) fn limiter(&mut self, class: &str) -> Option<&mut Limiter> {
        self.classes.get_mut(class).map(|class| &mut class.limiter)
    }
}

/// The limits of one workspace: rates over all classes together, and the user's cap.
#[derive(Debug)]
pub(super) struct Workspace {
    pub(super) id: String,
    pub(super) limiter: Limiter,
    cap: Option<Spend>,
}

impl Workspace {
    pub(super) fn new(config: &LimitsConfig, one: &WorkspaceConfig) -> Self {
        let shape = LimitsConfig { prompt_bytes_per_hour: None, ..config.clone() };
        Self {
            id: one.id.clone(),
            limiter: Limiter::new(&shape, &one.rates),
            cap: one.spend_limit_microusd.map(Spend::new),
        }
    }

    pub(super) fn check(&mut self, clock: &Clock, now_us: u64, ask: Ask) -> Result<(), Refusal> {
        let unix_ms = clock.unix_ms(now_us);
        if self.cap.as_mut().is_some_and(|cap| cap.is_reached(unix_ms)) {
            let until = spend::first_of_next_month(unix_ms).to_string();
            return Err(Refusal::WorkspaceSpend { until });
        }
        self.limiter.check(now_us, ask).map_err(Refusal::WorkspaceRate)
    }

    pub(super) fn take(&mut self, now_us: u64, ask: Ask) {
        self.limiter.take(now_us, ask);
    }

    pub(super) fn spent(&mut self, unix_ms: i64, cost_microusd: u64) {
        if let Some(cap) = &mut self.cap {
            cap.take(unix_ms, cost_microusd);
        }
    }
}

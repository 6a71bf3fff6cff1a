//! What one organisation may do, class by class and in all, and what a workspace of it may.
//!
//! Concurrency and growth are checked first, rates last. Money is in `accounts`.

use std::collections::BTreeMap;

use super::config::rates::Rates;
use super::config::tiers::Tier;
use super::config::{LimitsConfig, OrganizationConfig, WorkspaceConfig};
use super::limiter::{Ask, Limiter};
use super::ramp::{self, Ramp};
use super::refusal::Refusal;
use crate::api::prices;

/// The limits of one organisation.
#[derive(Debug)]
pub(super) struct OrganizationQuota {
    classes: BTreeMap<&'static str, Class>,
    under_way: u64,
    concurrent_requests: Option<u64>,
}

#[derive(Debug)]
struct Class {
    limiter: Limiter,
    ramp: Option<Ramp>,
}

impl OrganizationQuota {
    /// The organisation of every key that is not configured.
    pub(super) fn main(config: &LimitsConfig) -> Self {
        Self::build(config, config.tier, Rates::default())
    }

    /// An organisation of the configuration.
    pub(super) fn of(config: &LimitsConfig, one: &OrganizationConfig) -> Self {
        Self::build(config, one.tier.or(config.tier), one.rates)
    }

    fn build(config: &LimitsConfig, tier: Option<Tier>, own: Rates) -> Self {
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
        Self {
            classes: prices::all().iter().map(|model| class(&model.class)).collect(),
            under_way: 0,
            concurrent_requests: config.concurrent_requests.map(Into::into),
        }
    }

    /// Says what refuses a request of this class, if anything does.
    pub(super) fn check(&mut self, now_us: u64, class: &str, ask: Ask) -> Result<(), Refusal> {
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

    pub(super) fn finish(&mut self, now_us: u64, class: &str, tokens_out: u64) {
        self.under_way = self.under_way.saturating_sub(1);
        if let Some(limiter) = self.limiter(class) {
            limiter.wrote(now_us, tokens_out);
        }
    }

    pub(super) fn limiter(&mut self, class: &str) -> Option<&mut Limiter> {
        self.classes.get_mut(class).map(|class| &mut class.limiter)
    }
}

/// The rates of one workspace, over all classes together.
pub(super) fn of_workspace(config: &LimitsConfig, one: &WorkspaceConfig) -> Limiter {
    let shape = LimitsConfig { prompt_bytes_per_hour: None, ..config.clone() };
    Limiter::new(&shape, &one.rates)
}

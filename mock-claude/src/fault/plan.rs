//! The plan: all faults of one mock in the order of the file, and the one that hits a request.

use std::sync::{Arc, OnceLock};

use strict_toml::Problem;

use super::config::FaultConfig;
use super::effect::Effect;
use super::kind::Drawn;
use super::kinds::none::NO_FAULT;
use super::when::Asked;
use crate::api::error::ApiError;
use crate::api::headers::FAULT_HEADER;
use crate::basis::chance::Chance;

/// A fault that hits a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Injection {
    /// The fault's name.
    pub(crate) name: String,
    pub(crate) effect: Effect,
}

impl Injection {
    fn is_felt(&self) -> bool {
        self.effect != Effect::Nothing
    }
}

/// A fault in force. What it counts, it counts from when it was put there.
#[derive(Debug, Clone)]
pub(crate) struct InForce {
    pub(crate) fault: FaultConfig,
    /// How many had come by then; unset while it is new.
    since: Option<u64>,
    /// When the first came after that.
    first_us: Arc<OnceLock<u64>>,
}

impl From<FaultConfig> for InForce {
    fn from(fault: FaultConfig) -> Self {
        Self { fault, since: None, first_us: Arc::default() }
    }
}

/// All faults of one mock, in the order of the file.
#[derive(Debug)]
pub(crate) struct Plan {
    faults: Vec<InForce>,
    chance: Chance,
    reads_keys: bool,
}

impl Plan {
    /// A plan whose chances follow from `chance`; `seen` is how many had come of what a fault
    /// counts, and is asked of the new ones.
    pub(crate) fn new(
        mut faults: Vec<InForce>,
        chance: Chance,
        seen: impl Fn(&FaultConfig) -> u64,
    ) -> Self {
        for InForce { fault, since, .. } in &mut faults {
            since.get_or_insert_with(|| seen(fault));
        }
        let reads_keys = faults.iter().any(|of| of.fault.kind().when().api_key.is_some());
        Self { faults, chance, reads_keys }
    }

    /// The faults, in the order of the file.
    pub(crate) fn faults(&self) -> &[InForce] {
        &self.faults
    }

    /// What is wrong with a list of faults, with keys as they stand in the file.
    pub(crate) fn problems<'a>(faults: impl Iterator<Item = &'a FaultConfig>) -> Vec<Problem> {
        faults
            .enumerate()
            .flat_map(|(index, fault)| {
                let inside = fault.problems().into_iter();
                inside.map(move |problem| problem.inside(&format!("fault.{index}")))
            })
            .collect()
    }

    /// Whether any condition looks at the API key, so that it has to be hashed.
    pub(crate) const fn reads_keys(&self) -> bool {
        self.reads_keys
    }

    /// The fault that hits this request, if one does.
    pub(crate) fn decide(&self, asked: &Asked<'_>) -> Option<Injection> {
        self.first(asked, false).filter(Injection::is_felt)
    }

    /// The fault that refuses this connection, if one does.
    pub(crate) fn refuses(&self, asked: &Asked<'_>) -> Option<Injection> {
        self.first(asked, true)
    }

    fn first(&self, asked: &Asked<'_>, of_connections: bool) -> Option<Injection> {
        let is_of_kind =
            |of: &&InForce| matches!(of.fault, FaultConfig::RefusedConnection(_)) == of_connections;
        // Every fault sees the first request, also behind one that hits it.
        for of in self.faults.iter().filter(is_of_kind) {
            of.first_us.get_or_init(|| asked.arrival.at_us);
        }
        self.faults.iter().enumerate().find_map(|(position, of)| {
            let InForce { fault, since, first_us } = Some(of).filter(is_of_kind)?;
            // The position keeps two faults of one kind independent of each other.
            let decision = format!("fault {position}");
            let drawn = Drawn { decision: &decision, chance: self.chance };
            let asked = fault.kind().when().counted(asked, since.unwrap_or(0))?;
            let begun_us = first_us.get().copied().unwrap_or(asked.arrival.at_us);
            let asked = fault.kind().when().timed(asked, begun_us);
            if !fault.kind().when().hits(&decision, self.chance, &asked) {
                return None;
            }
            let effect = fault.kind().effect(drawn, &asked)?;
            Some(Injection { name: fault.name(), effect })
        })
    }

    /// The fault that hits this request: the one that the client asks for, where it asks.
    pub(crate) fn meet(&self, asked: &Asked<'_>) -> Result<Option<Injection>, ApiError> {
        let Some(wanted) = asked.headers.get(FAULT_HEADER) else {
            return Ok(self.decide(asked));
        };
        let wanted = wanted.to_str().unwrap_or_default();
        if wanted == NO_FAULT {
            return Ok(None);
        }
        let found = self.faults.iter().enumerate().find(|(_, InForce { fault, .. })| {
            fault.name() == wanted && !matches!(fault, FaultConfig::RefusedConnection(_))
        });
        let Some((position, InForce { fault, .. })) = found else {
            let shown: String = wanted.chars().take(100).collect();
            return Err(ApiError::invalid_request(format!(
                "{FAULT_HEADER}: no fault of the plan that hits requests is named \"{shown}\""
            )));
        };
        let decision = format!("fault {position}");
        let drawn = Drawn { decision: &decision, chance: self.chance };
        let effect = fault.kind().effect(drawn, &fault.kind().when().of_job(asked));
        let injection = effect.map(|effect| Injection { name: fault.name(), effect });
        Ok(injection.filter(Injection::is_felt))
    }
}

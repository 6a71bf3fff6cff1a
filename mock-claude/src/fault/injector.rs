//! The plan in force, and what it needs to know besides the request: time, and how many requests
//! and connections there are.
//!
//! The plan can be changed while requests are under way; each keeps the fault that it met.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use http::HeaderMap;
use parking_lot::Mutex;
use strict_toml::Problem;

use super::config::FaultConfig;
use super::effect::{Applied, Effect};
use super::plan::{InForce, Injection, Plan};
use super::when::selection::KeyHash;
use super::when::{Arrival, Asked};
use crate::api::error::ApiError;
use crate::basis::chance::{Chance, RequestKey};
use crate::basis::clock::Clock;
use crate::server::wire::Control;

/// Decides which requests and connections meet a fault.
#[derive(Debug)]
pub(crate) struct Injector {
    plan: Mutex<Arc<Plan>>,
    /// Whether the plan is empty.
    idle: AtomicBool,
    in_flight: Arc<AtomicU64>,
    connections: AtomicU64,
    chance: Chance,
    clock: Clock,
}

/// What a client has that gets no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unconnected {
    /// It is told so at once.
    Refused,
    /// It waits.
    Hanging,
}

/// A request under way.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<AtomicU64>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Injector {
    pub(crate) fn new(faults: Vec<FaultConfig>, chance: Chance, clock: Clock) -> Self {
        Self {
            idle: AtomicBool::new(faults.is_empty()),
            plan: Mutex::new(Arc::new(Plan::new(in_force(faults), chance, |_| 0))),
            in_flight: Arc::default(),
            connections: AtomicU64::new(0),
            chance,
            clock,
        }
    }

    /// Whether no request can be hit that asks for no fault, which is so in most mocks.
    pub(crate) fn is_idle(&self) -> bool {
        self.idle.load(Ordering::Relaxed)
    }

    /// The fault that hits this request; an error where the client asks for one that is not there.
    pub(crate) fn meet(&self, asked: Asked<'_>) -> Result<Option<Injection>, ApiError> {
        let plan = self.plan();
        let reads_keys = plan.reads_keys();
        plan.meet(&Asked {
            api_key: reads_keys.then(|| KeyHash::of_request(asked.headers)).flatten(),
            in_flight: self.in_flight.load(Ordering::Relaxed),
            ..asked
        })
    }

    /// How a fault keeps the connection that comes now from being one, if it does.
    pub(crate) fn refuses_connection(&self) -> Option<Unconnected> {
        let earlier = self.connections.fetch_add(1, Ordering::Relaxed);
        let key = RequestKey { subject: earlier, attempt: 0 };
        let arrival = Arrival { key, earlier, at_us: self.clock.now_us() };
        let refusal = self.plan().refuses(&Asked::of(arrival, &HeaderMap::new()));
        let Injection { name, effect } = refusal?;
        let hangs = matches!(effect, Effect::RefuseConnection { hangs: true });
        tracing::info!(fault = name, hangs, "refused a connection");
        Some(if hangs { Unconnected::Hanging } else { Unconnected::Refused })
    }

    /// Changes the plan, unless the change is refused or makes no sense. Nobody else changes it
    /// meanwhile. `requests` is how many had come of those that a fault counts: all, or its job's.
    pub(crate) fn change_faults<R: From<Vec<Problem>>>(
        &self,
        change: impl FnOnce(&mut Vec<InForce>) -> Result<(), R>,
        requests: impl Fn(Option<&str>) -> u64,
    ) -> Result<(), R> {
        let mut plan = self.plan.lock();
        let mut faults = plan.faults().to_vec();
        change(&mut faults)?;
        let problems = Plan::problems(faults.iter().map(|of| &of.fault));
        if !problems.is_empty() {
            return Err(problems.into());
        }
        self.idle.store(faults.is_empty(), Ordering::Relaxed);
        *plan = Arc::new(Plan::new(faults, self.chance, |fault| match fault {
            FaultConfig::RefusedConnection(_) => self.connections.load(Ordering::Relaxed),
            _ => requests(fault.kind().when().job.as_deref()),
        }));
        Ok(())
    }

    /// Lets every fault count from the beginning again, as the requests are.
    pub(crate) fn reset(&self) {
        let mut plan = self.plan.lock();
        self.connections.store(0, Ordering::Relaxed);
        let faults = plan.faults().iter().map(|of| of.fault.clone()).collect();
        *plan = Arc::new(Plan::new(in_force(faults), self.chance, |_| 0));
    }

    /// The faults in force.
    pub(crate) fn faults(&self) -> Vec<FaultConfig> {
        self.plan().faults().iter().map(|of| of.fault.clone()).collect()
    }

    /// Counts a request as under way until what is returned is dropped.
    pub(crate) fn enter(&self) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(Arc::clone(&self.in_flight))
    }

    /// An effect with what it needs to change the response to a request.
    pub(crate) fn applied<'a>(
        &self,
        effect: Effect,
        request_id: &'a str,
        key: RequestKey,
        control: Option<&'a Control>,
    ) -> Applied<'a> {
        Applied { effect, request_id, key, chance: self.chance, clock: self.clock, control }
    }

    fn plan(&self) -> Arc<Plan> {
        Arc::clone(&self.plan.lock())
    }
}

fn in_force(faults: Vec<FaultConfig>) -> Vec<InForce> {
    faults.into_iter().map(InForce::from).collect()
}

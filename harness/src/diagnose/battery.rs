//! The battery: which probes a target gets, and how they are run, several at a time.
//!
//! Every probe has a mock and files of its own, so that nothing that one of them does is seen by
//! another. The first has no trouble in it: a program that fails there is broken, not diagnosed.

use reports::text::counted;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use parking_lot::Mutex;
use reports::Judged;
use scenarios::{Scenario, library, suggest};
use sha2::{Digest, Sha256};

use super::seen::{Probe, Seen};
use super::weight::weight;
use crate::plan;
use crate::plan::run_plan::RunPlan;
use crate::target::TargetPlan;
use crate::{Exit, Failure};

/// The probe without trouble.
const HEALTHY: &str = "healthy";

/// The probe that only a target can show anything in that takes the whole load as one job.
const OF_WHOLE_LOADS: &str = "killed";

/// Keeps the files of two seeds apart.
const SEED_STRIDE: u64 = 1_000;

/// The probes of one target.
#[derive(Debug)]
pub struct Battery {
    healthy: RunPlan,
    troubled: Vec<RunPlan>,
    /// SHA-256 of the probes and the seed.
    pub sha256: String,
}

/// What came of a battery.
#[derive(Debug)]
pub struct Outcome {
    /// What was seen.
    pub seen: Seen,
    /// What makes it incomplete.
    pub gaps: Vec<String>,
}

/// Runs a plan for its figures.
pub type Observe<'a> = &'a (dyn Fn(&RunPlan) -> Result<Judged, Failure> + Sync);

impl Battery {
    /// The probes of a target: all of them, or those that were asked for.
    pub fn new(
        target: &Arc<dyn TargetPlan>,
        seed: u64,
        only: &[String],
        warped: Option<u32>,
    ) -> Result<Self, Failure> {
        let names = library::PROBES.iter().map(|probe| probe.name);
        if let Some(unknown) = only.iter().find(|only| !names.clone().any(|name| name == **only)) {
            let hint = suggest(unknown, names)
                .unwrap_or_else(|| "`chaos diagnose --list` names them".to_owned());
            return Err(Failure::usage(format!("unknown probe `{unknown}`\nhint: {hint}")));
        }
        let mut hash = Sha256::new_with_prefix(seed.to_string());
        let mut plans = Vec::new();
        for probe in library::PROBES {
            let wanted = only.is_empty() || only.iter().any(|only| only == probe.name);
            let shows = probe.name != OF_WHOLE_LOADS || target.is_one_job();
            if probe.name != HEALTHY && !(wanted && shows) {
                continue;
            }
            hash.update(probe.text);
            let mut scenario = Scenario::parse(probe.name, probe.text)?;
            scenario.seed = scenario.seed.wrapping_add(seed.wrapping_mul(SEED_STRIDE));
            let mut plan = plan::of_targets(probe.name, scenario, vec![Arc::clone(target)])?;
            plan.speed = warped;
            plans.push(plan);
        }
        let healthy = plans.remove(0);
        Ok(Self { healthy, troubled: plans, sha256: const_hex::encode(hash.finalize()) })
    }

    /// How many probes there are.
    pub const fn count(&self) -> usize {
        self.troubled.len() + 1
    }

    /// What all of its probes weigh, for the time left.
    pub fn weight(&self) -> u64 {
        self.troubled.iter().map(weight).sum::<u64>() + weight(&self.healthy)
    }

    /// Runs the probes, so many at a time, and says of each when it has ended.
    pub fn run(
        &self,
        at_once: usize,
        observe: Observe<'_>,
        ended: &(dyn Fn(&RunPlan) + Sync),
    ) -> Result<Outcome, Failure> {
        let mut outcome = Outcome { seen: Seen::default(), gaps: Vec::new() };
        outcome.add(&self.healthy, &observe(&self.healthy)?);
        ended(&self.healthy);
        works(&outcome.seen)?;
        let (next, shared) = (AtomicUsize::new(0), Mutex::new((outcome, None)));
        let work = || {
            while let Some(plan) = self.troubled.get(next.fetch_add(1, Ordering::Relaxed)) {
                let observed = observe(plan);
                let mut shared = shared.lock();
                match observed {
                    Ok(judged) => shared.0.add(plan, &judged),
                    Err(failure) => {
                        // Nothing new is begun; what is known is kept.
                        next.store(self.troubled.len(), Ordering::Relaxed);
                        shared.1.get_or_insert(failure);
                    }
                }
                ended(plan);
            }
        };
        thread::scope(|scope| {
            for _ in 0..at_once.max(1) {
                scope.spawn(work);
            }
        });
        let (mut outcome, failure) = shared.into_inner();
        match failure {
            None => Ok(outcome),
            Some(failure) if failure.exit == Exit::Interrupted => {
                let left = self.count() - outcome.seen.all().count();
                outcome
                    .gaps
                    .push(format!("interrupted: {} not run to the end", counted(left, "probe")));
                Ok(outcome)
            }
            Some(failure) => Err(failure),
        }
    }
}

impl Outcome {
    fn add(&mut self, plan: &RunPlan, judged: &Judged) {
        let name = &plan.name;
        let ran_out = judged.measured().is_some_and(|measured| !measured.exhausted.is_empty());
        if ran_out {
            self.gaps.push(format!("{name}: this machine ran out of something (see above)"));
        }
        for gap in &judged.run().gaps {
            self.gaps.push(format!("{name}: {gap}"));
        }
        if let Some(run) = judged.run().pipelines.first() {
            self.seen.add(Probe::of(name, &plan.scenario.title, run));
        }
    }
}

/// Refuses a program that fails where nothing is wrong: every grade of it would be false.
fn works(seen: &Seen) -> Result<(), Failure> {
    let Some(probe) = seen.probe(HEALTHY).filter(|probe| !probe.is_done()) else { return Ok(()) };
    let job = probe.jobs.iter().find(|job| job.cause.is_some());
    let detail = job.and_then(|job| job.detail.clone()).unwrap_or_default();
    Err(Failure::new(
        Exit::Inconclusive,
        format!(
            "it fails where nothing is wrong, so nothing can be said of its conduct in trouble: \
             {detail}\n\
             hint: make this work first: `chaos run healthy -- COMMAND`, or the command \
             by itself against `chaos mock --port 8080`"
        ),
    ))
}

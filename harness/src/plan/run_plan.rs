//! Everything that decides what a run does, and what its records begin with.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use generators::Load;
use mock_claude::fault::FaultConfig;
use reports::Expectation;
use reports::record::{self, Clock, Header, PipelineHeader, Threshold};
use scenarios::Scenario;
use sha2::{Digest, Sha256};

use crate::run::work::{Work, jobs_until};
use crate::service::Way;
use crate::service::admin_client::RemoteMock;
use crate::source::SourceFile;
use crate::storage::cache::CachePlace;
use crate::target::TargetPlan;

/// Everything that decides what a run does.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct RunPlan {
    /// The scenario's name.
    pub name: String,
    /// The scenario.
    pub scenario: Scenario,
    /// The seed.
    pub seed: u64,
    /// The clock.
    pub clock: Clock,
    /// How many times as fast time passes while all processes wait, where it is warped.
    pub speed: Option<u32>,
    /// Whether targets that can be simulated are, in a run of which others need real time.
    pub mixes_clocks: bool,
    /// What is put under the load, in order.
    pub targets: Vec<Arc<dyn TargetPlan>>,
    /// The files.
    pub files: Vec<SourceFile>,
    /// Which file each job is about, where recorded arrivals say so.
    pub order: Option<Vec<usize>>,
    /// Whether the files are the user's own.
    pub from_disk: bool,
    /// Whether the scenario's expectations are meant for these files.
    pub judged: bool,
    /// What is expected besides, whatever the files are.
    pub expect: BTreeMap<String, Vec<Threshold>>,
    /// A cache that outlives the run.
    pub cache: Option<CachePlace>,
    /// A mock that was started elsewhere and outlives the run. It has its own limits, latency
    /// and faults.
    pub mock: Option<RemoteMock>,
    /// Where the documentation goes, if it is wanted.
    pub docs: Option<PathBuf>,
    /// Jobs from which on a simulated run makes no HTTP of its requests, where it may.
    pub direct_from: u64,
    /// Whether the run ends as soon as a threshold cannot be met any more.
    pub aborts: bool,
}

/// Jobs from which on a simulated run makes no HTTP of its requests: below, it costs little.
pub const DIRECT_FROM: u64 = 1_000;

impl RunPlan {
    /// Puts other targets under the load: in real time, where one of them needs it.
    pub fn give(&mut self, targets: Vec<Arc<dyn TargetPlan>>) {
        if targets.iter().any(|target| target.needs_real_time()) {
            self.clock = Clock::Wall;
            self.mixes_clocks = true;
        }
        self.targets = targets;
    }

    /// What each target is given to do.
    pub fn work(&self) -> Work<'_> {
        let load = &self.scenario.load;
        let jobs = match (&self.order, load.arriving()) {
            (Some(order), _) => order.len() as u64,
            (None, Some(arriving)) => jobs_until(&self.files, arriving),
            (None, None) => self.files.len() as u64 * load.repeat(),
        };
        Work {
            files: &self.files,
            jobs,
            order: self.order.as_deref(),
            edit: self.scenario.edit.as_ref(),
            seed: self.seed,
        }
    }

    /// Jobs of a target. Who takes the whole load as one job does it as often as the load repeats;
    /// once where something would have to be changed between the rounds.
    pub fn jobs_of(&self, target: &dyn TargetPlan) -> u64 {
        match (target.is_one_job(), &self.scenario.edit, self.scenario.load.arriving()) {
            (false, ..) => self.work().jobs(),
            (true, None, None) => self.scenario.load.repeat(),
            (true, ..) => 1,
        }
    }

    /// Jobs of all targets.
    pub fn jobs(&self) -> u64 {
        self.targets.iter().map(|target| self.jobs_of(&**target)).sum()
    }

    /// How the requests of a simulated run reach the mock. Faults of the connection need one.
    pub fn way(&self) -> Way {
        let spared = self.scenario.fault.iter().all(FaultConfig::spares_connections);
        if spared && self.work().jobs() >= self.direct_from { Way::Direct } else { Way::Pipe }
    }

    /// The clock that a target follows.
    pub fn clock_of(&self, target: &dyn TargetPlan) -> Clock {
        if self.mixes_clocks && !target.needs_real_time() { Clock::Simulated } else { self.clock }
    }

    /// Whether its targets have to follow each other: in real time they would disturb each other,
    /// what one leaves in a cache file is found by the next, and the first that cannot keep a
    /// threshold ends the run.
    pub fn needs_order(&self) -> bool {
        self.clock == Clock::Wall || self.cache.is_some() || self.aborts
    }

    /// Whether the run can go on after a crash: only in real time does it lose anything.
    pub fn has_checkpoints(&self) -> bool {
        self.clock == Clock::Wall && self.targets.iter().any(|target| target.keeps_checkpoints())
    }

    /// What the records of the run begin with.
    pub fn header(&self) -> Header {
        let Scenario { title, question, currency, expect, .. } = self.scenario.clone();
        let pipelines: Vec<PipelineHeader> = self
            .targets
            .iter()
            .map(|target| PipelineHeader { jobs: self.jobs_of(&**target), ..target.header() })
            .collect();
        let asked = |name: &str| pipelines.iter().any(|pipeline| pipeline.name == name);
        let mut expect: BTreeMap<String, Expectation> =
            expect.into_iter().filter(|(name, _)| self.judged && asked(name)).collect();
        for (pipeline, thresholds) in &self.expect {
            let of = expect.entry(pipeline.clone()).or_default();
            of.checks.extend(thresholds.iter().cloned());
        }
        Header {
            format: record::FORMAT,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: self.name.clone(),
            scenario_sha256: self.sha256(),
            title,
            question,
            seed: self.seed,
            clock: self.clock,
            speed: self.speed,
            pipelines,
            input: if self.from_disk { "directory" } else { "generated" }.to_owned(),
            currency: self::currency(currency),
            expect,
            warm_up_us: self.scenario.load.warm_up().as_micros().try_into().unwrap_or(u64::MAX),
        }
    }

    /// The hash of everything that decides the outcome: words and expectations do not.
    fn sha256(&self) -> String {
        let Scenario { input, load, edit, limits, latency, reply, fault, cache_fault, .. } =
            &self.scenario;
        let input = if self.from_disk { None } else { Some(input) };
        // What an earlier run left in a cache file decides too; only that there is one is known.
        let cached = self.cache.is_some();
        let sections = (load, edit, limits, latency, reply, fault, input, cached);
        let text = serde_json::to_string(&sections).expect("the sections of a scenario serialise");
        let mut hash = Sha256::new_with_prefix(text);
        // Hashed only where there are any: a section that is not used changes no baseline.
        if !cache_fault.is_empty() {
            hash.update(serde_json::to_string(cache_fault).expect("faults serialise"));
        }
        if self.mock.is_some() {
            hash.update("a mock with settings of its own");
        }
        if let Some(platform) = &self.scenario.platform {
            let text = serde_json::to_string(platform.resolved());
            hash.update(text.expect("the sections of a scenario serialise"));
        }
        if let Load::Replay { rows, .. } = load {
            for row in &**rows {
                let file = row.file.as_deref().unwrap_or_default();
                hash.update(format!("{} {file}\n", row.offset_ms));
            }
        }
        if self.from_disk {
            self.files.iter().for_each(|file| file.add_to(&mut hash));
        }
        const_hex::encode(hash.finalize())
    }
}

/// A scenario's currency as records have it.
pub fn currency(currency: scenarios::scenario::Currency) -> record::Currency {
    record::Currency {
        code: currency.code,
        symbol: currency.symbol,
        milli_per_usd: thousandths(currency.per_usd),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the scenario's range is 0.001 to 1,000,000,000"
)]
fn thousandths(number: f64) -> u64 {
    (number * 1000.0).round() as u64
}

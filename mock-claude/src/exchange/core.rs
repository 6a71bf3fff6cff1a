//! Everything about a mock that outlives a request. Its parts are used where a request is decided;
//! here they are put together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderValue;
use parking_lot::Mutex;
use redact::Secrets;
use strict_toml::Problem;
use xxhash_rust::xxh3::xxh3_64;

use super::identity::AttemptCounts;
use super::settings::Settings;
use super::threads::Threads;
use crate::basis::chance::{Chance, RequestKey};
use crate::basis::clock::Clock;
use crate::fault::injector::Injector;
use crate::fault::plan::InForce;
use crate::journal::Journal;
use crate::limits::LimitsConfig;
use crate::mock::Config;
use crate::model::prompt_cache::PromptCache;

/// Everything about a mock that outlives a request.
#[derive(Debug)]
pub(crate) struct Core {
    /// What it was made of. Faults, latency and limits may have been changed since.
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) chance: Chance,
    pub(crate) injector: Injector,
    pub(crate) journal: Arc<Journal>,
    /// The id of the organisation of every key that is not configured.
    pub(super) organization: HeaderValue,
    settings: Mutex<Arc<Settings>>,
    /// How often faults or settings were changed.
    changes: AtomicU64,
    pub(super) attempts: Mutex<AttemptCounts>,
    /// The same among the requests of each job.
    pub(super) attempts_of_jobs: Mutex<AttemptCounts>,
    pub(super) cache: Mutex<PromptCache>,
    /// The conversations that clients let the server hold.
    pub(super) threads: Mutex<Threads>,
    /// The secret keys of the configuration, which no record may repeat.
    pub(super) own: Secrets,
}

impl Core {
    pub(crate) fn new(config: Config, clock: Clock, mut journal: Journal) -> Self {
        for secret in config.bedrock.keys.values() {
            journal.own.value(secret.expose().as_bytes());
        }
        let own = journal.own.clone().secrets();
        let chance = Chance::new(config.seed);
        let settings = Settings::new(config.latency.clone(), config.limits.clone(), clock);
        Self {
            injector: Injector::new(config.fault.clone(), chance, clock),
            organization: organization(chance, ""),
            settings: Mutex::new(Arc::new(settings)),
            changes: AtomicU64::new(0),
            attempts: Mutex::default(),
            attempts_of_jobs: Mutex::default(),
            cache: Mutex::default(),
            threads: Mutex::default(),
            own,
            config,
            clock,
            chance,
            journal: Arc::new(journal),
        }
    }

    /// Forgets what was seen: journal, ledger, which attempt is which, and what faults counted.
    /// Limits, batches, files and the prompt cache stay.
    pub(crate) fn reset(&self) {
        *self.attempts.lock() = AttemptCounts::default();
        *self.attempts_of_jobs.lock() = AttemptCounts::default();
        self.injector.reset();
        self.journal.reset();
    }

    /// The configuration as it is now.
    pub(crate) fn config_now(&self) -> Config {
        let Settings { latency, limits_config, .. } = Settings::clone(&self.settings());
        let fault = self.injector.faults();
        Config { latency, limits: limits_config, fault, ..self.config.clone() }
    }

    /// The settings in force.
    pub(crate) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.lock())
    }

    /// How often faults or settings were changed.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// Changes the fault plan, unless the change is refused or makes no sense.
    pub(crate) fn change_faults<R: From<Vec<Problem>>>(
        &self,
        change: impl FnOnce(&mut Vec<InForce>) -> Result<(), R>,
    ) -> Result<(), R> {
        self.injector.change_faults(change, |job| match job {
            None => self.attempts.lock().requests(),
            Some(job) => self.attempts_of_jobs.lock().requests_of(job),
        })?;
        self.changes.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Puts other limits in force, which are whole again. Requests under way keep theirs.
    pub(crate) fn set_limits(&self, limits: Option<LimitsConfig>) -> Result<(), Vec<Problem>> {
        let problems = limits.as_ref().map(LimitsConfig::problems).unwrap_or_default();
        if !problems.is_empty() {
            return Err(problems.into_iter().map(|problem| problem.inside("limits")).collect());
        }
        let mut settings = self.settings.lock();
        *settings = Arc::new(Settings::new(settings.latency.clone(), limits, self.clock));
        self.changes.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Puts the latency, the limits and the faults of a valid configuration in force.
    pub(crate) fn apply(&self, config: &Config) -> Result<(), Vec<Problem>> {
        self.change_faults(|faults| {
            *faults = config.fault.iter().cloned().map(InForce::from).collect();
            Ok::<_, Vec<Problem>>(())
        })?;
        let (latency, limits) = (config.latency.clone(), config.limits.clone());
        *self.settings.lock() = Arc::new(Settings::new(latency, limits, self.clock));
        self.changes.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// An organisation id in the form of a UUID, from the seed and the organisation's name alone.
pub(super) fn organization(chance: Chance, name: &str) -> HeaderValue {
    let subject = if name.is_empty() { 0 } else { xxh3_64(name.as_bytes()) };
    let key = RequestKey { subject, attempt: 0 };
    let (a, b) = (chance.bits("organization", key), chance.bits("organization, rest", key));
    let text = format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        b >> 52,
        b & 0xffff_ffff_ffff,
    );
    HeaderValue::try_from(text).expect("hexadecimal digits are ASCII")
}

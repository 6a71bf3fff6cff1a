//! Everything about a mock that outlives a request. Its parts are used where a request is decided;
//! here they are put together.

use std::sync::Arc;

use http::HeaderValue;
use parking_lot::Mutex;
use xxhash_rust::xxh3::xxh3_64;

use super::identity::AttemptCounts;
use crate::basis::chance::{Chance, RequestKey};
use crate::basis::clock::Clock;
use crate::fault::injector::Injector;
use crate::journal::Journal;
use crate::limits::Limits;
use crate::mock::Config;
use crate::model::prompt_cache::PromptCache;

/// Everything about a mock that outlives a request.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) chance: Chance,
    pub(crate) injector: Injector,
    pub(crate) journal: Arc<Journal>,
    /// The id of the organisation of every key that is not configured.
    pub(super) organization: HeaderValue,
    pub(super) limits: Option<Arc<Limits>>,
    pub(super) attempts: Mutex<AttemptCounts>,
    /// The same among the requests of each job.
    pub(super) attempts_of_jobs: Mutex<AttemptCounts>,
    pub(super) cache: Mutex<PromptCache>,
}

impl Core {
    pub(crate) fn new(config: Config, clock: Clock, journal: Journal) -> Self {
        let chance = Chance::new(config.seed);
        let limits = config.limits.as_ref().and_then(|limits| Limits::new(limits, clock));
        Self {
            injector: Injector::new(config.fault.clone(), chance, clock),
            organization: organization(chance, ""),
            limits: limits.map(Arc::new),
            attempts: Mutex::default(),
            attempts_of_jobs: Mutex::default(),
            cache: Mutex::default(),
            config,
            clock,
            chance,
            journal: Arc::new(journal),
        }
    }

    /// Forgets what was seen: journal, ledger, and which attempt is which. Limits, batches, files
    /// and the prompt cache stay.
    pub(crate) fn reset(&self) {
        *self.attempts.lock() = AttemptCounts::default();
        *self.attempts_of_jobs.lock() = AttemptCounts::default();
        self.journal.reset();
    }

    /// The configuration as it is now.
    pub(crate) fn config_now(&self) -> Config {
        Config { fault: self.injector.faults(), ..self.config.clone() }
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

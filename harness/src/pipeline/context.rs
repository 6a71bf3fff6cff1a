//! What the stages of one pipeline share while it runs.

use std::path::PathBuf;
use std::sync::Arc;

use mock_claude::internals::chance::Chance;
use reports::Cause;
use tokio::sync::Semaphore;

use super::cache::Cache;
use super::gate::Gate;
use super::preset::Preset;
use super::store::Store;
use crate::charges::Charges;
use crate::client::Client;
use crate::clock::RunClock;
use crate::interrupt::Interrupt;
use crate::platform::Platform;
use crate::recorder::Recorder;
use crate::resume::Earlier;

/// What the stages of one pipeline share while it runs.
#[derive(Debug)]
pub struct Context {
    /// The pipeline's name in the records.
    pub pipeline: String,
    /// Its stages.
    pub preset: Preset,
    /// Its connection to the API.
    pub client: Client,
    /// What every call passes before it is sent.
    pub gate: Gate,
    /// The workers, where all jobs share them.
    pub workers: Arc<Semaphore>,
    /// What it leaves to chance.
    pub chance: Chance,
    /// Its cache, where that stage is on.
    pub cache: Option<Cache>,
    /// The answers that outlive a crash, where that stage is on.
    pub store: Option<Store>,
    /// What earlier lives of the run have done.
    pub earlier: Earlier,
    /// What every tag begins with, so that no two lives of a run share one.
    pub tags: String,
    /// Where the documentation of the pipeline goes, if it is wanted.
    pub docs: Option<PathBuf>,
    /// Where it runs.
    pub platform: Platform,
    /// What the mock charged.
    pub charges: Arc<Charges>,
    /// Where records go.
    pub recorder: Arc<Recorder>,
    /// The run's time.
    pub clock: RunClock,
    /// Whether the run is being stopped.
    pub interrupt: Interrupt,
}

impl Context {
    /// Why something that is dropped before its end was given up.
    pub(super) fn given_up(&self) -> (Cause, String) {
        if self.interrupt.asked() {
            (Cause::Interrupted, "the run was stopped".to_owned())
        } else {
            (Cause::JobTimeout, "the file's time was over".to_owned())
        }
    }
}

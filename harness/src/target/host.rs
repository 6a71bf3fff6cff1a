//! What all processes of one target share: the mock and what it sees of them, their files, who
//! watches their memory and cleans up after them, and what is kept of what they printed.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use redact::Secrets;
use reports::text::escape;

use super::Setup;
use super::files::Files;
use super::process::Ended;
use super::process::environment::{Environment, to_mock};
use super::process::guard::Guard;
use super::process::memory::Memory;
use crate::Failure;
use crate::service::calls::Calls;

/// Failed jobs whose last words are kept, at most.
const KEPT: usize = 100;

/// The host of one target's processes.
#[derive(Debug)]
pub(super) struct Host {
    /// The URL of the mock.
    pub(super) mock: String,
    /// The calls that the mock sees.
    pub(super) calls: Arc<Calls>,
    pub(super) memory: Arc<Memory>,
    /// What is masked where something of its output is shown.
    pub(super) secrets: Secrets,
    /// Before the files, which go when nobody reads them any more.
    guard: Guard,
    /// The files of the jobs.
    pub(super) files: Files,
    peak_kb: Mutex<u64>,
    kept: Mutex<Vec<String>>,
}

impl Host {
    /// A host for the processes of a target that is set up.
    pub(super) fn new(setup: Setup<'_>, secrets: Secrets) -> Result<Self, Failure> {
        let Setup { plan, service, .. } = setup;
        let (Some(mock), Some(calls)) = (service.url.clone(), service.calls.clone()) else {
            return Err(Failure::internal("a target of the user's has no port to call"));
        };
        let files = Files::new(&plan.files)
            .map_err(|error| Failure::internal(format!("no folder for a job's files: {error}")))?;
        let guard = Guard::start(files.made()).map_err(|error| {
            Failure::internal(format!("nothing to clean up after the command: {error}"))
        })?;
        let (memory, peak_kb, kept) = (Memory::watch(), Mutex::default(), Mutex::default());
        Ok(Self { mock, calls, memory, secrets, guard, files, peak_kb, kept })
    }

    /// The environment of a process whose calls go to this URL: the mock's variables, the user's,
    /// and what marks it as one of this run.
    pub(super) fn environment(
        &self,
        url: &str,
        keep_keys: bool,
        own: &BTreeMap<String, String>,
    ) -> Environment {
        let mut environment = to_mock(url, keep_keys);
        let own = own.iter().map(|(name, value)| (name.into(), Some(value.into())));
        environment.extend(own.chain([self.guard.mark()]));
        environment
    }

    /// Takes notice of the most that a job held in memory, in kilobytes.
    pub(super) fn saw(&self, peak_kb: u64) {
        let mut most_kb = self.peak_kb.lock();
        *most_kb = peak_kb.max(*most_kb);
    }

    /// The most that a job held, where that was seen.
    pub(super) fn peak_kb(&self) -> Option<u64> {
        Some(*self.peak_kb.lock()).filter(|kb| *kb > 0)
    }

    /// Keeps the end of what a failed job printed.
    pub(super) fn keep(&self, job: u64, path: &str, ended: &Ended) {
        let mut kept = self.kept.lock();
        if kept.len() < KEPT {
            let (stdout, stderr) = (ended.stdout.text(), ended.stderr.text());
            let path = escape(path);
            kept.push(format!(
                "== job {job}, {path}: standard output\n{stdout}\
                 == job {job}, {path}: standard error\n{stderr}"
            ));
        }
    }

    /// What was kept, as the text of a file; nothing where no job failed.
    pub(super) fn kept(&self) -> Option<String> {
        let kept = self.kept.lock();
        (!kept.is_empty()).then(|| kept.concat())
    }
}

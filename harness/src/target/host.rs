//! What all processes of one target share: who watches their memory, who cleans up after them, and
//! what is kept of what they printed.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use reports::text::escape;

use super::process::Ended;
use super::process::guard::Guard;
use super::process::memory::Memory;
use crate::Failure;

/// Failed jobs whose last words are kept, at most.
const KEPT: usize = 100;

/// The host of one target's processes.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) memory: Arc<Memory>,
    guard: Guard,
    peak_kb: Mutex<u64>,
    kept: Mutex<Vec<String>>,
}

impl Host {
    /// A host for processes whose files are in this folder.
    pub(super) fn new(folder: &Path) -> Result<Self, Failure> {
        let guard = Guard::start(folder).map_err(|error| {
            Failure::internal(format!("nothing to clean up after the command: {error}"))
        })?;
        let (peak_kb, kept) = (Mutex::default(), Mutex::default());
        Ok(Self { memory: Memory::watch(), guard, peak_kb, kept })
    }

    /// What marks a process as one of this run.
    pub(super) fn mark(&self) -> (OsString, Option<OsString>) {
        self.guard.mark()
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

//! What the runs of one process share: cores and memory, work that need not be done twice, and the
//! screen.
//!
//! A run whose time is simulated does the same whatever goes on alongside. One in real time would
//! be disturbed: whoever has one gives it a process to itself.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;

use engine::chunk::Cuts;

use crate::process::meter::Lines;
use crate::process::permits::{Permits, Taken};
use crate::process::room::free_memory;

/// What the runs of one process share.
#[derive(Debug)]
pub struct Shared {
    /// Runs that are under way at once, at most.
    runs: usize,
    /// A permit for each pipeline that computes.
    cores: Permits,
    /// A permit for each byte that was free when the first run began.
    memory: Permits,
    /// Where texts were cut.
    pub cuts: Arc<Cuts>,
    /// The progress of each run.
    pub lines: Lines,
}

impl Shared {
    /// For up to this many runs at once, whose pipelines take so many threads altogether.
    pub fn new(threads: NonZeroUsize, runs: usize) -> Self {
        Self {
            runs: runs.min(threads.get()),
            cores: Permits::new(threads.get() as u64),
            memory: Permits::new(free_memory().unwrap_or(u64::MAX)),
            cuts: Arc::default(),
            lines: Lines::default(),
        }
    }

    /// For runs that follow each other, pipeline by pipeline.
    pub fn in_turn() -> Self {
        Self::new(NonZeroUsize::MIN, 1)
    }

    /// Runs that are under way at once, at most.
    pub const fn runs(&self) -> usize {
        self.runs
    }

    /// Threads that compute at once, at most.
    pub const fn threads(&self) -> u64 {
        self.cores.all()
    }

    /// Bytes of memory that were free when the first run began.
    pub const fn free_memory(&self) -> u64 {
        self.memory.all()
    }

    /// A core, as soon as one is free.
    pub fn core(&self) -> Taken<'_> {
        self.cores.take(1)
    }

    /// This many bytes of memory, as soon as the runs that are under way leave them.
    pub fn memory(&self, bytes: u64) -> Taken<'_> {
        self.memory.take(bytes)
    }
}

/// The threads that were asked for; otherwise the cores of the machine.
pub fn threads(asked: Option<NonZeroUsize>) -> NonZeroUsize {
    asked.or_else(|| available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

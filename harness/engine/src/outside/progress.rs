//! A job as it can be seen from outside while it goes on: what it is about, and what it has used.
//!
//! A job may be given up at any moment, and what it has cost by then is on record all the same. So
//! the figures are written where they outlive the work.

use std::sync::Arc;

use parking_lot::Mutex;

/// What a job has used up so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// Requests sent.
    pub calls: u64,
    /// Tokens charged for reading.
    pub tokens_in: u64,
    /// Tokens charged for writing.
    pub tokens_out: u64,
    /// Micro-dollars charged.
    pub cost_microusd: u64,
    /// Micro-dollars charged for attempts that failed.
    pub wasted_microusd: u64,
    /// Parts whose answer the cache had, or got from a call that was under way.
    pub cache_hits: u64,
    /// Parts that had to be paid for although there is a cache.
    pub cache_misses: u64,
}

/// What is known of a job so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// The size of its file.
    pub bytes: u64,
    /// Its lines.
    pub lines: u64,
    /// Its definitions.
    pub definitions: u64,
    /// The most memory that the work takes, in kilobytes.
    pub memory_kb: u64,
    /// The parts in which it is sent.
    pub chunks: u64,
    /// Lines that are not blank and in none of them.
    pub lost_lines: u64,
    /// What it has used up.
    pub used: Used,
}

/// The figures of one job, shared by the work and by whoever watches it.
#[derive(Debug, Default)]
pub struct Progress {
    figures: Mutex<Figures>,
    /// Of one delivery of a job: the figures of all of them.
    whole: Option<Arc<Self>>,
}

impl Progress {
    /// The figures of one delivery of a job: whatever is noted of it is noted of the job as well.
    pub fn of_delivery(whole: Arc<Self>) -> Self {
        Self { figures: Mutex::default(), whole: Some(whole) }
    }

    /// What is known by now.
    pub fn figures(&self) -> Figures {
        *self.figures.lock()
    }

    /// What has been used up by now.
    pub fn used(&self) -> Used {
        self.figures.lock().used
    }

    /// Writes down something that has become known.
    pub fn note(&self, change: impl Fn(&mut Figures)) {
        change(&mut self.figures.lock());
        if let Some(whole) = &self.whole {
            change(&mut whole.figures.lock());
        }
    }
}

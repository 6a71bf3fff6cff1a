//! What the engine needs from outside, and all of it: three small traits, the time, and a place
//! where whoever runs a job can see how it goes on.
//!
//! Whoever runs the engine implements the traits. An attempt is announced to the [`Sink`] before
//! it is sent and committed to it when it has ended, always in that order and each exactly once,
//! also when the attempt is given up half-way.

pub mod clock;
pub mod progress;

use std::fmt;

use reports::Cause;
use reports::record::{Attempt, PipelineName};
use serde::{Deserialize, Serialize};

use crate::cache::Key;
use crate::client::answer::Answer;

pub use clock::RunClock;
pub use progress::{Figures, Progress, Used};

/// Where records go.
pub trait Sink: fmt::Debug + Send + Sync {
    /// A request is about to be sent: from here on it may cost something.
    fn intend(&self, tag: &str, intent: &Intent);

    /// A request has ended. Its answer is kept with its record where answers are kept.
    fn commit(&self, tag: &str, attempt: Attempt, answer: Option<(&Key, &Answer)>);

    /// Why what is dropped before its end is dropped now.
    fn given_up(&self) -> (Cause, &'static str);
}

/// What each request was charged.
pub trait Bills: fmt::Debug + Send + Sync {
    /// The bill of the request with this tag, taken once; empty where it never arrived.
    fn take(&self, tag: &str) -> Bill;
}

/// Answers that an earlier life of the run has paid for.
pub trait Kept: fmt::Debug + Send + Sync {
    /// What was paid for under a key, if it is good for this job.
    fn answer(&self, key: &Key, job: u64) -> Option<Answer>;
}

/// A request that is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The pipeline that sends it.
    pub pipeline: PipelineName,
    /// The job.
    pub job: u64,
    /// The part.
    pub chunk: u64,
    /// The attempt.
    pub attempt: u64,
    /// When it is sent, in microseconds since the pipeline began.
    pub start_us: u64,
}

/// What one request was charged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bill {
    /// Tokens read.
    pub tokens_in: u64,
    /// Tokens written.
    pub tokens_out: u64,
    /// Micro-dollars.
    pub cost_microusd: u64,
    /// Whether a fault was injected.
    pub faulty: bool,
    /// Whether the request alone was larger than a limit.
    pub over_limit: bool,
}

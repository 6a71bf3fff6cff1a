//! What a run puts under its load: a target does one job at a time for whoever asks.
//!
//! A plan lists targets as [`TargetPlan`]s. Each is set up once, when there is a service for it to
//! talk to, and the resulting [`Target`] does jobs until it is dropped. The driver, the
//! platform and the records know nothing else about it. The pipelines of the engine are one kind
//! of target, [`builtin`]; a [`command`] and an [`http`] service of the user's are the others, in a
//! [`mod@file`] or as they were typed. Their work is judged by what the mock saw and by the user's
//! own checks ([`judge`]).
//!
//! A target says of a job what it knows. What the job has used (calls, tokens, money) is written
//! into its [`Progress`] while it goes on, because it may be given up at any moment.

pub mod builtin;
pub mod command;
pub mod file;
mod files;
mod host;
pub mod http;
pub mod judge;
pub mod limits;
mod outcome;
pub mod process;
mod template;
mod warpable;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use engine::outside::{Progress, RunClock};
use futures_util::future::BoxFuture;
use reports::Cause;
use reports::record::{Outcome, PipelineHeader};

use crate::Failure;
use crate::plan::run_plan::RunPlan;
use crate::platform::invocation::Invocation;
use crate::run::recorder::Recorder;
use crate::run::resume::Earlier;
use crate::run::shared::Shared;
use crate::service::Service;
use crate::source::SourceFile;

/// Does one job. The driver, the platform and the records know nothing else about it.
pub trait Target: Send + Sync {
    /// Its name and what it was made of, as its plan has them.
    fn header(&self) -> PipelineHeader;

    /// Does one job. Dropped before its end, the work is over and leaves nothing running.
    fn run<'a>(&'a self, job: Job, within: &'a Invocation) -> BoxFuture<'a, JobEnd>;

    /// What it sets itself where nobody else does.
    fn limits(&self) -> Limits {
        Limits { jobs_at_once: NonZeroUsize::MIN, job_time: None }
    }

    /// Ends whatever goes on when all jobs have ended.
    fn finish(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    /// The most memory that the processes of a job held at once, in kilobytes, where they are not
    /// this process.
    fn peak_rss_kb(&self) -> Option<u64> {
        None
    }

    /// What failed jobs printed last, as the text of a file, where anything is kept.
    fn last_words(&self) -> Option<String> {
        None
    }

    /// Writes down what is known of a job that will not be run, because it was turned away.
    fn describe(&self, job: &Job, progress: &Progress) {
        if let Ok(text) = job.file.text() {
            describe_text(&text, progress);
        }
    }
}

/// Writes down what anybody can see of a text.
fn describe_text(text: &str, progress: &Progress) {
    progress.note(|figures| {
        figures.bytes = text.len() as u64;
        figures.lines = text.lines().count() as u64;
    });
}

/// A target as a plan lists it: what it is called and made of, and how it gets ready for a run.
pub trait TargetPlan: fmt::Debug + Send + Sync {
    /// Its name and a hash of what it is made of; how many jobs it gets is the plan's to fill in.
    fn header(&self) -> PipelineHeader;

    /// Gets it ready for one run.
    fn set_up<'a>(&'a self, setup: Setup<'a>) -> BoxFuture<'a, Result<Arc<dyn Target>, Failure>>;

    /// Whether what it has paid for survives its death, so that a run of it can be resumed.
    fn keeps_checkpoints(&self) -> bool {
        false
    }

    /// Whether it does the whole load as one job.
    fn is_one_job(&self) -> bool {
        false
    }

    /// Whether its time cannot be simulated.
    fn needs_real_time(&self) -> bool {
        false
    }

    /// Whether what it starts can follow a clock that is warped; says why not.
    fn can_be_warped(&self) -> Result<(), Failure> {
        Ok(())
    }

    /// Whether all runs share it, so that it can be under one of them at a time.
    fn is_shared(&self) -> bool {
        false
    }

    /// The port at which it looks for the mock; 0 where it is told.
    fn mock_port(&self) -> u16 {
        0
    }

    /// Where it is, if not on this machine.
    fn remote(&self) -> Option<String> {
        None
    }
}

/// What a target is set up with.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'a> {
    /// The run that it is a part of.
    pub plan: &'a RunPlan,
    /// What it talks to.
    pub service: &'a Service,
    /// Where records go.
    pub recorder: &'a Arc<Recorder>,
    /// What earlier lives of the run have done.
    pub earlier: &'a Earlier,
    /// What every tag of a request begins with, so that no two lives of a run share one.
    pub tags: &'a str,
    /// The run's time.
    pub clock: RunClock,
    /// What all runs of this process share.
    pub shared: &'a Shared,
}

/// What a target sets itself: no platform and no load knows better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Jobs under way at once where it is handed all of them together.
    pub jobs_at_once: NonZeroUsize,
    /// How long a job may take where the scenario names no platform.
    pub job_time: Option<Duration>,
}

/// One file to document.
#[derive(Debug, Clone)]
pub struct Job {
    /// The job, counted from 1.
    pub number: u64,
    /// The file.
    pub file: SourceFile,
    /// When the schedule meant it to begin.
    pub arrival_us: u64,
    /// Which delivery of the same job this is, counted from 1: a queue may deliver it again.
    pub delivery: u64,
    /// Whether an earlier delivery has done it, so that this one changes nothing.
    pub is_done: bool,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobEnd {
    /// Whether its file is documented.
    pub outcome: Outcome,
    /// Why it failed.
    pub cause: Option<Cause>,
    /// The failure in words; of a job that did not fail, a remark.
    pub detail: Option<String>,
    /// Definitions that the documentation names, where the target can judge that.
    pub documented: u64,
    /// Whether a target that is not ours said that it had done it.
    pub said_done: Option<bool>,
}

impl JobEnd {
    /// A file that is documented, and a remark where there is one to make.
    pub const fn documented(documented: u64, remark: Option<String>) -> Self {
        let (outcome, cause) = (Outcome::Documented, None);
        Self { outcome, cause, detail: remark, documented, said_done: None }
    }

    /// A file that is not documented, and why.
    pub fn failed(cause: Cause, detail: impl Into<String>) -> Self {
        let (cause, detail) = (Some(cause), Some(detail.into()));
        Self { outcome: Outcome::Failed, cause, detail, documented: 0, said_done: None }
    }

    /// A file that was never meant to be sent, and why.
    pub fn skipped(reason: impl Into<String>) -> Self {
        let detail = Some(reason.into());
        let (outcome, cause) = (Outcome::Skipped, None);
        Self { outcome, cause, detail, documented: 0, said_done: None }
    }
}

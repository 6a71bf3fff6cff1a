//! One file's way through a pipeline, and what the platform did with it.

use serde::{Deserialize, Serialize};

use super::cause::Cause;
use super::name::PipelineName;

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every definition of the file is documented.
    Documented,
    /// Something that was asked for is missing; `cause` says why.
    Failed,
    /// The file was never meant to be sent; `detail` says why.
    Skipped,
}

/// One file's way through a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The pipeline.
    pub pipeline: PipelineName,
    /// The job, counted from 1 in the order of arrival.
    pub job: u64,
    /// The file, relative to the input's root, with `/` between folders.
    pub path: String,
    /// The file's size.
    pub bytes: u64,
    /// The file's lines.
    pub lines: u64,
    /// When the schedule meant the job to begin; latency counts from here.
    pub arrival_us: u64,
    /// When the job did begin.
    pub start_us: u64,
    /// When the job ended.
    pub end_us: u64,
    /// How the job ended, judged on the documentation and not on a status code.
    pub outcome: Outcome,
    /// Why the job failed; absent where it did not.
    pub cause: Option<Cause>,
    /// The failure in words, or the reason for a skip.
    pub detail: Option<String>,
    /// Whether a command or a service said that it had done the job, by its exit or its status,
    /// whatever became of its questions. Absent, in the line as well, of built-in pipelines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_done: Option<bool>,
    /// The parts in which the file was sent.
    pub chunks: u64,
    /// Lines of it that are not blank and were sent in none of them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost_lines: u64,
    /// Parts answered from the cache.
    pub cache_hits: u64,
    /// Parts looked up in the cache and not found.
    pub cache_misses: u64,
    /// Requests sent for this job.
    pub calls: u64,
    /// Definitions in the source.
    pub definitions: u64,
    /// Definitions of the source that the documentation names.
    pub documented: u64,
    /// Input tokens charged for this job.
    pub tokens_in: u64,
    /// Output tokens charged for this job.
    pub tokens_out: u64,
    /// What the ledger charged for this job.
    pub cost_microusd: u64,
    /// What of it bought nothing: attempts that failed, and all of it where the job failed.
    pub wasted_microusd: u64,
    /// Peak memory of the modelled process that ran the job, in kilobytes.
    pub memory_kb: u64,
}

/// What the platform did with one job, beyond running it. What is zero or absent is not written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    /// The pipeline.
    pub pipeline: PipelineName,
    /// The job, counted from 1.
    pub job: u64,
    /// The HTTP status that the caller of the platform got; absent where nobody waits for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Waiting for a place to run.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub queued_us: u64,
    /// Starting a new environment before the job's own work.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cold_start_us: u64,
    /// Running on after the caller had been answered without a result.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub zombie_us: u64,
    /// What calls were charged that ended after that answer: paid for, and delivered to nobody.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub zombie_microusd: u64,
    /// Deliveries of the job beyond the first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub duplicates: u64,
    /// What was charged for those.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub duplicate_microusd: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes what it skips by reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Job {
    /// From the arrival to the end: waiting in line counts, or a slow pipeline would look fast.
    pub fn latency_us(&self) -> u64 {
        self.end_us.saturating_sub(self.arrival_us)
    }
}

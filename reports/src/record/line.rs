//! One line of `run.jsonl`: the closed list of records, and those that end a pipeline or a run.

use serde::{Deserialize, Serialize};

use super::attempt::{Attempt, Fault};
use super::header::Header;
use super::job::{Job, Platform};
use super::name::PipelineName;

/// The version of the record format that this crate writes, and the only one that it reads.
pub const FORMAT: u32 = 1;

/// One line of `run.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    /// What was run; always the first line.
    Header(Header),
    /// One request to the API and what came back.
    Attempt(Attempt),
    /// One fault that the mock injected.
    Fault(Fault),
    /// One file's way through a pipeline, finished or not.
    Job(Job),
    /// What the platform did with one job; absent where a scenario names no platform.
    Platform(Platform),
    /// One pipeline has ended.
    PipelineEnd(PipelineEnd),
    /// The run has ended; always the last line.
    Footer(Footer),
}

/// One pipeline has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineEnd {
    /// The pipeline.
    pub pipeline: PipelineName,
    /// From the first arrival to the end of the last job.
    pub elapsed_us: u64,
    /// Everything that the mock's ledger charged; equals the sum over the attempts.
    pub ledger_microusd: u64,
    /// Requests that the mock's journal saw; equals the number of attempts that reached it.
    pub ledger_requests: u64,
}

/// The run has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footer {
    /// Whether the run was stopped before all its jobs had ended.
    pub interrupted: bool,
    /// The number of lines before this one, so that a lost line is noticed.
    pub records: u64,
    /// The threshold that could not be met any more, where the run was stopped for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aborted: Option<Aborted>,
}

/// Why a run was stopped before its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aborted {
    /// The pipeline.
    pub pipeline: PipelineName,
    /// The threshold, as it was typed.
    pub check: String,
    /// What had been measured by then, in millionths of its unit.
    pub measured: u64,
}

impl Record {
    /// The record as one line of `run.jsonl`, without the line's end.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).expect("records are plain data with text keys")
    }
}

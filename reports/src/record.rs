//! The records a run appends as they happen, one JSON object a line: the contract between the
//! run, which only records, and everything that judges it later.
//!
//! Invariants: no field depends on the machine in a simulated run; times are whole microseconds
//! since the run's start, money is whole micro-dollars, shares are parts per million. The first
//! line is the header; a file without a footer is a run that died, and is still readable.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cause::Cause;
use crate::expect::Expectation;

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

/// What was run, so that a report needs nothing but the records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`].
    pub format: u32,
    /// The version of `chaos` that wrote the run.
    pub tool: String,
    /// The scenario's name: a shipped name, or the path of the user's own file as it was typed,
    /// from which the gate runs it again.
    pub scenario: String,
    /// SHA-256 of everything in the scenario that decides the outcome, in hexadecimal.
    pub scenario_sha256: String,
    /// The scenario's title.
    pub title: String,
    /// The question that the scenario answers.
    pub question: String,
    /// The seed of every decision left to chance.
    pub seed: u64,
    /// Whether time was simulated.
    pub clock: Clock,
    /// The pipelines in the order in which they ran, with a hash of each one's configuration.
    pub pipelines: Vec<PipelineHeader>,
    /// Where the source files came from: `generated`, or `directory` for `--input`.
    pub input: String,
    /// The currency beside the dollar.
    pub currency: Currency,
    /// What the scenario expects, by pipeline.
    pub expect: BTreeMap<String, Expectation>,
}

/// One pipeline of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineHeader {
    /// The pipeline's name, as every other record gives it.
    pub name: String,
    /// SHA-256 of the pipeline's configuration, in hexadecimal.
    pub config_sha256: String,
    /// The number of jobs that the pipeline is given.
    pub jobs: u64,
}

/// Which clock a run followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// Waiting costs nothing; the same seed gives the same bytes.
    Simulated,
    /// Real time over a real port.
    Wall,
}

/// A second currency for costs; the rate is data of the scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Currency {
    /// ISO 4217 code, for example `INR`.
    pub code: String,
    /// The symbol put before an amount.
    pub symbol: String,
    /// Thousandths of the currency's unit for one dollar: 83.0 is 83,000.
    pub milli_per_usd: u64,
}

/// One request to the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The pipeline that called.
    pub pipeline: String,
    /// The job, counted from 1.
    pub job: u64,
    /// The part of the job's file, counted from 1; 1 where the file is sent whole.
    pub chunk: u64,
    /// The attempt at this part, counted from 1.
    pub attempt: u64,
    /// When the request was sent.
    pub start_us: u64,
    /// When the outcome was known.
    pub end_us: u64,
    /// The HTTP status; absent where no response came.
    pub status: Option<u16>,
    /// Why the attempt failed; absent where it gave a whole answer.
    pub cause: Option<Cause>,
    /// The server's own words for a failure, or the transport's.
    pub detail: Option<String>,
    /// The `request-id` header.
    pub request_id: Option<String>,
    /// The `retry-after` header in seconds.
    pub retry_after_s: Option<u64>,
    /// Input tokens that the ledger charged for this attempt.
    pub tokens_in: u64,
    /// Output tokens that the ledger charged for this attempt.
    pub tokens_out: u64,
    /// What the ledger charged for this attempt, whether or not the client saw the answer.
    pub cost_microusd: u64,
}

/// One fault that the mock injected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The pipeline that met it.
    pub pipeline: String,
    /// When it was injected.
    pub at_us: u64,
    /// The fault's name in the scenario.
    pub name: String,
    /// The HTTP status that it answered with, where it answers with one.
    pub status: Option<u16>,
    /// The request that it hit.
    pub request_id: String,
}

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
    pub pipeline: String,
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
    /// The parts in which the file was sent.
    pub chunks: u64,
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
    pub pipeline: String,
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

/// One pipeline has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineEnd {
    /// The pipeline.
    pub pipeline: String,
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
}

impl Record {
    /// The record as one line of `run.jsonl`, without the line's end.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).expect("records are plain data with text keys")
    }
}

impl Job {
    /// From the arrival to the end: waiting in line counts, or a slow pipeline would look fast.
    pub fn latency_us(&self) -> u64 {
        self.end_us.saturating_sub(self.arrival_us)
    }
}

impl Currency {
    /// Millionths of the currency's unit for an amount of micro-dollars, rounded down.
    pub fn micros(&self, microusd: u64) -> u64 {
        let micros = u128::from(microusd) * u128::from(self.milli_per_usd) / 1000;
        u64::try_from(micros).unwrap_or(u64::MAX)
    }

    /// Whether this is the dollar again, so that a second amount would say nothing new.
    pub fn is_dollar(&self) -> bool {
        self.code == "USD"
    }
}

//! What a claim's quantity is, as a number read from a run's records.
//!
//! Every value is a whole number of millionths of its unit, so that a claim is judged exactly.

use reports::record::{Currency, Job, Outcome};
use reports::{Cause, Judged, Latency, PipelineRun, Quantile, Summary};
use serde::Deserialize;

/// A number that can be read from a pipeline's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Jobs that were documented.
    Documented,
    /// Documented jobs of those that were tried.
    SuccessRate,
    /// Failed jobs of those that were tried.
    FailureRate,
    /// Jobs that failed because they took longer than their platform allows.
    JobTimeouts,
    /// Jobs of which a call took longer than the pipeline waits.
    CallTimeouts,
    /// Jobs whose process was killed or ran out of memory.
    Killed,
    /// The first job that a rate limit turned away, counted from 1; 0 where none was.
    FirstRateLimited,
    /// Requests that a rate limit turned away.
    RateLimitedCalls,
    /// Requests sent.
    Calls,
    /// Tokens read and written.
    Tokens,
    /// Tokens read.
    TokensIn,
    /// Tokens written.
    TokensOut,
    /// Tokens read, for each line of source that was sent.
    TokensPerLine,
    /// Everything that was charged, in dollars.
    CostUsd,
    /// Everything that was charged, in the scenario's second currency.
    CostLocal,
    /// From the first arrival to the end of the last job.
    Elapsed,
    /// The median latency of the documented jobs.
    LatencyP50,
    /// The slowest documented job.
    LatencyMax,
    /// The slowest documented job of those that the cache answered wholly.
    CachedLatencyMax,
    /// Parts in which the files were sent.
    Chunks,
    /// Definitions that the documentation of the first job names.
    DocumentedDefinitions,
    /// Parts found in the cache, of those looked up.
    CacheHitRate,
    /// The most memory that a modelled process had, in megabytes.
    MemoryMb,
    /// The longest wait between two attempts at the same part.
    LongestWait,
    /// The most attempts at one part.
    Attempts,
}

/// A number and, where it is a percentile, how many samples it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Millionths of the unit.
    pub value: u64,
    /// The samples.
    pub samples: Option<u64>,
}

const ONE: u64 = 1_000_000;

impl Measure {
    /// Reads the number from a run's only pipeline; nothing where the run has none.
    pub fn of(self, judged: &Judged) -> Option<Reading> {
        let (run, summary) = (judged.run(), judged.summaries().first()?);
        let (pipeline, currency) = (run.pipelines.first()?, &run.header.currency);
        let latency = |latency: &Latency, quantile| {
            let value = latency.quantile_us(quantile)?;
            Some(Reading { value, samples: Some(latency.count()) })
        };
        match self {
            Self::LatencyP50 => latency(&summary.latency, Quantile::P50),
            Self::LatencyMax => latency(&summary.latency, Quantile::Max),
            Self::CachedLatencyMax => latency(&cached(pipeline), Quantile::Max),
            _ => {
                let value = self.plain(pipeline, summary, currency)?;
                Some(Reading { value, samples: None })
            }
        }
    }

    fn plain(self, pipeline: &PipelineRun, summary: &Summary, currency: &Currency) -> Option<u64> {
        let failed = |cause| summary.failures.get(&cause).copied().unwrap_or_default() * ONE;
        match self {
            Self::Documented => Some(summary.documented * ONE),
            Self::SuccessRate => summary.success_ppm(),
            Self::FailureRate => summary.success_ppm().map(|share| ONE - share),
            Self::JobTimeouts => Some(failed(Cause::JobTimeout)),
            Self::CallTimeouts => Some(failed(Cause::CallTimeout)),
            Self::Killed => Some(failed(Cause::ProcessKilled) + failed(Cause::OutOfMemory)),
            Self::FirstRateLimited => Some(first(pipeline, Cause::RateLimited)),
            Self::RateLimitedCalls => {
                Some(summary.attempt_failures.get(&Cause::RateLimited).unwrap_or(&0) * ONE)
            }
            Self::Calls => Some(summary.calls * ONE),
            Self::Tokens => Some((summary.tokens_in + summary.tokens_out) * ONE),
            Self::TokensIn => Some(summary.tokens_in * ONE),
            Self::TokensOut => Some(summary.tokens_out * ONE),
            Self::TokensPerLine => (summary.tokens_in * ONE).checked_div(sent_lines(pipeline)),
            Self::CostUsd => Some(summary.cost_microusd),
            Self::CostLocal => Some(currency.micros(summary.cost_microusd)),
            Self::Elapsed => summary.elapsed_us,
            Self::Chunks => Some(pipeline.jobs.iter().map(|job| job.chunks).sum::<u64>() * ONE),
            Self::DocumentedDefinitions => pipeline.jobs.first().map(|job| job.documented * ONE),
            Self::CacheHitRate => {
                (summary.cache_hits * ONE).checked_div(summary.cache_hits + summary.cache_misses)
            }
            Self::MemoryMb => Some(summary.memory_kb * ONE / 1024),
            Self::LongestWait => waits(pipeline).max(),
            Self::Attempts => pipeline.attempts.iter().map(|attempt| attempt.attempt * ONE).max(),
            Self::LatencyP50 | Self::LatencyMax | Self::CachedLatencyMax => None,
        }
    }
}

/// The latency of the jobs for which nothing was asked of the API.
fn cached(pipeline: &PipelineRun) -> Latency {
    let mut latency = Latency::default();
    let free =
        |job: &&Job| job.outcome == Outcome::Documented && job.cache_hits > 0 && job.calls == 0;
    for job in pipeline.jobs.iter().filter(free) {
        latency.record(job.latency_us());
    }
    latency
}

fn first(pipeline: &PipelineRun, cause: Cause) -> u64 {
    let job = pipeline.jobs.iter().find(|job| job.cause == Some(cause));
    job.map_or(0, |job| job.job * ONE)
}

/// Lines of the files that were asked about at least once.
fn sent_lines(pipeline: &PipelineRun) -> u64 {
    pipeline.jobs.iter().filter(|job| job.calls > 0).map(|job| job.lines).sum()
}

/// From the end of each attempt to the start of the next at the same part.
fn waits(pipeline: &PipelineRun) -> impl Iterator<Item = u64> {
    let mut attempts: Vec<_> = pipeline.attempts.iter().collect();
    attempts.sort_by_key(|attempt| (attempt.job, attempt.chunk, attempt.attempt));
    let pairs: Vec<u64> = attempts
        .windows(2)
        .filter(|pair| (pair[0].job, pair[0].chunk) == (pair[1].job, pair[1].chunk))
        .map(|pair| pair[1].start_us.saturating_sub(pair[0].end_us))
        .collect();
    pairs.into_iter()
}

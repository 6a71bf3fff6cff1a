//! One pipeline's run in numbers, and whether those numbers agree with each other.
//!
//! Invariants: every number is a whole one; money and calls are counted from the attempts and
//! reconciled with the jobs and with the mock's own ledger, because a lost record would otherwise
//! read as a cheap and quiet run. Skipped jobs count in nothing but `skipped`.

use std::collections::{BTreeMap, BTreeSet};

use super::latency::Latency;
use super::reconcile::disagreements;
use crate::record::{Cause, Job, NO_JOB, Outcome};
use crate::run::{PipelineRun, Run};

/// One pipeline's run in numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    /// The pipeline.
    pub pipeline: String,
    /// SHA-256 of its configuration.
    pub config_sha256: String,
    /// Jobs that it was given, those of the warm-up left out as everywhere below.
    pub jobs: u64,
    /// Jobs that arrived in the warm-up: run and on record, and in no other number but the time
    /// that the whole took and the faults that were met.
    pub warm_up: u64,
    /// Lines of the source that are not blank and were never sent; unknown of a program that is
    /// judged by what it says itself.
    pub lost_lines: Option<u64>,
    /// Jobs that were documented.
    pub documented: u64,
    /// Jobs that failed.
    pub failed: u64,
    /// Jobs that were never meant to be sent.
    pub skipped: u64,
    /// Skipped jobs by reason.
    pub skips: BTreeMap<String, u64>,
    /// Failed jobs by cause.
    pub failures: BTreeMap<Cause, u64>,
    /// Failed requests by cause, whether or not a later one succeeded.
    pub attempt_failures: BTreeMap<Cause, u64>,
    /// Definitions in the source of the jobs that were not skipped.
    pub definitions: u64,
    /// Definitions of those that the documentation names.
    pub documented_definitions: u64,
    /// From arrival to end, over the documented jobs.
    pub latency: Latency,
    /// From the start of a job to its first request at the mock, over the jobs of the user's own
    /// program that sent one: what the program itself takes before it asks.
    pub first_call: Latency,
    /// From the sending to the first token, over the requests in which one was seen.
    pub first_token: Latency,
    /// From one token to the next, over the streamed requests that gave a whole answer.
    pub between_tokens: Latency,
    /// Everything that was charged.
    pub cost_microusd: u64,
    /// What the replies told of it; a pipeline's own count of what it spends.
    pub told_microusd: u64,
    /// What of it bought nothing.
    pub wasted_microusd: u64,
    /// Requests sent.
    pub calls: u64,
    /// Requests beyond the first for the same part of a file.
    pub retries: u64,
    /// Requests of a command or a service that belong to none of its jobs.
    pub jobless_calls: u64,
    /// What those cost.
    pub jobless_microusd: u64,
    /// Input tokens charged.
    pub tokens_in: u64,
    /// Output tokens charged.
    pub tokens_out: u64,
    /// Parts answered from the cache.
    pub cache_hits: u64,
    /// Parts looked up in the cache and not found.
    pub cache_misses: u64,
    /// From the first arrival to the end of the last job; absent where the pipeline has no end.
    pub elapsed_us: Option<u64>,
    /// The most memory that a modelled process had.
    pub memory_kb: u64,
    /// What was charged for work whose caller had been answered without it.
    pub zombie_microusd: u64,
    /// What was charged for jobs that were delivered again.
    pub duplicate_microusd: u64,
    /// Jobs that had to wait for a new environment to start.
    pub cold_starts: u64,
    /// The longest that a job waited for a place to run.
    pub queued_max_us: u64,
    /// Injected faults by name.
    pub faults: BTreeMap<String, u64>,
    /// Why the numbers do not agree with each other; empty where they do.
    pub unreconciled: Vec<String>,
}

impl Summary {
    /// Every pipeline of a run, in the order in which they ran.
    pub(super) fn of(run: &Run) -> Vec<Self> {
        let pipelines = run.pipelines.iter();
        pipelines.map(|pipeline| Self::after(run.warm_up_us(pipeline), pipeline)).collect()
    }

    /// One pipeline, by its jobs that arrived from `after_us` on.
    fn after(after_us: u64, pipeline: &PipelineRun) -> Self {
        let warm_up: BTreeSet<u64> =
            pipeline.jobs.iter().filter(|j| j.arrival_us < after_us).map(|j| j.job).collect();
        let mut summary = Self {
            pipeline: pipeline.header.name.clone(),
            config_sha256: pipeline.header.config_sha256.clone(),
            jobs: pipeline.header.jobs.saturating_sub(warm_up.len() as u64),
            warm_up: warm_up.len() as u64,
            lost_lines: pipeline.header.judged_by.is_none().then_some(0),
            elapsed_us: pipeline.end.as_ref().map(|end| end.elapsed_us),
            ..Self::default()
        };
        summary.count_attempts(pipeline, &warm_up);
        for job in pipeline.jobs.iter().filter(|j| !warm_up.contains(&j.job)) {
            summary.count_job(job);
        }
        if pipeline.header.judged_by.is_some() {
            summary.time_first_calls(pipeline, &warm_up);
        }
        for platform in pipeline.platform.iter().filter(|p| !warm_up.contains(&p.job)) {
            summary.zombie_microusd += platform.zombie_microusd;
            summary.duplicate_microusd += platform.duplicate_microusd;
            summary.cold_starts += u64::from(platform.cold_start_us > 0);
            summary.queued_max_us = summary.queued_max_us.max(platform.queued_us);
        }
        for fault in &pipeline.faults {
            *summary.faults.entry(fault.name.clone()).or_default() += 1;
        }
        summary.unreconciled = disagreements(pipeline);
        summary
    }

    /// Jobs that were meant to be documented.
    pub fn tried(&self) -> u64 {
        self.documented + self.failed
    }

    /// Documented jobs per million that were meant to be, rounded down, so that a million means
    /// all of them; `None` where there was none.
    pub fn success_ppm(&self) -> Option<u64> {
        ppm(self.documented, self.tried())
    }

    /// Documented definitions per million, rounded down; `None` where there was none.
    pub fn coverage_ppm(&self) -> Option<u64> {
        ppm(self.documented_definitions, self.definitions)
    }

    /// Calls for each million that would have been enough, had each been answered at once; `None`
    /// where there was none.
    pub fn amplification_ppm(&self) -> Option<u64> {
        ppm(self.calls, self.calls.saturating_sub(self.retries))
    }

    /// Everything that was charged for each documented job, in whole micro-dollars rounded up, so
    /// that 0 means that it cost nothing and no bound is passed by rounding; `None` where nothing
    /// was documented.
    pub const fn cost_per_success_microusd(&self) -> Option<u64> {
        match self.documented {
            0 => None,
            documented => Some(self.cost_microusd.div_ceil(documented)),
        }
    }

    fn count_attempts(&mut self, pipeline: &PipelineRun, warm_up: &BTreeSet<u64>) {
        for attempt in pipeline.attempts.iter().filter(|a| !warm_up.contains(&a.job)) {
            self.calls += 1;
            self.retries += u64::from(attempt.attempt > 1);
            if attempt.job == NO_JOB {
                self.jobless_calls += 1;
                self.jobless_microusd += attempt.cost_microusd;
            }
            self.tokens_in += attempt.tokens_in;
            self.tokens_out += attempt.tokens_out;
            self.cost_microusd += attempt.cost_microusd;
            self.told_microusd += attempt.told_microusd.unwrap_or(attempt.cost_microusd);
            if let Some(first_token_us) = attempt.first_token_us {
                self.first_token.record(first_token_us);
            }
            if let Some(between_us) = attempt.between_tokens_us() {
                self.between_tokens.record(between_us);
            }
            if let Some(cause) = attempt.cause {
                *self.attempt_failures.entry(cause).or_default() += 1;
            }
        }
    }

    /// Of a built-in pipeline nothing starts, and what it waits before it asks is its own pace.
    fn time_first_calls(&mut self, pipeline: &PipelineRun, warm_up: &BTreeSet<u64>) {
        let mut firsts: BTreeMap<u64, u64> = BTreeMap::new();
        for attempt in &pipeline.attempts {
            let first = firsts.entry(attempt.job).or_insert(attempt.start_us);
            *first = attempt.start_us.min(*first);
        }
        for job in pipeline.jobs.iter().filter(|job| !warm_up.contains(&job.job)) {
            if let Some(first_us) = firsts.get(&job.job) {
                self.first_call.record(first_us.saturating_sub(job.start_us));
            }
        }
    }

    fn count_job(&mut self, job: &Job) {
        self.wasted_microusd += job.wasted_microusd;
        self.cache_hits += job.cache_hits;
        self.cache_misses += job.cache_misses;
        self.memory_kb = self.memory_kb.max(job.memory_kb);
        if let Some(lost) = &mut self.lost_lines {
            *lost += job.lost_lines;
        }
        match job.outcome {
            Outcome::Documented => {
                self.documented += 1;
                self.latency.record(job.latency_us());
            }
            Outcome::Failed => {
                self.failed += 1;
                if let Some(cause) = job.cause {
                    *self.failures.entry(cause).or_default() += 1;
                }
            }
            Outcome::Skipped => {
                self.skipped += 1;
                let reason = job.detail.clone().unwrap_or_else(|| "no reason given".to_owned());
                *self.skips.entry(reason).or_default() += 1;
                return;
            }
        }
        self.definitions += job.definitions;
        self.documented_definitions += job.documented;
    }
}

fn ppm(part: u64, whole: u64) -> Option<u64> {
    let share = (u128::from(part) * 1_000_000).checked_div(u128::from(whole))?;
    u64::try_from(share).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::judge::latency::Quantile;
    use crate::record::Platform;

    fn phase(run: &Run, index: usize) -> Summary {
        Summary::of(run).swap_remove(index)
    }

    #[test]
    fn success_and_failures_are_counted_over_the_jobs() {
        let phase1 = phase(&fixture::concurrent(), 0);
        assert_eq!((phase1.jobs, phase1.documented, phase1.failed), (10, 4, 6));
        assert_eq!(phase1.success_ppm(), Some(400_000));
        assert_eq!(phase1.failures, BTreeMap::from([(Cause::RateLimited, 6)]));
        assert_eq!(phase1.unreconciled, [""; 0]);
    }

    #[test]
    fn latency_counts_from_the_arrival_and_over_documented_jobs_only() {
        let mut run = fixture::concurrent();
        let job = &mut run.pipelines[1].jobs[9];
        let latency_us = job.end_us - job.arrival_us;
        job.start_us = job.end_us;
        let phase3 = phase(&run, 1);
        assert_eq!(phase3.latency.quantile_us(Quantile::Max), Some(latency_us));
        assert_eq!(phase(&run, 0).latency.count(), 4);
    }

    #[test]
    fn what_the_platform_did_is_summed_over_the_jobs() {
        let mut run = fixture::concurrent();
        let one = |job, zombie_microusd, queued_us| Platform {
            pipeline: "phase1".into(),
            job,
            zombie_microusd,
            queued_us,
            cold_start_us: queued_us / 2,
            ..Platform::default()
        };
        run.pipelines[0].platform = vec![one(1, 700, 0), one(2, 41, 9_000), one(3, 0, 4_000)];
        let phase1 = phase(&run, 0);
        assert_eq!((phase1.zombie_microusd, phase1.queued_max_us), (741, 9_000));
        assert_eq!((phase1.cold_starts, phase1.duplicate_microusd), (2, 0));
        assert_eq!(phase(&run, 1).zombie_microusd, 0);
    }

    #[test]
    fn only_a_program_of_the_users_is_timed_up_to_its_first_call() {
        let mut run = fixture::concurrent();
        assert_eq!(phase(&run, 1).first_call.count(), 0);
        run.pipelines[1].header.judged_by = Some("exit status 0".to_owned());
        for attempt in &mut run.pipelines[1].attempts {
            attempt.start_us += 700_000;
        }
        run.pipelines[1].attempts.retain(|attempt| attempt.job != 10);
        let own = phase(&run, 1).first_call;
        assert_eq!((own.count(), own.max_us()), (9, Some(700_000)), "of retries the first counts");
    }

    #[test]
    fn skipped_jobs_lower_no_rate() {
        let mut run = fixture::concurrent();
        for job in run.pipelines[0].jobs.iter_mut().filter(|j| j.outcome == Outcome::Failed) {
            job.outcome = Outcome::Skipped;
            job.cause = None;
            job.detail = Some("binary".to_owned());
        }
        let phase1 = phase(&run, 0);
        assert_eq!(
            (phase1.success_ppm(), phase1.coverage_ppm()),
            (Some(1_000_000), Some(1_000_000))
        );
        assert_eq!(phase1.skips, BTreeMap::from([("binary".to_owned(), 6)]));
    }

    #[test]
    fn a_retry_is_a_request_beyond_the_first_for_its_part() {
        let run = fixture::concurrent();
        assert_eq!(phase(&run, 0).retries, 0);
        let phase3 = phase(&run, 1);
        assert_eq!((phase3.calls, phase3.retries), (16, 6));
        assert_eq!(phase3.amplification_ppm(), Some(1_600_000));
        assert_eq!(phase3.attempt_failures, BTreeMap::from([(Cause::RateLimited, 6)]));
    }

    #[test]
    fn the_warm_up_is_run_and_left_out_of_the_figures() {
        let mut run = fixture::concurrent();
        let whole = phase(&run, 0);
        run.header.warm_up_us = 1;
        for job in run.pipelines[0].jobs.iter_mut().skip(1) {
            job.arrival_us = 1;
        }
        let (after, cost) = (phase(&run, 0), run.pipelines[0].jobs[0].cost_microusd);
        assert_eq!((after.jobs, after.warm_up, after.calls), (9, 1, whole.calls - 1));
        assert_eq!((after.documented, after.latency.count()), (3, 3));
        assert_eq!(after.cost_microusd, whole.cost_microusd - cost);
        assert_eq!(after.unreconciled, [""; 0], "the records are whole, and the ledger knows all");
        assert_eq!((whole.warm_up, phase(&run, 1).tried()), (0, 0));
    }

    #[test]
    fn the_cost_of_a_success_is_rounded_up_and_unknown_without_one() {
        let of = |cost_microusd, documented| {
            Summary { documented, cost_microusd, ..Summary::default() }.cost_per_success_microusd()
        };
        assert_eq!(of(10, 3), Some(4));
        assert_eq!(of(9, 3), Some(3));
        assert_eq!((of(0, 3), of(1, 3)), (Some(0), Some(1)));
        assert_eq!((of(10, 0), of(0, 0)), (None, None));
    }

    #[test]
    fn a_share_is_a_million_only_where_nothing_is_missing() {
        assert_eq!(ppm(9_999_999, 10_000_000), Some(999_999));
        assert_eq!(ppm(3, 3), Some(1_000_000));
        assert_eq!(ppm(0, 0), None);
    }
}

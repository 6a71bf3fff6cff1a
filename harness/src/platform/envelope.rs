//! What a platform does to one job while it runs, and what it says about it afterwards.
//!
//! Invariant: the job's work is never touched by an early answer to its caller. It goes on, it is
//! paid for, and its record says so: the job ends for the caller when the answer came, and what
//! calls were charged that ended later is the zombie cost.

use std::num::NonZeroU64;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reports::Cause;
use reports::record::{self, Outcome};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::clock::RunClock;
use crate::pipeline::deadline::DeadlineConfig;
use crate::pipeline::used::Used;

/// Whether a caller waits for the job, and how a crash of the job looks to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Nobody waits for a status.
    None,
    /// The function's own answer: 200 even for a crash, which only the body tells of.
    Direct,
    /// A gateway's: 502 for a crash.
    Gateway,
}

/// When a job is stopped, and the limit that this comes from.
#[derive(Debug, Clone, Copy)]
pub struct Stop {
    at: Instant,
    limit: Duration,
}

impl Stop {
    /// So long from now.
    pub fn after(limit: Duration) -> Option<Self> {
        Some(Self { at: Instant::now().checked_add(limit)?, limit })
    }

    /// The last words of a job that is stopped.
    fn words(&self) -> String {
        format!("Task timed out after {:.2} seconds", self.limit.as_secs_f64())
    }
}

/// A job that a platform turned away.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Why.
    pub cause: Cause,
    /// In the platform's words.
    pub detail: String,
    /// The status that the caller got.
    pub status: u16,
}

/// The process that several jobs share: it dies once, and all of them with it.
#[derive(Debug, Default)]
pub struct Process {
    died: Mutex<Option<(Cause, String)>>,
    told: Notify,
}

impl Process {
    fn dies(&self, cause: Cause, words: &str) {
        let mut died = self.died.lock().unwrap_or_else(PoisonError::into_inner);
        died.get_or_insert_with(|| (cause, format!("killed with the invocation: {words}")));
        self.told.notify_waiters();
    }

    fn last_words(&self) -> Option<(Cause, String)> {
        self.died.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn death(&self) -> (Cause, String) {
        loop {
            let told = self.told.notified();
            match self.last_words() {
                Some(words) => return words,
                None => told.await,
            }
        }
    }
}

/// What a platform does to one job.
#[derive(Debug)]
pub struct Envelope {
    /// The memory that the platform gives; without a platform the pipeline's own limit counts.
    pub memory_mb: Option<NonZeroU64>,
    /// When the job is stopped.
    pub stop: Option<Stop>,
    /// Why the job was turned away.
    pub refusal: Option<Refusal>,
    /// When the caller is answered whatever the job does.
    pub answer_at: Option<Instant>,
    /// The caller, waiting.
    pub caller: Mutex<Option<oneshot::Sender<()>>>,
    /// The process, where other jobs run in it too.
    pub process: Option<Arc<Process>>,
    /// Waiting for a place to run.
    pub queued_us: u64,
    /// Starting a new environment.
    pub cold_start_us: u64,
    /// Deliveries beyond the first.
    pub duplicates: u64,
    /// How the caller sees the job; none without a platform, which then leaves no record.
    status: Option<Status>,
    seen: Mutex<Seen>,
}

/// Moments of one job: when it was, and what had been charged by then.
#[derive(Debug, Default)]
struct Seen {
    answered: Option<Moment>,
    delivered: Option<Moment>,
}

#[derive(Debug, Clone, Copy)]
struct Moment {
    at_us: u64,
    cost_microusd: u64,
}

impl Moment {
    fn now(clock: &RunClock, used: &Mutex<Used>) -> Self {
        let cost_microusd = used.lock().unwrap_or_else(PoisonError::into_inner).cost_microusd;
        Self { at_us: clock.now_us(), cost_microusd }
    }
}

impl Envelope {
    fn empty(status: Option<Status>) -> Self {
        Self {
            memory_mb: None,
            stop: None,
            refusal: None,
            answer_at: None,
            caller: Mutex::default(),
            process: None,
            queued_us: 0,
            cold_start_us: 0,
            duplicates: 0,
            status,
            seen: Mutex::default(),
        }
    }

    /// No platform: only the pipeline's own deadline counts, from now on.
    pub fn of_pipeline(deadline: &DeadlineConfig) -> Self {
        let limit = deadline.job_ms.map(|limit| Duration::from_millis(limit.get()));
        Self { stop: limit.and_then(Stop::after), ..Self::empty(None) }
    }

    /// A platform that gives so much memory and all the time there is.
    pub fn new(memory_mb: NonZeroU64, status: Status) -> Self {
        Self { memory_mb: Some(memory_mb), ..Self::empty(Some(status)) }
    }

    /// A platform that turned the job away.
    pub fn refused(status: Status, refusal: Refusal) -> Self {
        Self { refusal: Some(refusal), ..Self::empty(Some(status)) }
    }

    /// Why the job must not begin, if so.
    pub fn forbids(&self) -> Option<(Cause, String)> {
        let refusal = self.refusal.as_ref().map(|one| (one.cause, one.detail.clone()));
        let died = || self.process.as_ref().and_then(|process| process.last_words());
        refusal.or_else(died).or_else(|| {
            let stop = self.stop.filter(|stop| stop.at <= Instant::now())?;
            Some((Cause::JobTimeout, stop.words()))
        })
    }

    /// Does the work for as long as the platform lets it, and answers the caller meanwhile where
    /// that is due; tells of work that is stopped why, with its last words.
    pub async fn hold<T>(
        &self,
        clock: &RunClock,
        used: &Mutex<Used>,
        work: impl Future<Output = T>,
    ) -> Result<T, (Cause, String)> {
        let mut work = pin!(work);
        let mut stopped = pin!(until(self.stop.map(|stop| stop.at)));
        let mut killed = pin!(async {
            match &self.process {
                Some(process) => process.death().await,
                None => std::future::pending().await,
            }
        });
        let due = self.answer_at.filter(|_| self.seen().answered.is_none());
        let mut answer = pin!(until(due));
        let mut waiting = due.is_some();
        loop {
            tokio::select! {
                biased;
                output = &mut work => return Ok(output),
                words = &mut killed => return Err(words),
                () = &mut stopped => {
                    let words = self.stop.map_or_else(String::new, |stop| stop.words());
                    return Err((Cause::JobTimeout, words));
                }
                () = &mut answer, if waiting => {
                    waiting = false;
                    self.answer(Moment::now(clock, used));
                }
            }
        }
    }

    /// The first delivery of a job that is delivered again has ended.
    pub fn delivered(&self, clock: &RunClock, used: &Mutex<Used>) {
        self.seen().delivered = Some(Moment::now(clock, used));
    }

    /// Puts what the platform did into the job's record, and gives the platform's own.
    pub fn settle(&self, job: &mut record::Job) -> Option<record::Platform> {
        let status = self.status.filter(|_| job.outcome != Outcome::Skipped)?;
        if let (Some(process), Some(cause)) = (&self.process, job.cause)
            && matches!(cause, Cause::OutOfMemory | Cause::ProcessKilled)
        {
            process.dies(cause, job.detail.as_deref().unwrap_or_default());
        }
        let mut platform = record::Platform {
            pipeline: job.pipeline.clone(),
            job: job.job,
            status: self.refusal.as_ref().map_or(seen_by(status, job.cause), |r| Some(r.status)),
            queued_us: self.queued_us,
            cold_start_us: self.cold_start_us,
            ..record::Platform::default()
        };
        let seen = self.seen();
        if let Some(first) = seen.delivered {
            platform.duplicates = self.duplicates;
            platform.duplicate_microusd = job.cost_microusd - first.cost_microusd;
            job.end_us = first.at_us;
            job.wasted_microusd =
                (job.wasted_microusd + platform.duplicate_microusd).min(job.cost_microusd);
        }
        if let Some(answered) = seen.answered {
            platform.status = Some(504);
            platform.zombie_us = job.end_us.saturating_sub(answered.at_us);
            platform.zombie_microusd = job.cost_microusd - answered.cost_microusd;
            let after_s = Duration::from_micros(platform.zombie_us).as_secs_f64();
            job.detail = Some(format!(
                "504 Endpoint request timed out; the work went on for {after_s:.2} s"
            ));
            job.end_us = answered.at_us;
            job.outcome = Outcome::Failed;
            job.cause = Some(Cause::GatewayTimeout);
            job.documented = 0;
            job.wasted_microusd = job.cost_microusd;
        }
        Some(platform)
    }

    fn answer(&self, moment: Moment) {
        self.seen().answered = Some(moment);
        let caller = self.caller.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(caller) = caller {
            // A caller that has gone needs no answer.
            let _ = caller.send(());
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The status under which a caller sees a job's end.
const fn seen_by(status: Status, cause: Option<Cause>) -> Option<u16> {
    let crashed = matches!(
        cause,
        Some(Cause::JobTimeout | Cause::OutOfMemory | Cause::ProcessKilled | Cause::AnalysisFailed)
    );
    match status {
        Status::None => None,
        // The run was stopped before there was one.
        _ if matches!(cause, Some(Cause::Interrupted)) => None,
        Status::Gateway if crashed => Some(502),
        Status::Direct | Status::Gateway => Some(200),
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::{WATCHDOG, simulate};
    use tokio::time::sleep;

    fn envelope(stop_ms: u64, answer_ms: u64) -> Envelope {
        Envelope {
            stop: Stop::after(Duration::from_millis(stop_ms)),
            answer_at: Some(Instant::now() + Duration::from_millis(answer_ms)),
            ..Envelope::new(NonZeroU64::MIN, Status::Gateway)
        }
    }

    #[test]
    fn an_answer_on_the_way_leaves_the_work_alone() {
        let held = simulate(WATCHDOG, async {
            let (clock, used) = (RunClock::starting_at(0), Mutex::new(Used::default()));
            let envelope = envelope(300_000, 29_000);
            let work = async {
                sleep(Duration::from_secs(10)).await;
                used.lock().unwrap().cost_microusd += 7;
                sleep(Duration::from_secs(30)).await;
                used.lock().unwrap().cost_microusd += 35;
            };
            let held = envelope.hold(&clock, &used, work).await;
            let answered = envelope.seen().answered.map(|one| (one.at_us, one.cost_microusd));
            (held, clock.now_us(), answered)
        });
        assert_eq!(held, Ok((Ok(()), 40_000_000, Some((29_000_000, 7)))));
    }

    #[test]
    fn work_that_is_too_long_is_stopped_with_the_words_of_the_platform() {
        let held = simulate(WATCHDOG, async {
            let envelope = envelope(300_000, 400_000);
            let work = sleep(Duration::from_hours(1));
            envelope.hold(&RunClock::starting_at(0), &Mutex::default(), work).await
        });
        let words = "Task timed out after 300.00 seconds".to_owned();
        assert_eq!(held, Ok(Err((Cause::JobTimeout, words))));
    }
}

//! One job within its bounds: what a platform does to it while it runs, and says of it afterwards.
//!
//! Invariant: the job's work is never touched by an early answer to its caller. It goes on, it is
//! paid for, and its record says so: the job ends for the caller when the answer came, and what
//! calls were charged that ended later is the zombie cost.

use std::num::NonZeroU64;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use engine::outside::{Progress, RunClock};
use parking_lot::{Mutex, MutexGuard};
use reports::Cause;
use reports::record::{self, Outcome};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use super::process::Process;

/// Whether a caller waits for the job, and how a crash of the job looks to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Nobody waits for a status.
    None,
    /// The function's own answer: 200 even for a crash, which only the body shows.
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
    /// This long from now.
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

/// One job within its bounds: what the platform gives it, and what it has used of it.
#[derive(Debug)]
pub struct Invocation {
    clock: RunClock,
    progress: Arc<Progress>,
    /// The memory that the platform gives; without a platform the target's own limit counts.
    memory_mb: Option<NonZeroU64>,
    /// Whether other jobs run in it too.
    shared: bool,
    /// When the job is stopped.
    pub(super) stop: Option<Stop>,
    /// Why the job was turned away.
    pub(super) refusal: Option<Refusal>,
    /// When the caller is answered whatever the job does.
    pub(super) answer_at: Option<Instant>,
    /// The caller, waiting.
    pub(super) caller: Mutex<Option<oneshot::Sender<()>>>,
    /// The process, where other jobs die with it.
    pub(super) process: Option<Arc<Process>>,
    /// Waiting for a place to run.
    pub(super) queued_us: u64,
    /// Starting a new environment.
    pub(super) cold_start_us: u64,
    /// Deliveries beyond the first that are known beforehand.
    pub(super) duplicates: u64,
    /// How the caller sees the job; none without a platform, which then leaves no record.
    status: Option<Status>,
    moments: Mutex<Moments>,
}

/// Moments of one job: when it was, and what had been charged by then.
#[derive(Debug, Default)]
struct Moments {
    answered: Option<Moment>,
    delivered: Option<Moment>,
    again: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Moment {
    at_us: u64,
    cost_microusd: u64,
}

/// What a target may know of it.
impl Invocation {
    /// The memory that the platform gives; without a platform the target's own limit counts.
    pub const fn memory_mb(&self) -> Option<NonZeroU64> {
        self.memory_mb
    }

    /// Whether other jobs run in the same invocation.
    pub const fn is_shared(&self) -> bool {
        self.shared
    }

    /// Where the figures of the job are written while it goes on.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }
}

/// What a platform does with it.
impl Invocation {
    fn empty(clock: RunClock, status: Option<Status>) -> Self {
        Self {
            clock,
            progress: Arc::default(),
            memory_mb: None,
            shared: false,
            stop: None,
            refusal: None,
            answer_at: None,
            caller: Mutex::default(),
            process: None,
            queued_us: 0,
            cold_start_us: 0,
            duplicates: 0,
            status,
            moments: Mutex::default(),
        }
    }

    /// No platform: only the target's own time limit counts, from now on.
    pub(super) fn unbounded(clock: RunClock, job_time: Option<Duration>) -> Self {
        Self { stop: job_time.and_then(Stop::after), ..Self::empty(clock, None) }
    }

    /// A platform that gives this much memory and all the time there is.
    pub(super) fn new(clock: RunClock, memory_mb: NonZeroU64, status: Status) -> Self {
        Self { memory_mb: Some(memory_mb), ..Self::empty(clock, Some(status)) }
    }

    /// One delivery of a job that may have others: it is stopped after `timeout`, and its figures
    /// are the job's as well.
    pub(super) fn delivery(&self, timeout: Option<Duration>) -> Self {
        Self {
            progress: Arc::new(Progress::of_delivery(Arc::clone(&self.progress))),
            memory_mb: self.memory_mb,
            stop: timeout.and_then(Stop::after),
            ..Self::empty(self.clock, None)
        }
    }

    /// A platform that turned the job away.
    pub(super) fn refused(clock: RunClock, status: Status, refusal: Refusal) -> Self {
        Self { refusal: Some(refusal), ..Self::empty(clock, Some(status)) }
    }

    /// The same invocation, which other jobs share where `shared` says so.
    #[must_use]
    pub(super) fn shared(self, shared: bool) -> Self {
        Self { shared, ..self }
    }

    /// Why the job must not begin, if so.
    pub(super) fn forbids(&self) -> Option<(Cause, String)> {
        let refusal = self.refusal.as_ref().map(|one| (one.cause, one.detail.clone()));
        let died = || self.process.as_ref().and_then(|process| process.last_words());
        refusal.or_else(died).or_else(|| {
            let stop = self.stop.filter(|stop| stop.at <= Instant::now())?;
            Some((Cause::JobTimeout, stop.words()))
        })
    }

    /// Does the work for as long as the platform lets it, and answers the caller meanwhile where
    /// that is due. Of work that is stopped it gives the reason and the last words.
    pub(super) async fn hold<T>(
        &self,
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
        let due = self.answer_at.filter(|_| self.moments().answered.is_none());
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
                    self.answer(self.now());
                }
            }
        }
    }

    /// The first delivery of a job that is delivered again has ended.
    pub(super) fn delivered(&self) {
        self.moments().delivered = Some(self.now());
    }

    /// The job has ended for its queue, after this many deliveries beyond the first. All that was
    /// charged beyond the cost of one of them bought nothing.
    pub(super) fn delivered_again(&self, duplicates: u64, cost_microusd: u64) {
        let mut moments = self.moments();
        moments.again = Some(duplicates);
        moments.delivered = Some(Moment { at_us: self.clock.now_us(), cost_microusd });
    }

    /// Puts what the platform did into the job's record, and gives the platform's own.
    pub(super) fn finish(&self, job: &mut record::Job) -> Option<record::Platform> {
        let status = self.status.filter(|_| job.outcome != Outcome::Skipped)?;
        if let (Some(process), Some(cause)) = (&self.process, job.cause)
            && matches!(cause, Cause::OutOfMemory | Cause::ProcessKilled)
        {
            process.dies(cause, job.detail.as_deref().unwrap_or_default());
        }
        let mut platform = record::Platform {
            pipeline: job.pipeline.clone(),
            job: job.job,
            status: self.refusal.as_ref().map_or(status_of(status, job.cause), |r| Some(r.status)),
            queued_us: self.queued_us,
            cold_start_us: self.cold_start_us,
            ..record::Platform::default()
        };
        let moments = self.moments();
        if let Some(first) = moments.delivered {
            platform.duplicates = moments.again.unwrap_or(self.duplicates);
            platform.duplicate_microusd = job.cost_microusd.saturating_sub(first.cost_microusd);
            job.end_us = first.at_us;
            job.wasted_microusd =
                (job.wasted_microusd + platform.duplicate_microusd).min(job.cost_microusd);
        }
        if let Some(answered) = moments.answered {
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
        self.moments().answered = Some(moment);
        let caller = self.caller.lock().take();
        if let Some(caller) = caller {
            // A caller that has gone needs no answer.
            let _ = caller.send(());
        }
    }

    fn now(&self) -> Moment {
        let cost_microusd = self.progress.used().cost_microusd;
        Moment { at_us: self.clock.now_us(), cost_microusd }
    }

    fn moments(&self) -> MutexGuard<'_, Moments> {
        self.moments.lock()
    }
}

/// Whether the process of the job died by itself.
pub(super) const fn is_a_crash(cause: Option<Cause>) -> bool {
    matches!(cause, Some(Cause::OutOfMemory | Cause::ProcessKilled | Cause::AnalysisFailed))
}

/// The status under which a caller sees a job's end.
const fn status_of(status: Status, cause: Option<Cause>) -> Option<u16> {
    let crashed = is_a_crash(cause) || matches!(cause, Some(Cause::JobTimeout));
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
    use crate::run::simulation::{WATCHDOG, simulate};
    use tokio::time::sleep;

    fn invocation(stop_ms: u64, answer_ms: u64) -> Invocation {
        Invocation {
            stop: Stop::after(Duration::from_millis(stop_ms)),
            answer_at: Some(Instant::now() + Duration::from_millis(answer_ms)),
            ..Invocation::new(RunClock::starting_at(0), NonZeroU64::MIN, Status::Gateway)
        }
    }

    fn charge(invocation: &Invocation, microusd: u64) {
        invocation.progress().note(|figures| figures.used.cost_microusd += microusd);
    }

    #[test]
    fn an_answer_on_the_way_leaves_the_work_alone() {
        let held = simulate(WATCHDOG, async {
            let invocation = invocation(300_000, 29_000);
            let work = async {
                sleep(Duration::from_secs(10)).await;
                charge(&invocation, 7);
                sleep(Duration::from_secs(30)).await;
                charge(&invocation, 35);
            };
            let held = invocation.hold(work).await;
            let answered = invocation.moments().answered.map(|one| (one.at_us, one.cost_microusd));
            (held, invocation.clock.now_us(), answered)
        });
        assert_eq!(held, Ok((Ok(()), 40_000_000, Some((29_000_000, 7)))));
    }

    #[test]
    fn work_that_is_too_long_is_stopped_with_the_words_of_the_platform() {
        let held = simulate(WATCHDOG, async {
            let invocation = invocation(300_000, 400_000);
            invocation.hold(sleep(Duration::from_hours(1))).await
        });
        let words = "Task timed out after 300.00 seconds".to_owned();
        assert_eq!(held, Ok(Err((Cause::JobTimeout, words))));
    }
}

//! A queue that delivers a job again until it is done, and moves it to its dead-letter queue when
//! that has been tried too often: a queue with a visibility timeout, and an asynchronous function.
//!
//! A message that is visible again is delivered again, whether or not its first consumer is still
//! at work: both are paid, and the first to end ends the job. What counts as not done is a crash,
//! a time that is over, and a command that failed; a pipeline that returns, with or without a
//! document, has taken its message.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};
use reports::Cause;
use scenarios::PlatformConfig;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

use super::attend::OpenJob;
use super::invocation::{Invocation, Status, is_a_crash};
use super::line::InLine;
use crate::run::subject::Subject;
use crate::target::{Job, JobEnd};

/// A queue and its consumers.
#[derive(Debug)]
pub(super) struct Deliveries {
    memory_mb: NonZeroU64,
    consumers: Semaphore,
    /// How long one delivery may take.
    timeout: Option<Duration>,
    again: Again,
}

/// When a job is delivered again that is not done.
#[derive(Debug)]
enum Again {
    /// This long after each receipt, up to this many receipts.
    WhenVisible { after: Duration, receives: u64 },
    /// After each failure, once for each of these waits.
    AfterFailure { waits: Vec<Duration> },
}

/// One delivery, and what it leaves.
type Delivery<'a> = BoxFuture<'a, (JobEnd, u64)>;

impl Deliveries {
    /// The queue of a platform that has such a one.
    pub(super) fn new(config: &PlatformConfig) -> Option<Self> {
        let seconds = |seconds: NonZeroU64| Duration::from_secs(seconds.get());
        let (memory_mb, consumers, timeout, again) = match config {
            PlatformConfig::Queue {
                memory_mb,
                consumers,
                visibility_timeout_s,
                max_receives,
                timeout_s,
            } => {
                let (after, receives) = (seconds(*visibility_timeout_s), max_receives.get());
                let again = Again::WhenVisible { after, receives };
                (*memory_mb, consumers, timeout_s.map(seconds), again)
            }
            PlatformConfig::AsyncFunction { timeout_s, memory_mb, concurrency, retry_waits_s } => {
                let waits = retry_waits_s.iter().copied().map(Duration::from_secs).collect();
                let again = Again::AfterFailure { waits };
                (*memory_mb, concurrency, Some(seconds(*timeout_s)), again)
            }
            _ => return None,
        };
        let most = usize::try_from(consumers.get()).unwrap_or(usize::MAX);
        let consumers = Semaphore::new(most.min(Semaphore::MAX_PERMITS));
        Some(Self { memory_mb, consumers, timeout, again })
    }

    /// Runs one job as often as it is delivered.
    pub(super) async fn invoke(&self, subject: &Subject, job: Job) {
        let line = InLine::join(subject, &job, self.memory_mb);
        let slot = self.slot().await;
        let queued_us = line.leave();
        let mut invocation = Invocation::new(subject.clock, self.memory_mb, Status::None);
        invocation.queued_us = queued_us;
        let mut open = OpenJob::begin(subject, &job, &invocation);
        let mut running = FuturesUnordered::new();
        running.push(self.delivery(subject, job.clone(), &invocation, slot));
        let end = Box::pin(self.deliver(subject, &job, &invocation, &mut running)).await;
        open.settle(end.clone());
        // What else is at work goes on, and is paid for.
        while running.next().await.is_some() {}
        drop(running);
        open.end(end);
    }

    async fn slot(&self) -> SemaphorePermit<'_> {
        self.consumers.acquire().await.expect("the semaphore is never closed")
    }

    /// Delivers the job again until it is done or given up.
    async fn deliver<'a>(
        &'a self,
        subject: &'a Subject,
        job: &Job,
        whole: &'a Invocation,
        running: &mut FuturesUnordered<Delivery<'a>>,
    ) -> JobEnd {
        let mut receiving: Option<BoxFuture<'a, SemaphorePermit<'a>>> = None;
        let (mut receives, mut last) = (1, None);
        let mut due = self.again.after_receipt();
        loop {
            tokio::select! {
                biased;
                Some((end, cost_microusd)) = running.next(), if !running.is_empty() => {
                    if !is_delivered_again(&end) {
                        whole.delivered_again(receives - 1, cost_microusd);
                        break end;
                    }
                    due = due.or_else(|| self.again.after_failure(receives));
                    last = Some((end, cost_microusd));
                    if due.is_none() && receiving.is_none() && running.is_empty() {
                        break self.dead(receives, last, whole);
                    }
                }
                slot = received(&mut receiving), if receiving.is_some() => {
                    (receiving, receives, due) = (None, receives + 1, self.again.after_receipt());
                    let job = Job { delivery: receives, ..job.clone() };
                    running.push(self.delivery(subject, job, whole, slot));
                }
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    due = None;
                    if self.again.is_last(receives) {
                        break self.dead(receives, last, whole);
                    }
                    receiving = Some(self.slot().boxed());
                }
            }
        }
    }

    fn delivery<'a>(
        &'a self,
        subject: &'a Subject,
        job: Job,
        whole: &Invocation,
        slot: SemaphorePermit<'a>,
    ) -> Delivery<'a> {
        let invocation = Arc::new(whole.delivery(self.timeout));
        async move {
            let end = match invocation.hold(subject.target.run(job, &invocation)).await {
                Ok(end) => end,
                Err((cause, words)) => JobEnd::failed(cause, words),
            };
            drop(slot);
            (end, invocation.progress().used().cost_microusd)
        }
        .boxed()
    }

    /// The end of a job that goes to the dead-letter queue.
    fn dead(&self, receives: u64, last: Option<(JobEnd, u64)>, whole: &Invocation) -> JobEnd {
        let (end, cost_microusd) = last.unwrap_or_else(|| {
            let words = format!("not done within {} s", self.again.patience().as_secs_f64());
            (JobEnd::failed(Cause::JobTimeout, words), 0)
        });
        whole.delivered_again(receives - 1, cost_microusd);
        let times = reports::text::counted(receives, "delivery");
        let words = end.detail.unwrap_or_default();
        JobEnd { detail: Some(format!("dead-letter queue after {times}: {words}")), ..end }
    }
}

impl Again {
    /// When the next delivery is due, whatever becomes of the one that begins now.
    fn after_receipt(&self) -> Option<Instant> {
        match self {
            Self::WhenVisible { after, .. } => Instant::now().checked_add(*after),
            Self::AfterFailure { .. } => None,
        }
    }

    /// When the next delivery is due after one that failed just now.
    fn after_failure(&self, receives: u64) -> Option<Instant> {
        match self {
            Self::WhenVisible { .. } => None,
            Self::AfterFailure { waits } => {
                let wait = waits.get(usize::try_from(receives - 1).ok()?)?;
                Instant::now().checked_add(*wait)
            }
        }
    }

    /// Whether a message that is due again has been received often enough.
    fn is_last(&self, receives: u64) -> bool {
        matches!(self, Self::WhenVisible { receives: most, .. } if receives >= *most)
    }

    const fn patience(&self) -> Duration {
        match self {
            Self::WhenVisible { after, .. } => *after,
            Self::AfterFailure { .. } => Duration::ZERO,
        }
    }
}

async fn received<'a>(
    receiving: &mut Option<BoxFuture<'a, SemaphorePermit<'a>>>,
) -> SemaphorePermit<'a> {
    match receiving {
        Some(receiving) => receiving.await,
        None => std::future::pending().await,
    }
}

/// Whether a delivery leaves its message to be delivered again.
const fn is_delivered_again(end: &JobEnd) -> bool {
    is_a_crash(end.cause) || matches!(end.cause, Some(Cause::JobTimeout | Cause::CommandFailed))
}

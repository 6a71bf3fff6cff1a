//! Starts the jobs when the load says so, and waits for them to end.
//!
//! Open arrivals follow an absolute schedule: a job begins when it is due, whether or not earlier
//! ones have ended, and each is an invocation of its own. Closed arrivals start a job when one has
//! ended; a batch is one invocation that all its jobs share. What the platform does after a job's
//! caller has its answer is waited for at the end.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use generators::{Arrivals, Load};
use reports::measured::Generator;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, sleep_until};

use super::pace::Pace;
use super::subject::Subject;
use super::work::{Work, is_skipped};
use crate::platform::{Batch, Platform};
use crate::process::interrupt::Interrupt;
use crate::source::SourceFile;
use crate::target::Job;

/// How long a run waits for any of its jobs to end: longer than a fault can delay an answer (a
/// year) and than a client sleeps because it was asked to (50 days). In simulated time this is
/// reached where a job waits for what never comes; the run then gives up on what is under way.
const PATIENCE: Duration = Duration::from_hours(400 * 24);

/// A target under load, and where its jobs run.
struct Driver<'a> {
    subject: &'a Arc<Subject>,
    platform: &'a Arc<Platform>,
    interrupt: &'a Interrupt,
    work: Work<'a>,
}

/// Gives a target all its jobs as the load says; ends early when the run is interrupted. Says how
/// well the schedule was kept, where the load has one.
pub async fn drive(
    subject: &Arc<Subject>,
    platform: &Arc<Platform>,
    work: Work<'_>,
    load: &Load,
    interrupt: &Interrupt,
) -> Option<Generator> {
    let driver = Driver { subject, platform, interrupt, work };
    let mut running = JoinSet::new();
    let mut alone = JoinSet::new();
    if platform.queues() {
        let platform = Arc::clone(platform);
        alone.spawn(async move { platform.work_alone().await });
    }
    let mut pace = None;
    match load.arrivals(work.scheduled(), work.seed) {
        Some(arrivals) => pace = Some(driver.open(arrivals, &mut running).await),
        None => driver.closed(load, &mut running).await,
    }
    while let Some(ended) = driver.next(&mut running).await {
        check(ended);
    }
    running.shutdown().await;
    let mut zombies = platform.take_zombies();
    while let Some(ended) = driver.next(&mut zombies).await {
        check(ended);
    }
    zombies.shutdown().await;
    alone.shutdown().await;
    subject.recorder.set_stuck(false);
    pace.map(Pace::measured)
}

impl Driver<'_> {
    async fn open(&self, mut arrivals: Arrivals, running: &mut JoinSet<()>) -> Pace {
        let clock = self.subject.clock;
        // What it took to set the target up does not make its first arrivals late. A later life of
        // a run goes on with the schedule of the first.
        let begun_us = if self.subject.earlier.is_none() { clock.now_us() } else { 0 };
        let mut pace = Pace::of(arrivals.size_hint().0 as u64);
        for (number, file) in self.work.iter() {
            let offset_ms = if is_skipped(&file) { None } else { arrivals.next() };
            let due_us = offset_ms.map(|offset_ms| begun_us + offset_ms * 1000);
            if self.subject.earlier.is_done(number) {
                pace.was_done(due_us);
                continue;
            }
            if let Some(due_us) = due_us {
                let due = clock.moment(Duration::from_micros(due_us));
                tokio::select! {
                    biased;
                    () = self.interrupt.wait() => return pace,
                    () = sleep_until(due) => {}
                }
                pace.began(due_us, clock.now_us());
            }
            let arrival_us = due_us.unwrap_or_else(|| clock.now_us());
            let job =
                Job { number, file: file.into_owned(), arrival_us, delivery: 1, is_done: false };
            self.spawn(job, None, running);
            while let Some(ended) = running.try_join_next() {
                check(ended);
            }
        }
        pace
    }

    async fn closed(&self, load: &Load, running: &mut JoinSet<()>) {
        let Self { subject, platform, interrupt, work } = self;
        let (users, batch) = match load {
            Load::Sequential { users, .. } => (usize::try_from(*users).unwrap_or(usize::MAX), None),
            _ if platform.queues() => (usize::MAX, None),
            _ => {
                let batch = Arc::new(platform.begin_batch(subject).await);
                (subject.target.limits().jobs_at_once.get(), Some(batch))
            }
        };
        for (number, file) in work.iter().filter(|(number, _)| !subject.earlier.is_done(*number)) {
            let job = |file: Cow<'_, SourceFile>| Job {
                number,
                file: file.into_owned(),
                arrival_us: subject.clock.now_us(),
                delivery: 1,
                is_done: false,
            };
            let pause = if work.begins_round(number) { load.pause() } else { Duration::ZERO };
            let users = if pause.is_zero() { users } else { 1 };
            while running.len() >= users {
                match self.next(running).await {
                    Some(ended) => check(ended),
                    None => break,
                }
            }
            if subject.recorder.is_stuck() {
                Platform::never_begun(subject, &job(file));
                continue;
            }
            if !pause.is_zero() {
                tokio::select! {
                    biased;
                    () = interrupt.wait() => return,
                    () = sleep(pause) => {}
                }
            }
            if interrupt.asked() {
                return;
            }
            self.spawn(job(file), batch.clone(), running);
        }
    }

    /// The next job to end; none when all have ended, the run is interrupted, or none of them ends
    /// within the [`PATIENCE`] of a run.
    async fn next(&self, running: &mut JoinSet<()>) -> Option<Result<(), JoinError>> {
        let recorder = &self.subject.recorder;
        if recorder.is_stuck() {
            return None;
        }
        tokio::select! {
            biased;
            () = self.interrupt.wait() => None,
            ended = running.join_next() => ended,
            () = sleep(PATIENCE) => {
                recorder.set_stuck(true);
                None
            }
        }
    }

    fn spawn(&self, job: Job, batch: Option<Arc<Batch>>, running: &mut JoinSet<()>) {
        let (subject, platform) = (Arc::clone(self.subject), Arc::clone(self.platform));
        running.spawn(async move { platform.invoke(subject, job, batch).await });
    }
}

/// A job never fails as a task: if it panicked, so does the run.
fn check(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        std::panic::resume_unwind(error.into_panic());
    }
}

//! Starts the jobs when the load says so, and waits for them to end.
//!
//! Open arrivals follow an absolute schedule: a job begins when it is due, whether or not earlier
//! ones have ended, and each is an invocation with permits of its own, unless the pipeline has one
//! set for all. Closed arrivals start a job when one has ended; a batch is one invocation with one
//! set of permits. What the platform does after a job's caller has its answer is waited for at the
//! end.

use std::sync::Arc;
use std::time::Duration;

use std::borrow::Cow;

use generators::{Arrivals, Edit, Load};
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, sleep_until};

use crate::interrupt::Interrupt;
use crate::pipeline::schedule::Scope;
use crate::pipeline::{Context, Job};
use crate::platform::{self, Batch};
use crate::source::{Origin, SourceFile};

/// The files of a run, as often as the load repeats them.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// The files.
    pub files: &'a [SourceFile],
    /// How often.
    pub repeat: u64,
    /// What is done to them before each round after the first.
    pub edit: Option<&'a Edit>,
    /// The seed of which file is changed.
    pub seed: u64,
}

impl Work<'_> {
    /// All jobs, skipped files included.
    pub const fn jobs(&self) -> u64 {
        self.files.len() as u64 * self.repeat
    }

    /// The jobs that take a place in the schedule.
    fn scheduled(&self) -> u64 {
        self.files.iter().filter(|file| !is_skipped(file)).count() as u64 * self.repeat
    }

    fn iter(&self) -> impl Iterator<Item = (u64, Cow<'_, SourceFile>)> {
        let rounds =
            (0..self.repeat).flat_map(|round| (0..).zip(self.files).map(move |file| (round, file)));
        let files = rounds.map(|(round, (item, file))| match self.edit {
            Some(edit) if round > 0 => Cow::Owned(file.revised(edit, self.seed, item, round)),
            _ => Cow::Borrowed(file),
        });
        (1..).zip(files)
    }

    /// Whether the job is the first of a round that follows another one.
    fn begins_round(&self, number: u64) -> bool {
        number > 1 && (number - 1).is_multiple_of(self.files.len() as u64)
    }
}

fn is_skipped(file: &SourceFile) -> bool {
    matches!(file.origin, Origin::Skipped(_))
}

/// Runs all jobs through the pipeline; ends early when the run is interrupted.
pub async fn drive(context: &Arc<Context>, work: Work<'_>, load: &Load, seed: u64) {
    let interrupt = context.interrupt.clone();
    let mut running = JoinSet::new();
    let mut beside = JoinSet::new();
    if context.platform.queues() {
        let alone = Arc::clone(context);
        beside.spawn(async move { alone.platform.work_alone().await });
    }
    match load.arrivals(work.scheduled(), seed) {
        Some(arrivals) => open(context, work, arrivals, &mut running, &interrupt).await,
        None => closed(context, work, load, &mut running, &interrupt).await,
    }
    while let Some(ended) = next(&mut running, &interrupt).await {
        check(ended);
    }
    running.shutdown().await;
    let mut zombies = context.platform.take_zombies();
    while let Some(ended) = next(&mut zombies, &interrupt).await {
        check(ended);
    }
    zombies.shutdown().await;
    beside.shutdown().await;
}

async fn open(
    context: &Arc<Context>,
    work: Work<'_>,
    mut arrivals: Arrivals,
    running: &mut JoinSet<()>,
    interrupt: &Interrupt,
) {
    for (number, file) in work.iter() {
        let due_ms = if is_skipped(&file) { None } else { arrivals.next() };
        if context.earlier.is_done(number) {
            continue;
        }
        if let Some(due_ms) = due_ms {
            let due = context.clock.moment(Duration::from_millis(due_ms));
            tokio::select! {
                biased;
                () = interrupt.wait() => return,
                () = sleep_until(due) => {}
            }
        }
        let arrival_us = due_ms.map_or_else(|| context.clock.now_us(), |due_ms| due_ms * 1000);
        let job = Job { number, file: file.into_owned(), arrival_us };
        spawn(context, job, &invocation(context), None, running);
        while let Some(ended) = running.try_join_next() {
            check(ended);
        }
    }
}

async fn closed(
    context: &Arc<Context>,
    work: Work<'_>,
    load: &Load,
    running: &mut JoinSet<()>,
    interrupt: &Interrupt,
) {
    let (users, batch) = match load {
        Load::Sequential { users, .. } => (usize::try_from(*users).unwrap_or(usize::MAX), None),
        _ if context.platform.queues() => (usize::MAX, None),
        _ => {
            let whole = Arc::new(context.platform.begin_batch(context).await);
            (context.preset.schedule.workers.get(), Some((invocation(context), whole)))
        }
    };
    for (number, file) in work.iter().filter(|(number, _)| !context.earlier.is_done(*number)) {
        let pause = if work.begins_round(number) { load.pause() } else { Duration::ZERO };
        let users = if pause.is_zero() { users } else { 1 };
        while running.len() >= users {
            match next(running, interrupt).await {
                Some(ended) => check(ended),
                None => return,
            }
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
        let job = Job { number, file: file.into_owned(), arrival_us: context.clock.now_us() };
        match &batch {
            Some((permits, whole)) => spawn(context, job, permits, Some(whole), running),
            None => spawn(context, job, &invocation(context), None, running),
        }
    }
}

/// The permits of one invocation of the pipeline.
fn invocation(context: &Context) -> Arc<Semaphore> {
    let schedule = &context.preset.schedule;
    match schedule.scope {
        Scope::Invocation => Arc::new(Semaphore::new(schedule.workers.get())),
        Scope::Pipeline => Arc::clone(&context.workers),
    }
}

fn spawn(
    context: &Arc<Context>,
    job: Job,
    permits: &Arc<Semaphore>,
    batch: Option<&Arc<Batch>>,
    running: &mut JoinSet<()>,
) {
    let (context, permits, batch) = (Arc::clone(context), Arc::clone(permits), batch.cloned());
    running.spawn(platform::invoke(context, job, permits, batch));
}

/// The next job to end; none when all have ended or the run is interrupted.
async fn next(running: &mut JoinSet<()>, interrupt: &Interrupt) -> Option<Result<(), JoinError>> {
    tokio::select! {
        biased;
        () = interrupt.wait() => None,
        ended = running.join_next() => ended,
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

//! ECS: jobs wait in a queue, and tasks are started and stopped by its depth.
//!
//! The scaling is that of a target tracked once an interval: as many tasks as bring the waiting
//! jobs down to the wanted backlog for each. A task that works is never stopped, and one that is
//! started takes a while before it takes a job. Every file is a message of its own.

use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mock_claude::internals::chance::{Chance, RequestKey, Share};
use scenarios::PlatformConfig;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{Instant, sleep_until};

use super::envelope::{Envelope, Status};
use crate::pipeline::{Context, Job, engine};

/// The tasks and the queue before them.
#[derive(Debug)]
pub(super) struct Workers {
    memory_mb: NonZeroU64,
    slots_per_task: u64,
    min_tasks: u64,
    max_tasks: u64,
    start_up: Duration,
    backlog_per_task: u64,
    scale_every: Duration,
    duplicate_share: Share,
    chance: Chance,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    tasks: u64,
    /// When each task that is being started will take its first job, the earliest first.
    ready_at: VecDeque<Instant>,
    busy_slots: u64,
    waiting: VecDeque<oneshot::Sender<()>>,
}

/// A slot of a task at work; free again when it is dropped.
struct Slot<'a>(&'a Workers);

impl Workers {
    /// The workers of an ECS platform; none of another one.
    pub(super) fn new(config: &PlatformConfig, seed: u64) -> Option<Self> {
        let PlatformConfig::Ecs {
            memory_mb,
            slots_per_task,
            min_tasks,
            max_tasks,
            start_up_ms,
            backlog_per_task,
            scale_every_s,
            duplicate_share,
        } = config
        else {
            return None;
        };
        Some(Self {
            memory_mb: *memory_mb,
            slots_per_task: slots_per_task.get(),
            min_tasks: *min_tasks,
            max_tasks: max_tasks.get(),
            start_up: Duration::from_millis(*start_up_ms),
            backlog_per_task: backlog_per_task.get(),
            scale_every: Duration::from_secs(scale_every_s.get()),
            duplicate_share: *duplicate_share,
            chance: Chance::new(seed),
            state: Mutex::new(State { tasks: *min_tasks, ..State::default() }),
        })
    }

    /// Runs one job when a slot is free.
    pub(super) async fn invoke(&self, context: &Context, job: Job, permits: &Semaphore) {
        let joined_us = context.clock.now_us();
        let slot = self.slot().await;
        let key = RequestKey { subject: job.number, attempt: 0 };
        let again = self.chance.happens("duplicate delivery", key, self.duplicate_share);
        let mut envelope = Envelope::new(self.memory_mb, Status::None);
        envelope.queued_us = context.clock.now_us() - joined_us;
        envelope.duplicates = u64::from(again);
        engine::run(context, job, permits, &envelope).await;
        drop(slot);
    }

    /// Waits in line for a slot.
    async fn slot(&self) -> Slot<'_> {
        let turn = {
            let mut state = self.state();
            let (turn, called) = oneshot::channel();
            state.waiting.push_back(turn);
            self.hand_out(&mut state);
            called
        };
        // Whoever calls has counted the slot; the queue lives as long as the platform.
        let _ = turn.await;
        Slot(self)
    }

    /// Gives free slots to those who wait, first come first served.
    fn hand_out(&self, state: &mut State) {
        while state.busy_slots < state.tasks * self.slots_per_task {
            let Some(turn) = state.waiting.pop_front() else { return };
            // One who has gone takes no slot.
            if turn.send(()).is_ok() {
                state.busy_slots += 1;
            }
        }
    }

    /// Starts and stops tasks, for ever.
    pub(super) async fn scale(&self) {
        let mut look_at = Instant::now() + self.scale_every;
        loop {
            let ready_at = self.state().ready_at.front().copied();
            if let Some(ready_at) = ready_at.filter(|ready_at| *ready_at <= look_at) {
                sleep_until(ready_at).await;
                let mut state = self.state();
                state.ready_at.pop_front();
                state.tasks += 1;
                self.hand_out(&mut state);
            } else {
                sleep_until(look_at).await;
                self.look();
                look_at += self.scale_every;
            }
        }
    }

    /// One look at the queue.
    fn look(&self) {
        let mut state = self.state();
        let visible = state.waiting.len() as u64;
        let wanted = visible.div_ceil(self.backlog_per_task).clamp(self.min_tasks, self.max_tasks);
        let there = state.tasks + state.ready_at.len() as u64;
        if wanted > there {
            let ready_at = Instant::now() + self.start_up;
            state.ready_at.extend((there..wanted).map(|_| ready_at));
        } else {
            let working = state.busy_slots.div_ceil(self.slots_per_task);
            state.tasks = state.tasks.min(wanted.max(working));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.busy_slots -= 1;
        self.0.hand_out(&mut state);
    }
}

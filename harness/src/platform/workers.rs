//! ECS: jobs wait in a queue, and tasks are started and stopped by its depth.
//!
//! The scaling is that of a target tracked once an interval: as many tasks as bring the waiting
//! jobs down to the wanted backlog for each. A task that works is never stopped, and one that is
//! started takes a while before it takes a job. Every file is a message of its own.

use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::time::Duration;

use mock_claude::internals::chance::{Chance, RequestKey, Share};
use parking_lot::{Mutex, MutexGuard};
use scenarios::PlatformConfig;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use super::attend::attend;
use super::invocation::{Invocation, Status};
use super::line::InLine;
use crate::run::subject::Subject;
use crate::target::Job;

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
    tasks: Mutex<Tasks>,
}

#[derive(Debug, Default)]
struct Tasks {
    /// Those that run.
    count: u64,
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
            tasks: Mutex::new(Tasks { count: *min_tasks, ..Tasks::default() }),
        })
    }

    /// Runs one job when a slot is free.
    pub(super) async fn invoke(&self, subject: &Subject, job: Job) {
        let clock = subject.clock;
        let line = InLine::join(subject, &job, self.memory_mb);
        let slot = self.slot().await;
        let queued_us = line.leave();
        let key = RequestKey { subject: job.number, attempt: 0 };
        let again = self.chance.happens("duplicate delivery", key, self.duplicate_share);
        let mut invocation = Invocation::new(clock, self.memory_mb, Status::None);
        invocation.queued_us = queued_us;
        invocation.duplicates = u64::from(again);
        // Boxed: who waits in line has no room for it.
        Box::pin(attend(subject, job, &invocation)).await;
        drop(slot);
    }

    /// Waits in line for a slot.
    async fn slot(&self) -> Slot<'_> {
        let turn = {
            let mut tasks = self.tasks();
            let (turn, called) = oneshot::channel();
            tasks.waiting.push_back(turn);
            self.hand_out(&mut tasks);
            called
        };
        // Whoever calls has counted the slot; the queue lives as long as the platform.
        let _ = turn.await;
        Slot(self)
    }

    /// Gives free slots to those who wait, first come first served.
    fn hand_out(&self, tasks: &mut Tasks) {
        while tasks.busy_slots < tasks.count * self.slots_per_task {
            let Some(turn) = tasks.waiting.pop_front() else { return };
            // One who has gone takes no slot.
            if turn.send(()).is_ok() {
                tasks.busy_slots += 1;
            }
        }
    }

    /// Starts and stops tasks, indefinitely.
    pub(super) async fn scale(&self) {
        let mut look_at = Instant::now() + self.scale_every;
        loop {
            let ready_at = self.tasks().ready_at.front().copied();
            if let Some(ready_at) = ready_at.filter(|ready_at| *ready_at <= look_at) {
                sleep_until(ready_at).await;
                let mut tasks = self.tasks();
                tasks.ready_at.pop_front();
                tasks.count += 1;
                self.hand_out(&mut tasks);
            } else {
                sleep_until(look_at).await;
                self.look();
                look_at += self.scale_every;
            }
        }
    }

    /// One look at the queue.
    fn look(&self) {
        let mut tasks = self.tasks();
        let visible = tasks.waiting.len() as u64;
        let wanted = visible.div_ceil(self.backlog_per_task).clamp(self.min_tasks, self.max_tasks);
        let there = tasks.count + tasks.ready_at.len() as u64;
        if wanted > there {
            let ready_at = Instant::now() + self.start_up;
            tasks.ready_at.extend((there..wanted).map(|_| ready_at));
        } else {
            let working = tasks.busy_slots.div_ceil(self.slots_per_task);
            tasks.count = tasks.count.min(wanted.max(working));
        }
    }

    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock()
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut tasks = self.0.tasks();
        tasks.busy_slots -= 1;
        self.0.hand_out(&mut tasks);
    }
}

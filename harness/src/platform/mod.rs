//! Where a target's jobs run: what the platform lets a job do, and what its caller sees of it.
//!
//! A platform never looks into a job. It lets it in or turns it away, bounds its time and memory,
//! and may answer the caller before the work has ended. An [`invocation`] is that part which goes
//! along with one job, `attend` takes a job through it, and the other files are one platform each.
//! Without a `[platform]` section there is only the target's own time limit, and no record of a
//! platform.

mod attend;
mod deliveries;
mod function;
mod gateway;
pub mod invocation;
mod line;
mod process;
mod workers;

use std::num::NonZeroU64;
use std::sync::Arc;

use parking_lot::Mutex;
use scenarios::PlatformConfig;
use tokio::task::JoinSet;

pub use invocation::Invocation;

use self::attend::{attend, never_begun};
use self::deliveries::Deliveries;
use self::function::{Function, SharedInvocation};
use self::invocation::Status;
use self::workers::Workers;
use crate::run::subject::Subject;
use crate::target::Job;

/// The platform of one target's run.
#[derive(Debug)]
pub struct Platform {
    kind: Kind,
    /// Work that goes on although its caller has been answered.
    zombies: Mutex<JoinSet<()>>,
}

#[derive(Debug)]
enum Kind {
    /// Nowhere in particular.
    Unnamed,
    Process {
        memory_mb: NonZeroU64,
    },
    Lambda(Function),
    Ecs(Workers),
    Again(Deliveries),
}

/// The one invocation of a batch, with what the platform bounds as a whole.
#[derive(Debug)]
pub struct Batch(Option<SharedInvocation>);

impl Platform {
    /// A platform as it is before the first job.
    pub fn new(config: Option<&PlatformConfig>, seed: u64) -> Self {
        let kind = match config.map(PlatformConfig::resolved) {
            None | Some(PlatformConfig::Shipped { .. }) => Kind::Unnamed,
            Some(PlatformConfig::Process { memory_mb }) => Kind::Process { memory_mb: *memory_mb },
            Some(config @ PlatformConfig::Lambda { .. }) => {
                Function::new(config).map_or(Kind::Unnamed, Kind::Lambda)
            }
            Some(config @ PlatformConfig::Ecs { .. }) => {
                Workers::new(config, seed).map_or(Kind::Unnamed, Kind::Ecs)
            }
            Some(
                config @ (PlatformConfig::Queue { .. } | PlatformConfig::AsyncFunction { .. }),
            ) => Deliveries::new(config).map_or(Kind::Unnamed, Kind::Again),
        };
        Self { kind, zombies: Mutex::default() }
    }

    /// Whether jobs wait in a queue of the platform's own, so that a batch is handed over at once.
    pub const fn queues(&self) -> bool {
        matches!(self.kind, Kind::Ecs(_) | Kind::Again(_))
    }

    /// Begins the one invocation of a batch.
    pub async fn begin_batch(&self, subject: &Subject) -> Batch {
        match &self.kind {
            Kind::Lambda(function) => Batch(Some(function.begin_batch(subject.clock).await)),
            _ => Batch(None),
        }
    }

    /// What the platform does apart from jobs; it ends when it is dropped.
    pub async fn work_alone(&self) {
        if let Kind::Ecs(workers) = &self.kind {
            workers.scale().await;
        }
    }

    /// The work that goes on although its caller has been answered.
    pub fn take_zombies(&self) -> JoinSet<()> {
        std::mem::take(&mut self.zombies.lock())
    }

    /// Puts a job on record whose turn never came.
    pub fn never_begun(subject: &Subject, job: &Job) {
        never_begun(subject, job, &Invocation::unbounded(subject.clock, None));
    }

    /// Runs one job; returns when its caller has an answer. `batch` is the invocation that the job
    /// shares with others, where it has none of its own.
    pub async fn invoke(&self, subject: Arc<Subject>, job: Job, batch: Option<Arc<Batch>>) {
        let clock = subject.clock;
        let shared = batch.is_some();
        let unnamed = matches!(self.kind, Kind::Unnamed);
        // What was never meant to be sent reaches no platform, and no place in a queue.
        let payload = if unnamed { None } else { gateway::payload(&job.file) };
        let Some(payload) = payload else {
            let job_time = subject.target.limits().job_time;
            let invocation = Invocation::unbounded(clock, job_time).shared(shared);
            return Box::pin(attend(&subject, job, &invocation)).await;
        };
        match &self.kind {
            Kind::Unnamed => {}
            Kind::Process { memory_mb } => {
                let invocation = Invocation::new(clock, *memory_mb, Status::None).shared(shared);
                Box::pin(attend(&subject, job, &invocation)).await;
            }
            Kind::Lambda(function) => match batch.as_deref() {
                Some(Batch(Some(batch))) => {
                    let invocation = function.in_batch(clock, batch).shared(shared);
                    Box::pin(attend(&subject, job, &invocation)).await;
                }
                // Boxed, as all of these: a job that waits for a platform has no room for them.
                _ => Box::pin(function.invoke(subject, job, payload, &self.zombies)).await,
            },
            Kind::Ecs(workers) => workers.invoke(&subject, job).await,
            Kind::Again(deliveries) => deliveries.invoke(&subject, job).await,
        }
    }
}

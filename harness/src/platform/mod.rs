//! Where a pipeline runs: what the platform lets a job do, and what its caller sees of it.
//!
//! A platform never looks into a job. It lets it in or turns it away, bounds its time and memory,
//! and may answer the caller before the work has ended; [`envelope`] is that part which goes along
//! with one job, and the other files are one platform each. Without a `[platform]` section there
//! is only the pipeline's own deadline, and no record of a platform.

pub mod envelope;
mod function;
mod gateway;
mod workers;

use std::sync::{Arc, Mutex, PoisonError};

use scenarios::PlatformConfig;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

pub use envelope::Envelope;

use self::envelope::Status;
use self::function::Function;
use self::workers::Workers;
use crate::pipeline::{Context, Job, engine};

/// The platform of one pipeline's run.
#[derive(Debug)]
pub struct Platform {
    place: Place,
    /// Work that goes on although its caller has been answered.
    zombies: Mutex<JoinSet<()>>,
}

#[derive(Debug)]
enum Place {
    /// Nowhere in particular.
    Unnamed,
    Process {
        memory_mb: std::num::NonZeroU64,
    },
    Lambda(Function),
    Ecs(Workers),
}

/// The one invocation of a batch, where the platform bounds it as a whole.
#[derive(Debug)]
pub struct Batch(Option<function::Batch>);

impl Platform {
    /// A platform as it is before the first job.
    pub fn new(config: Option<&PlatformConfig>, seed: u64) -> Self {
        let place = match config.map(PlatformConfig::resolved) {
            None | Some(PlatformConfig::Shipped { .. }) => Place::Unnamed,
            Some(PlatformConfig::Process { memory_mb }) => Place::Process { memory_mb: *memory_mb },
            Some(config @ PlatformConfig::Lambda { .. }) => {
                Function::new(config).map_or(Place::Unnamed, Place::Lambda)
            }
            Some(config @ PlatformConfig::Ecs { .. }) => {
                Workers::new(config, seed).map_or(Place::Unnamed, Place::Ecs)
            }
        };
        Self { place, zombies: Mutex::default() }
    }

    /// Whether jobs wait in a queue of the platform's own, so that a batch is handed over at once.
    pub const fn queues(&self) -> bool {
        matches!(self.place, Place::Ecs(_))
    }

    /// Begins the one invocation of a batch.
    pub async fn begin_batch(&self, context: &Context) -> Batch {
        match &self.place {
            Place::Lambda(function) => Batch(Some(function.begin_batch(context).await)),
            _ => Batch(None),
        }
    }

    /// What the platform does besides jobs; it ends when it is dropped.
    pub async fn work_alone(&self) {
        if let Place::Ecs(workers) = &self.place {
            workers.scale().await;
        }
    }

    /// The work that goes on although its caller has been answered.
    pub fn take_zombies(&self) -> JoinSet<()> {
        std::mem::take(&mut self.zombies.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn leave_running(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.zombies.lock().unwrap_or_else(PoisonError::into_inner).spawn(work);
    }
}

/// Runs one job on the context's platform; returns when its caller has an answer.
pub async fn invoke(
    context: Arc<Context>,
    job: Job,
    permits: Arc<Semaphore>,
    batch: Option<Arc<Batch>>,
) {
    let plain = Envelope::of_pipeline(&context.preset.deadline);
    let unnamed = matches!(context.platform.place, Place::Unnamed);
    // What was never meant to be sent reaches no platform, and no place in a queue.
    let payload = if unnamed { None } else { gateway::payload(&job.file) };
    let Some(payload) = payload else {
        return engine::run(&context, job, &permits, &plain).await;
    };
    match &context.platform.place {
        Place::Unnamed => engine::run(&context, job, &permits, &plain).await,
        Place::Process { memory_mb } => {
            let envelope = Envelope::new(*memory_mb, Status::None);
            engine::run(&context, job, &permits, &envelope).await;
        }
        Place::Lambda(function) => match batch.as_deref() {
            Some(Batch(Some(batch))) => {
                let envelope = function.in_batch(batch);
                engine::run(&context, job, &permits, &envelope).await;
            }
            _ => function::invoke(&context, function, job, permits, payload).await,
        },
        Place::Ecs(workers) => workers.invoke(&context, job, &permits).await,
    }
}

//! The pipelines that are built in, as targets: each is a preset over the engine.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use engine::admission::Admission;
use engine::admission::spend::DaySum;
use engine::cache::{Cache, Key};
use engine::outside::{Kept, Progress, RunClock};
use engine::preset::store::StorePolicy;
use engine::{Context, Finished, Pipeline, Preset, Task};
use futures_util::future::{BoxFuture, FutureExt};
use mock_claude::internals::chance::Chance;
use reports::Cause;
use reports::record::{Fault, PipelineHeader, PipelineName, Record};

use super::{Job, JobEnd, Limits, Setup, Target, TargetPlan};
use crate::Failure;
use crate::platform::invocation::Invocation;
use crate::run::recorder::Recorder;
use crate::source::NoText;
use crate::storage::cache::{CachePlace, Faulty};
use crate::storage::checkpoint::PaidAnswers;
use crate::storage::docs::{self, Unwritten};

/// A pipeline of the engine, as a plan lists it.
#[derive(Debug, Clone)]
pub struct Builtin {
    /// What the records call it.
    pub name: String,
    /// Its stages.
    pub preset: Preset,
}

/// The same pipeline while it runs.
struct Running {
    header: PipelineHeader,
    limits: Limits,
    pipeline: Pipeline,
    /// Where its documentation goes, if that is wanted.
    docs: Option<PathBuf>,
    recorder: Arc<Recorder>,
}

/// Pipelines by name, as a plan lists them.
pub fn targets(pipelines: Vec<(String, Preset)>) -> Vec<Arc<dyn TargetPlan>> {
    pipelines.into_iter().map(|(name, preset)| target(name, preset)).collect()
}

/// One pipeline.
pub fn target(name: String, preset: Preset) -> Arc<dyn TargetPlan> {
    Arc::new(Builtin { name, preset })
}

impl TargetPlan for Builtin {
    fn header(&self) -> PipelineHeader {
        let config_sha256 = self.preset.sha256();
        let description = self.preset.description.clone();
        let name = self.name.clone();
        let (judged_by, typed) = (None, Vec::new());
        PipelineHeader { name, description, config_sha256, jobs: 0, judged_by, typed }
    }

    fn set_up<'a>(&'a self, setup: Setup<'a>) -> BoxFuture<'a, Result<Arc<dyn Target>, Failure>> {
        async move {
            let running = self.running(setup)?;
            Ok(Arc::new(running) as Arc<dyn Target>)
        }
        .boxed()
    }

    fn keeps_checkpoints(&self) -> bool {
        self.preset.store == StorePolicy::Checkpoint
    }
}

impl Builtin {
    fn running(&self, setup: Setup<'_>) -> Result<Running, Failure> {
        let Setup { plan, service, recorder, earlier, tags, clock, shared } = setup;
        let admission = Admission::new(&self.preset, clock, DaySum::default());
        earlier.costs().for_each(|(job, cost)| admission.spent_before(job, cost));
        let docs = docs::folder(plan.docs.as_deref(), &self.name);
        let kept = recorder.checkpoint().filter(|_| self.keeps_checkpoints()).map(|checkpoint| {
            let answers = PaidAnswers::new(Arc::clone(checkpoint), self.name.clone());
            Box::new(answers) as Box<dyn Kept>
        });
        let context = Context {
            name: self.name.as_str().into(),
            preset: self.preset.clone(),
            client: service.client.clone(),
            admission,
            chance: Chance::new(plan.seed),
            cache: self.cache(setup)?,
            cuts: Arc::clone(&shared.cuts),
            kept,
            tags: tags.to_owned(),
            wants_documentation: docs.is_some(),
            bills: service.billing.clone(),
            sink: recorder.clone(),
            clock,
        };
        let job_time = self.preset.deadline.job_ms.map(|limit| Duration::from_millis(limit.get()));
        Ok(Running {
            header: self.header(),
            limits: Limits { jobs_at_once: self.preset.schedule.at_once(), job_time },
            pipeline: Pipeline::new(context),
            docs,
            recorder: Arc::clone(recorder),
        })
    }

    /// The pipeline's cache, with the scenario's faults before it.
    fn cache(&self, setup: Setup<'_>) -> Result<Option<Cache>, Failure> {
        let Setup { plan, recorder, clock, .. } = setup;
        let Some(rules) = self.preset.cache.rules() else { return Ok(None) };
        let mut backend = CachePlace::open(plan.cache.as_ref(), rules.served_ms())?;
        let faults = &plan.scenario.cache_fault;
        if !faults.is_empty() {
            let observer = observer(self.name.as_str().into(), Arc::clone(recorder), clock);
            backend = Box::new(Faulty::new(backend, faults.clone(), plan.seed, clock, observer));
        }
        Ok(Some(Cache::new(rules, backend, clock)))
    }
}

/// Puts every fault of a cache on record.
fn observer(
    pipeline: PipelineName,
    recorder: Arc<Recorder>,
    clock: RunClock,
) -> impl Fn(&str, &Key) + Send + Sync + 'static {
    move |name, key| {
        recorder.record(&Record::Fault(Fault {
            pipeline: pipeline.clone(),
            at_us: clock.now_us(),
            name: name.to_owned(),
            status: None,
            request_id: format!("cache:{}", &key.hex()[..16]),
        }));
    }
}

impl Target for Running {
    fn header(&self) -> PipelineHeader {
        self.header.clone()
    }

    fn run<'a>(&'a self, job: Job, within: &'a Invocation) -> BoxFuture<'a, JobEnd> {
        async move {
            let text = match job.file.text() {
                Ok(text) => text,
                Err(NoText::Skipped(reason)) => return JobEnd::skipped(reason),
                Err(NoText::Unreadable(reason)) => {
                    return JobEnd::failed(Cause::Unreadable, reason);
                }
            };
            let task = Task {
                job: job.number,
                delivery: job.delivery,
                path: &job.file.path,
                text: &text,
                memory_mb: within.memory_mb(),
                shares_invocation: within.is_shared(),
                progress: within.progress(),
            };
            let finished = self.pipeline.run(&task).await;
            self.end(&job, finished)
        }
        .boxed()
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn describe(&self, job: &Job, progress: &Progress) {
        if let Ok(text) = job.file.text() {
            self.pipeline.describe(&job.file.path, &text, progress);
        }
    }
}

impl Running {
    fn end(&self, job: &Job, finished: Finished) -> JobEnd {
        let Finished { documented, failure, remark, documentation } = finished;
        // The documentation is there before the job is on record as finished, because a finished
        // job is not done again after a crash. A delivery after that changes nothing.
        if let (Some(folder), Some(text), false) = (&self.docs, &documentation, job.is_done) {
            match docs::write(folder, &job.file.path, text) {
                Ok(()) => {}
                Err(Unwritten::Nothing(failure)) => self.recorder.stop(failure),
                Err(Unwritten::InTheWay(words)) => {
                    return JobEnd { documented, ..JobEnd::failed(Cause::Unwritable, words) };
                }
            }
        }
        match failure {
            None => JobEnd::documented(documented, remark),
            Some(failure) => JobEnd { documented, ..JobEnd::failed(failure.cause, failure.detail) },
        }
    }
}

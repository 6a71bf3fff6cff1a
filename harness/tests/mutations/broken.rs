//! Shipped pipelines over a cache that is broken in a way that no key of a pipeline can say.
//!
//! The engine is the shipped one. What is put in its place is the backend alone, which by its
//! contract gives back what it was given.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::admission::Admission;
use engine::admission::spend::DaySum;
use engine::cache::memory::Memory;
use engine::cache::{Backend, BackendError, Cache, CacheEntry, Key};
use engine::client::answer::Answer;
use engine::{Context, Pipeline, Preset, Task};
use futures_util::future::{BoxFuture, FutureExt, ready};
use harness::Failure;
use harness::platform::invocation::Invocation;
use harness::target::{Job, JobEnd, Setup, Target, TargetPlan};
use mock_claude::internals::chance::Chance;
use parking_lot::Mutex;
use reports::record::PipelineHeader;

/// What a read gives.
type Found<'a> = BoxFuture<'a, Result<Option<CacheEntry>, BackendError>>;
/// What a write gives.
type Written<'a> = BoxFuture<'a, Result<(), BackendError>>;

/// A pipeline of the engine over a cache of the test's.
#[derive(Debug)]
pub(crate) struct OverCache {
    pub(crate) name: String,
    pub(crate) preset: Preset,
    pub(crate) backend: Arc<dyn Backend>,
}

/// The same while it runs.
struct Running {
    header: PipelineHeader,
    pipeline: Pipeline,
}

impl TargetPlan for OverCache {
    fn header(&self) -> PipelineHeader {
        let config_sha256 = self.preset.sha256();
        PipelineHeader {
            name: self.name.clone(),
            description: None,
            config_sha256,
            jobs: 0,
            judged_by: None,
            typed: Vec::new(),
        }
    }

    fn set_up<'a>(&'a self, setup: Setup<'a>) -> BoxFuture<'a, Result<Arc<dyn Target>, Failure>> {
        let Setup { plan, service, recorder, tags, clock, shared, .. } = setup;
        let rules = self.preset.cache.rules().expect("the cache is on");
        let context = Context {
            name: self.name.as_str().into(),
            preset: self.preset.clone(),
            client: service.client.clone(),
            admission: Admission::new(&self.preset, clock, DaySum::default()),
            chance: Chance::new(plan.seed),
            cache: Some(Cache::new(rules, Box::new(Held(Arc::clone(&self.backend))), clock)),
            cuts: Arc::clone(&shared.cuts),
            kept: None,
            tags: tags.to_owned(),
            wants_documentation: false,
            bills: service.billing.clone(),
            sink: recorder.clone(),
            clock,
        };
        let running = Running { header: self.header(), pipeline: Pipeline::new(context) };
        ready(Ok(Arc::new(running) as Arc<dyn Target>)).boxed()
    }
}

impl Target for Running {
    fn header(&self) -> PipelineHeader {
        self.header.clone()
    }

    fn run<'a>(&'a self, job: Job, within: &'a Invocation) -> BoxFuture<'a, JobEnd> {
        async move {
            let text = job.file.text().expect("generated files are text");
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
            match finished.failure {
                None => JobEnd::documented(finished.documented, finished.remark),
                Some(failure) => JobEnd {
                    documented: finished.documented,
                    ..JobEnd::failed(failure.cause, failure.detail)
                },
            }
        }
        .boxed()
    }
}

/// A backend that outlives the run, as a file does.
#[derive(Debug)]
struct Held(Arc<dyn Backend>);

impl Backend for Held {
    fn read<'a>(&'a self, key: &'a Key) -> Found<'a> {
        self.0.read(key)
    }

    fn write<'a>(&'a self, key: &'a Key, entry: CacheEntry) -> Written<'a> {
        self.0.write(key, entry)
    }
}

/// Ignores how old an entry is: whatever it gives back was made just now.
#[derive(Debug, Default)]
pub(crate) struct Undated(Memory);

impl Backend for Undated {
    fn read<'a>(&'a self, key: &'a Key) -> Found<'a> {
        let found = self.0.read(key);
        let young = |entry| CacheEntry { created_ms: u64::MAX, ..entry };
        async move { Ok(found.await?.map(young)) }.boxed()
    }

    fn write<'a>(&'a self, key: &'a Key, entry: CacheEntry) -> Written<'a> {
        self.0.write(key, entry)
    }
}

/// Finds an entry by the code alone, whichever model was asked and however.
#[derive(Debug, Default)]
pub(crate) struct ByCode(Mutex<BTreeMap<u64, CacheEntry>>);

impl Backend for ByCode {
    fn read<'a>(&'a self, key: &'a Key) -> Found<'a> {
        let found = self.0.lock().get(&key.subject()).cloned();
        ready(Ok(found)).boxed()
    }

    fn write<'a>(&'a self, key: &'a Key, entry: CacheEntry) -> Written<'a> {
        self.0.lock().insert(key.subject(), entry);
        ready(Ok(())).boxed()
    }
}

/// Says that it has kept an entry and has not.
#[derive(Debug)]
pub(crate) struct Forgetful;

impl Backend for Forgetful {
    fn read<'a>(&'a self, _: &'a Key) -> Found<'a> {
        ready(Ok(None)).boxed()
    }

    fn write<'a>(&'a self, _: &'a Key, _: CacheEntry) -> Written<'a> {
        ready(Ok(())).boxed()
    }
}

/// Loses the second half of an answer before its checksum is made, so that none can tell.
#[derive(Debug, Default)]
pub(crate) struct Lossy(Memory);

impl Backend for Lossy {
    fn read<'a>(&'a self, key: &'a Key) -> Found<'a> {
        self.0.read(key)
    }

    fn write<'a>(&'a self, key: &'a Key, entry: CacheEntry) -> Written<'a> {
        let (made_ms, truncated) = (entry.created_ms, entry.truncated);
        let half = entry.text.floor_char_boundary(entry.text.len() / 2);
        let text = entry.text[..half].to_owned();
        self.0.write(key, CacheEntry::of(&Answer { text, truncated }, made_ms))
    }
}

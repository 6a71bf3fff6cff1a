//! A pipeline while it runs: takes one file at a time through all stages.
//!
//! Dropped before its end, a file leaves its attempts on record as given up, and its figures where
//! they were written while it went on.

use std::num::NonZeroU64;

use futures_util::future::join_all;
use reports::Cause;
use tokio::sync::Semaphore;

use crate::analyse::{self, Analysis};
use crate::cache::key::KeyRule;
use crate::cache::{Key, Piece, Source};
use crate::call::prompt::Prompt;
use crate::call::{self, Part};
use crate::chunk::{Chunk, Lines};
use crate::client::answer::{Answer, Failure};
use crate::context::Context;
use crate::judge::{self, Judgement};
use crate::merge;
use crate::outside::Progress;
use crate::preset::schedule::Scope;
use crate::source::{self, Facts, Language};

/// One file to document, and what its job may use.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    /// The job, counted from 1.
    pub job: u64,
    /// The delivery of the job, counted from 1.
    pub delivery: u64,
    /// The path of the file.
    pub path: &'a str,
    /// Its text.
    pub text: &'a str,
    /// The memory that the platform gives; without it the pipeline's own limit counts.
    pub memory_mb: Option<NonZeroU64>,
    /// Whether the invocation of this job has others too, so that all share its workers.
    pub shares_invocation: bool,
    /// Where the job's figures are written.
    pub progress: &'a Progress,
}

/// How a file came through all stages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Definitions of the source that the documentation names.
    pub documented: u64,
    /// Why the file counts as failed.
    pub failure: Option<Failure>,
    /// Something that the pipeline did not notice.
    pub remark: Option<String>,
    /// The documentation of a file that has not failed, where it is wanted.
    pub documentation: Option<String>,
}

/// A pipeline with everything that its stages share.
#[derive(Debug)]
pub struct Pipeline {
    context: Context,
    /// The workers, where invocations or their jobs share them.
    workers: Semaphore,
}

impl Pipeline {
    /// A pipeline that has not been given anything to do.
    pub fn new(context: Context) -> Self {
        let workers = context.preset.schedule.permits();
        Self { context, workers }
    }

    /// Writes down what can be known of a file before anything is done with it.
    pub fn describe(&self, path: &str, text: &str, progress: &Progress) -> Facts {
        let facts = source::read(Language::of(path), text);
        let bytes = text.len() as u64;
        let preset = &self.context.preset;
        let memory_kb = analyse::memory_kb(&preset.analyse, &preset.chunk, &facts, bytes);
        progress.note(|figures| {
            figures.bytes = bytes;
            figures.lines = facts.lines;
            figures.definitions = facts.definitions.len() as u64;
            figures.memory_kb = memory_kb;
        });
        facts
    }

    /// Takes a file through all stages.
    pub async fn run(&self, task: &Task<'_>) -> Finished {
        let Task { path, text, progress, .. } = *task;
        let facts = self.describe(path, text, progress);
        let memory_kb = progress.figures().memory_kb;
        let preset = &self.context.preset;
        let remark = match analyse::analyse(&preset.analyse, &facts, memory_kb, task.memory_mb) {
            Analysis::Survived { remark } => remark,
            Analysis::Died { cause, detail } => return Finished::died(cause, detail),
        };
        let cuts = &self.context.cuts;
        let chunks = cuts.chunks(&preset.chunk, Language::of(path), text, &facts);
        let lost_lines = judge::lost_lines(text, facts.lines, &chunks);
        progress.note(|figures| {
            figures.chunks = chunks.len() as u64;
            figures.lost_lines = lost_lines;
        });
        let own;
        let permits = if task.shares_invocation || preset.schedule.scope == Scope::Pipeline {
            &self.workers
        } else {
            own = preset.schedule.permits();
            &own
        };
        let answers = self.document(task, &chunks, permits).await;
        let Judgement { documented, failure } = judge::judge(&facts, lost_lines, &chunks, &answers);
        let wanted = self.context.wants_documentation && failure.is_none();
        let documentation = wanted.then(|| documentation(path, &chunks, &answers));
        Finished { documented, failure, remark, documentation }
    }

    /// Asks for every part of a file, as many at once as there are permits.
    async fn document(
        &self,
        task: &Task<'_>,
        chunks: &[Chunk],
        permits: &Semaphore,
    ) -> Vec<Result<Answer, Failure>> {
        let lines = Lines::new(task.text);
        let parts = chunks.iter().enumerate().map(|(index, chunk)| {
            let code = lines.text(&chunk.sent);
            let chunk = index as u64 + 1;
            let (job, delivery) = (task.job, task.delivery);
            let part = Part { job, delivery, chunk, progress: task.progress, key: None };
            ask(&self.context, part, task.path, code, chunks.len() > 1, permits)
        });
        join_all(parts).await
    }
}

impl Finished {
    fn died(cause: Cause, detail: String) -> Self {
        let failure = Some(Failure { cause, detail });
        Self { documented: 0, failure, remark: None, documentation: None }
    }
}

fn documentation(path: &str, chunks: &[Chunk], answers: &[Result<Answer, Failure>]) -> String {
    let parts = chunks
        .iter()
        .zip(answers)
        .filter_map(|(chunk, answer)| Some((chunk.sent.start, answer.as_ref().ok()?)));
    merge::document(path, parts)
}

/// One part: from the cache, or paid for and kept.
async fn ask(
    context: &Context,
    part: Part<'_>,
    path: &str,
    code: &str,
    in_parts: bool,
    permits: &Semaphore,
) -> Result<Answer, Failure> {
    let _permit = permits.acquire().await.expect("the semaphore is never closed");
    let number = in_parts.then_some(part.chunk);
    let piece = Piece { path, number, code };
    let request = &context.preset.request;
    let key = match (&context.cache, &context.kept) {
        (Some(cache), _) => Some(cache.key(request, &piece)),
        (None, Some(_)) => Some(KeyRule::Full { path: true }.of(request, &piece)),
        (None, None) => None,
    };
    // Boxed, because the cache hands it on from future to future, each with room for it.
    let paying = Box::pin(pay(context, part, &piece, key.as_ref()));
    let (Some(cache), Some(key)) = (&context.cache, &key) else { return paying.await };
    let paying = async {
        part.progress.note(|figures| figures.used.cache_misses += 1);
        paying.await
    };
    let (source, answer) = cache.answer(key, paying).await?;
    let found = u64::from(source != Source::Paid);
    part.progress.note(|figures| figures.used.cache_hits += found);
    Ok(answer)
}

/// One part: as an earlier life of the run has paid for it, or paid for now.
async fn pay(
    context: &Context,
    part: Part<'_>,
    piece: &Piece<'_>,
    key: Option<&Key>,
) -> Result<Answer, Failure> {
    let kept = context.kept.as_ref().zip(key);
    if let Some(answer) = kept.and_then(|(kept, key)| kept.answer(key, part.job)) {
        return Ok(answer);
    }
    let Piece { path, number, code } = piece;
    let label = number.map(|number| format!("{path} (part {number})"));
    let label = label.as_deref().unwrap_or(path);
    let prompt = Prompt::new(&context.preset.request, Language::of(path), label, code);
    call::call(context, Part { key: kept.map(|(_, key)| key), ..part }, &prompt).await
}

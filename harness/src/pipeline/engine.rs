//! The engine: takes one job through all stages, and ends it in exactly one record.

use std::sync::{Mutex, PoisonError};

use futures_util::future::join_all;
use reports::Cause;
use reports::record::{self, Outcome, Record};
use tokio::sync::Semaphore;

use super::analyse::{self, Analysis};
use super::answer::{Answer, Failure};
use super::cache::key::KeyRule;
use super::cache::{Key, Piece, Source};
use super::call::{self, Part};
use super::chunk::{self, Chunk, Lines};
use super::context::Context;
use super::judge::{self, Judgement};
use super::merge;
use super::preset::Preset;
use super::prompt::Prompt;
use super::used::Used;
use crate::docs;
use crate::platform::Envelope;
use crate::source::facts::{self, Facts};
use crate::source::language::Language;
use crate::source::{NoText, SourceFile};

/// One file to document.
#[derive(Debug, Clone)]
pub struct Job {
    /// The job, counted from 1.
    pub number: u64,
    /// The file.
    pub file: SourceFile,
    /// When the schedule meant it to begin.
    pub arrival_us: u64,
}

/// Takes one job through all stages. `permits` bounds the calls of the invocation, and `envelope`
/// is what the platform allows.
pub async fn run(context: &Context, job: Job, permits: &Semaphore, envelope: &Envelope) {
    let mut open = Open::begin(context, job, envelope);
    let text = match open.job.file.text() {
        Ok(text) => text,
        Err(NoText::Skipped(reason)) => return open.skip(reason),
        Err(NoText::Unreadable(reason)) => return open.fail(Cause::Unreadable, reason),
    };
    let language = Language::of(&open.job.file.path);
    let facts = facts::read(language, &text);
    let bytes = text.len() as u64;
    let Preset { analyse, chunk, .. } = &context.preset;
    let memory_kb = analyse::memory_kb(analyse, chunk, &facts, bytes);
    open.describe(bytes, &facts, memory_kb);
    if let Some((cause, words)) = envelope.forbids() {
        return open.fail(cause, words);
    }
    let remark = match analyse::analyse(analyse, &facts, memory_kb, envelope.memory_mb) {
        Analysis::Survived { remark } => remark,
        Analysis::Died { cause, detail } => return open.fail(cause, detail),
    };
    let chunks = chunk::chunks(chunk, language, &text, &facts);
    open.chunks = chunks.len() as u64;
    let documenting = document(context, &open, &text, &chunks, permits);
    let answers = match envelope.hold(&context.clock, &open.used, documenting).await {
        Ok(answers) => answers,
        Err((cause, words)) => return open.fail(cause, words),
    };
    if envelope.duplicates > 0 {
        envelope.delivered(&context.clock, &open.used);
        // The same again; what comes of it is paid for and changes nothing.
        let again = document(context, &open, &text, &chunks, permits);
        let _ = envelope.hold(&context.clock, &open.used, again).await;
    }
    let judgement = judge::judge(&facts, &text, &chunks, &answers);
    if judgement.failure.is_none() {
        write_docs(context, &open.job.file.path, &chunks, &answers);
    }
    open.end(judgement, remark);
}

/// Writes the documentation of a file, where that is wanted. It is there before the job is on
/// record as finished, because a finished job is not done again after a crash.
fn write_docs(
    context: &Context,
    path: &str,
    chunks: &[Chunk],
    answers: &[Result<Answer, Failure>],
) {
    let Some(folder) = &context.docs else { return };
    let parts = chunks
        .iter()
        .zip(answers)
        .filter_map(|(chunk, answer)| Some((chunk.sent.start, answer.as_ref().ok()?)));
    let text = merge::document(path, parts);
    if let Err(failure) = docs::write(folder, path, &text) {
        context.recorder.stop(failure);
    }
}

/// Asks for every part of a file, as many at once as there are permits.
async fn document(
    context: &Context,
    open: &Open<'_>,
    text: &str,
    chunks: &[Chunk],
    permits: &Semaphore,
) -> Vec<Result<Answer, Failure>> {
    let lines = Lines::new(text);
    let parts = chunks.iter().enumerate().map(|(index, chunk)| {
        let code = lines.text(&chunk.sent);
        let chunk = index as u64 + 1;
        let part = Part { job: open.job.number, chunk, used: &open.used, key: None };
        ask(context, part, &open.job.file.path, code, chunks.len() > 1, permits)
    });
    join_all(parts).await
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
    let key = match (&context.cache, &context.store) {
        (Some(cache), _) => Some(cache.key(request, &piece)),
        (None, Some(_)) => Some(KeyRule::Full { path: true }.of(request, &piece)),
        (None, None) => None,
    };
    let paying = pay(context, part, &piece, key.as_ref());
    let (Some(cache), Some(key)) = (&context.cache, &key) else { return paying.await };
    let used = || part.used.lock().unwrap_or_else(PoisonError::into_inner);
    let paying = async {
        used().cache_misses += 1;
        paying.await
    };
    let (source, answer) = cache.answer(key, paying).await?;
    used().cache_hits += u64::from(source != Source::Paid);
    Ok(answer)
}

/// One part: as an earlier life of the run has paid for it, or paid for now.
async fn pay(
    context: &Context,
    part: Part<'_>,
    piece: &Piece<'_>,
    key: Option<&Key>,
) -> Result<Answer, Failure> {
    let stored = context.store.as_ref().zip(key);
    if let Some(answer) = stored.and_then(|(store, key)| store.answer(key, part.job)) {
        return Ok(answer);
    }
    let Piece { path, number, code } = piece;
    let label = number.map(|number| format!("{path} (part {number})"));
    let label = label.as_deref().unwrap_or(path);
    let prompt = Prompt::fill(&context.preset.request, Language::of(path), label, code);
    call::call(context, Part { key: stored.map(|(_, key)| key), ..part }, &prompt).await
}

/// A job under way; dropped before its end, it is on record as given up.
struct Open<'a> {
    context: &'a Context,
    job: Job,
    start_us: u64,
    bytes: u64,
    lines: u64,
    definitions: u64,
    memory_kb: u64,
    chunks: u64,
    used: Mutex<Used>,
    envelope: &'a Envelope,
    ended: bool,
}

impl<'a> Open<'a> {
    fn begin(context: &'a Context, job: Job, envelope: &'a Envelope) -> Self {
        Self {
            context,
            used: Mutex::new(context.earlier.used(job.number)),
            envelope,
            job,
            start_us: context.clock.now_us(),
            bytes: 0,
            lines: 0,
            definitions: 0,
            memory_kb: 0,
            chunks: 0,
            ended: false,
        }
    }

    fn describe(&mut self, bytes: u64, facts: &Facts, memory_kb: u64) {
        self.bytes = bytes;
        self.lines = facts.lines;
        self.definitions = facts.definitions.len() as u64;
        self.memory_kb = memory_kb;
    }

    fn skip(mut self, reason: String) {
        self.record(Outcome::Skipped, None, Some(reason), 0);
    }

    fn fail(mut self, cause: Cause, detail: String) {
        self.record(Outcome::Failed, Some(cause), Some(detail), 0);
    }

    fn end(mut self, judgement: Judgement, remark: Option<String>) {
        match judgement.failure {
            None => self.record(Outcome::Documented, None, remark, judgement.documented),
            Some((cause, detail)) => {
                self.record(Outcome::Failed, Some(cause), Some(detail), judgement.documented);
            }
        }
    }

    fn record(
        &mut self,
        outcome: Outcome,
        cause: Option<Cause>,
        detail: Option<String>,
        documented: u64,
    ) {
        self.ended = true;
        let used = *self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = outcome == Outcome::Failed;
        let mut job = record::Job {
            pipeline: self.context.pipeline.clone(),
            job: self.job.number,
            path: self.job.file.path.to_string(),
            bytes: self.bytes,
            lines: self.lines,
            arrival_us: self.job.arrival_us,
            start_us: self.start_us,
            end_us: self.context.clock.now_us(),
            outcome,
            cause,
            detail,
            chunks: self.chunks,
            cache_hits: used.cache_hits,
            cache_misses: used.cache_misses,
            calls: used.calls,
            definitions: self.definitions,
            documented,
            tokens_in: used.tokens_in,
            tokens_out: used.tokens_out,
            cost_microusd: used.cost_microusd,
            wasted_microusd: if failed { used.cost_microusd } else { used.wasted_microusd },
            memory_kb: self.memory_kb,
        };
        let platform = self.envelope.settle(&mut job);
        self.context.recorder.record(&Record::Job(job));
        if let Some(platform) = platform {
            self.context.recorder.record(&Record::Platform(platform));
        }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let (cause, detail) = self.context.given_up();
            self.record(Outcome::Failed, Some(cause), Some(detail), 0);
        }
    }
}

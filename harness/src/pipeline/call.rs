//! The call stage: one part of a file, asked for until there is an answer or no hope.
//!
//! Every attempt ends in exactly one record, also when it is given up half-way: the attempt's
//! guard writes it, with what the ledger charged by then.

use std::num::NonZeroU64;
use std::sync::Mutex;
use std::time::Duration;

use mock_claude::internals::chance::RequestKey;
use reports::Cause;
use reports::record::Attempt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep, timeout};

use super::cache::Key;
use super::context::Context;
use super::gate::{Ask, Pass, Stop};
use super::merge::Answer;
use super::preset::Mode;
use super::prompt::Prompt;
use super::retry::Failed;
use crate::book::Intent;
use crate::charges::Charge;
use crate::client::{Head, Outcome, Request};

/// The time between two questions after a batch, as the official examples have it.
const POLL: Duration = Duration::from_mins(1);

/// The `[deadline]` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadlineConfig {
    /// Milliseconds for one call; no limit without it.
    #[serde(default)]
    pub call_ms: Option<NonZeroU64>,
    /// Milliseconds for one part of a file: all attempts, the waits between them and the wait in
    /// line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_ms: Option<NonZeroU64>,
    /// Milliseconds for one file, all calls and waits included: the platform's own limit.
    #[serde(default)]
    pub job_ms: Option<NonZeroU64>,
}

/// Why a part has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Why.
    pub cause: Cause,
    /// In the words of the server, or of the transport.
    pub detail: String,
}

/// What a job has used up so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// Requests sent.
    pub calls: u64,
    /// Tokens charged for reading.
    pub tokens_in: u64,
    /// Tokens charged for writing.
    pub tokens_out: u64,
    /// Micro-dollars charged.
    pub cost_microusd: u64,
    /// Micro-dollars charged for attempts that failed.
    pub wasted_microusd: u64,
    /// Parts whose answer the cache had, or got from a call that was under way.
    pub cache_hits: u64,
    /// Parts that had to be paid for although there is a cache.
    pub cache_misses: u64,
}

/// One part of one job, as the records name it.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// The job, counted from 1.
    pub job: u64,
    /// The part, counted from 1.
    pub chunk: u64,
    /// What the job has used up.
    pub used: &'a Mutex<Used>,
    /// The key under which its answer is stored, where it is.
    pub key: Option<&'a Key>,
}

/// Asks for one part until there is an answer, or the retry policy gives up.
pub async fn call(
    context: &Context,
    part: Part<'_>,
    prompt: &Prompt<'_>,
) -> Result<Answer, Failure> {
    let deadline = Deadline::begin(context.preset.deadline.part_ms);
    let mut ask = Ask {
        job: part.job,
        is_retry: false,
        need: prompt.need(&context.preset.request),
        most_microusd: prompt.most_microusd(&context.preset.request),
    };
    let (mut attempt, mut last) = (1, None);
    loop {
        let pass = match deadline.bound(enter(context, ask)).await {
            Some(Ok(pass)) => pass,
            Some(Err(stop)) => return Err(stopped(stop, last)),
            None => return Err(last.unwrap_or_else(|| deadline.is_over("still in line"))),
        };
        let outcome = try_once(context, Try { part, attempt, pass, deadline }, prompt).await;
        let (cause, detail) = match &outcome.result {
            Ok(answer) => return Ok(answer.clone()),
            Err((cause, detail)) => (*cause, detail.clone()),
        };
        let failed = Failed {
            attempt,
            cause,
            outcome: &outcome,
            streamed: context.preset.request.stream,
            now_epoch_ms: context.clock.epoch_ms(),
        };
        let wait_ms = context.preset.retry.wait_ms(&failed, |low, high| {
            let attempt = u32::try_from(attempt).unwrap_or(u32::MAX);
            let key = RequestKey { subject: (part.job << 32) | part.chunk, attempt };
            context.chance.between("retry wait", key, low, high)
        });
        let Some(wait) = wait_ms.map(Duration::from_millis) else {
            return Err(Failure { cause, detail });
        };
        if !deadline.has(wait) {
            let detail = format!("{detail} (no time left for another attempt)");
            return Err(Failure { cause, detail });
        }
        sleep(wait).await;
        attempt += 1;
        ask.is_retry = true;
        last = Some(Failure { cause, detail });
    }
}

/// Waits until a call may be sent, in line and out of it.
async fn enter(context: &Context, ask: Ask) -> Result<Pass<'_>, Stop> {
    loop {
        match context.gate.enter(ask).await {
            Err(Stop::BudgetFor(wait_us)) => {
                sleep(Duration::from_millis(wait_us.div_ceil(1000))).await;
            }
            other => return other,
        }
    }
}

/// Why a part has no answer that was not sent again, or not at all.
fn stopped(stop: Stop, last: Option<Failure>) -> Failure {
    let why = match stop {
        Stop::Spend(detail) => return Failure { cause: Cause::BudgetStop, detail },
        Stop::Breaker => "the circuit breaker is open",
        Stop::Budget | Stop::BudgetFor(_) => "the retry budget is empty",
    };
    match last {
        Some(Failure { cause, detail }) => {
            Failure { cause, detail: format!("{detail} (not tried again: {why})") }
        }
        None => Failure { cause: Cause::CircuitOpen, detail: format!("not sent: {why}") },
    }
}

/// When the time of a part is over.
#[derive(Debug, Clone, Copy)]
struct Deadline {
    limit: Option<Duration>,
    begun: Instant,
}

impl Deadline {
    fn begin(limit_ms: Option<NonZeroU64>) -> Self {
        let limit = limit_ms.map(|limit_ms| Duration::from_millis(limit_ms.get()));
        Self { limit, begun: Instant::now() }
    }

    /// What is left of it; none where there is no limit.
    fn left(&self) -> Option<Duration> {
        Some(self.limit?.saturating_sub(self.begun.elapsed()))
    }

    /// Whether there is more time than this.
    fn has(&self, wait: Duration) -> bool {
        self.left().is_none_or(|left| left > wait)
    }

    /// What a future gives, if it ends in time.
    async fn bound<F: Future>(&self, future: F) -> Option<F::Output> {
        match self.left() {
            None => Some(future.await),
            Some(left) => timeout(left, future).await.ok(),
        }
    }

    fn is_over(&self, state: &str) -> Failure {
        let limit_s = self.limit.unwrap_or_default().as_secs_f64();
        let detail = format!("no answer within {limit_s} s: {state}");
        Failure { cause: Cause::CallTimeout, detail }
    }
}

/// One attempt that may be made.
struct Try<'a> {
    part: Part<'a>,
    attempt: u64,
    pass: Pass<'a>,
    deadline: Deadline,
}

async fn try_once(context: &Context, attempt: Try<'_>, prompt: &Prompt<'_>) -> Outcome {
    let Try { part, attempt, pass, deadline } = attempt;
    let mut pending = Pending::begin(context, part, attempt, pass);
    let config = &context.preset.request;
    let request = Request {
        model: &config.model,
        max_tokens: config.max_tokens.get(),
        stream: config.stream,
        cached: prompt.cached,
        prompt: &prompt.text,
        tag: &pending.tag,
    };
    let pass = &mut pending.pass;
    let note = |head: Head<'_>| {
        if let Some(pass) = pass {
            pass.answered(head);
        }
    };
    let poll = config.poll_ms.map_or(POLL, |poll_ms| Duration::from_millis(poll_ms.get()));
    let sent = async {
        match config.mode {
            Mode::Message => context.client.send_noting(&request, note).await,
            Mode::Batch => context.client.send_batched(&request, poll, note).await,
        }
    };
    let limit = context.preset.deadline.call_ms.map(|limit| Duration::from_millis(limit.get()));
    let outcome = match limit.into_iter().chain(deadline.left()).min() {
        None => sent.await,
        Some(limit) => timeout(limit, sent).await.unwrap_or_else(|_| {
            let detail = format!("no answer within {} s", limit.as_secs_f64());
            Outcome::without_response(Cause::CallTimeout, detail)
        }),
    };
    pending.end(outcome)
}

/// An attempt under way.
struct Pending<'a> {
    context: &'a Context,
    part: Part<'a>,
    attempt: u64,
    pass: Option<Pass<'a>>,
    start_us: u64,
    tag: String,
    ended: bool,
}

impl<'a> Pending<'a> {
    fn begin(context: &'a Context, part: Part<'a>, attempt: u64, pass: Pass<'a>) -> Self {
        let tag = format!("{}{}/{}/{attempt}", context.tags, part.job, part.chunk);
        let start_us = context.clock.now_us();
        context.recorder.intend(&tag, || Intent {
            pipeline: context.pipeline.clone(),
            job: part.job,
            chunk: part.chunk,
            attempt,
            start_us,
        });
        Self { context, part, attempt, pass: Some(pass), start_us, tag, ended: false }
    }

    /// Ends the attempt with what came of it.
    fn end(mut self, mut outcome: Outcome) -> Outcome {
        let charge = self.context.charges.take(&self.tag);
        if let Err((cause, _)) = &mut outcome.result
            && charge.faulty
            && outcome.status.is_some_and(is_final)
        {
            *cause = Cause::InjectedFatal;
        }
        self.record(&outcome, &charge);
        if let Some(pass) = self.pass.take() {
            pass.ended(&outcome, charge.tokens_out, charge.cost_microusd);
        }
        outcome
    }

    fn record(&mut self, outcome: &Outcome, charge: &Charge) {
        self.ended = true;
        let (cause, detail) = match &outcome.result {
            Ok(answer) => (answer.truncated.then_some(Cause::Truncated), None),
            Err((cause, detail)) => (Some(*cause), Some(detail.clone())),
        };
        let lost = outcome.result.is_err();
        let mut used = self.part.used.lock().expect("no holder of this lock panics");
        used.calls += 1;
        used.tokens_in += charge.tokens_in;
        used.tokens_out += charge.tokens_out;
        used.cost_microusd += charge.cost_microusd;
        used.wasted_microusd += if lost { charge.cost_microusd } else { 0 };
        drop(used);
        let attempt = Attempt {
            pipeline: self.context.pipeline.clone(),
            job: self.part.job,
            chunk: self.part.chunk,
            attempt: self.attempt,
            start_us: self.start_us,
            end_us: self.context.clock.now_us(),
            status: outcome.status,
            cause,
            detail,
            request_id: outcome.request_id.clone(),
            retry_after_s: outcome.retry_after_s(),
            tokens_in: charge.tokens_in,
            tokens_out: charge.tokens_out,
            cost_microusd: charge.cost_microusd,
        };
        let kept = self.part.key.zip(outcome.result.as_ref().ok());
        self.context.recorder.settle(&self.tag, attempt, kept);
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let (cause, detail) = self.context.given_up();
            let charge = self.context.charges.take(&self.tag);
            self.record(&Outcome::without_response(cause, detail), &charge);
            if let Some(pass) = self.pass.take() {
                pass.given_up(charge.tokens_out, charge.cost_microusd);
            }
        }
    }
}

/// Whether a status says that the request itself is wrong, so that no retry can help.
const fn is_final(status: u16) -> bool {
    matches!(status, 400..=499) && !matches!(status, 408 | 409 | 429)
}

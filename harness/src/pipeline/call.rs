//! The call stage: one part of a file, asked for until there is an answer or no hope.
//!
//! Every attempt ends in exactly one record, also when it is given up half-way: the attempt's
//! guard writes it, with what the ledger charged by then.

use std::num::NonZeroU64;
use std::sync::Mutex;
use std::time::Duration;

use reports::Cause;
use reports::record::Attempt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::{sleep, timeout};

use super::cache::Key;
use super::context::Context;
use super::merge::Answer;
use crate::book::Intent;
use crate::charges::Charge;
use crate::client::{Outcome, Request};

/// The `[deadline]` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadlineConfig {
    /// Milliseconds for one call; no limit without it.
    #[serde(default)]
    pub call_ms: Option<NonZeroU64>,
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
pub async fn call(context: &Context, part: Part<'_>, prompt: &str) -> Result<Answer, Failure> {
    let mut attempt = 1;
    loop {
        let outcome = try_once(context, part, attempt, prompt).await;
        let status = outcome.status;
        let (cause, detail) = match outcome.result {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        match context.preset.retry.wait_ms(attempt, status, cause) {
            Some(wait_ms) => sleep(Duration::from_millis(wait_ms)).await,
            None => return Err(Failure { cause, detail }),
        }
        attempt += 1;
    }
}

async fn try_once(context: &Context, part: Part<'_>, attempt: u64, prompt: &str) -> Outcome {
    let pending = Pending::begin(context, part, attempt);
    let config = &context.preset.request;
    let request = Request {
        model: &config.model,
        max_tokens: config.max_tokens.get(),
        stream: config.stream,
        prompt,
        tag: &pending.tag,
    };
    let sent = context.client.send(&request);
    let outcome = match context.preset.deadline.call_ms {
        None => sent.await,
        Some(limit) => {
            let limit = Duration::from_millis(limit.get());
            timeout(limit, sent).await.unwrap_or_else(|_| {
                let detail = format!("no answer within {} s", limit.as_secs_f64());
                Outcome::without_response(Cause::CallTimeout, detail)
            })
        }
    };
    pending.end(outcome)
}

/// An attempt under way.
struct Pending<'a> {
    context: &'a Context,
    part: Part<'a>,
    attempt: u64,
    start_us: u64,
    tag: String,
    ended: bool,
}

impl<'a> Pending<'a> {
    fn begin(context: &'a Context, part: Part<'a>, attempt: u64) -> Self {
        let tag = format!("{}{}/{}/{attempt}", context.tags, part.job, part.chunk);
        let start_us = context.clock.now_us();
        context.recorder.intend(&tag, || Intent {
            pipeline: context.pipeline.clone(),
            job: part.job,
            chunk: part.chunk,
            attempt,
            start_us,
        });
        Self { context, part, attempt, start_us, tag, ended: false }
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
            retry_after_s: outcome.retry_after_s,
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
        }
    }
}

/// Whether a status says that the request itself is wrong, so that no retry can help.
const fn is_final(status: u16) -> bool {
    matches!(status, 400..=499) && !matches!(status, 408 | 409 | 429)
}

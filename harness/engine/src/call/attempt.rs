//! One attempt at one part.
//!
//! Every attempt ends in exactly one record, also when it is given up half-way: the attempt's
//! guard writes it, with what the ledger charged by then.

use std::time::Duration;

use mock_claude::internals::prices;
use reports::Cause;
use reports::record::Attempt;
use tokio::time::timeout;

use super::deadline::Deadline;
use super::prompt::Prompt;
use crate::admission::Pass;
use crate::cache::Key;
use crate::client::transport::Break;
use crate::client::usage::Told;
use crate::client::{Outcome, Request, Sight};
use crate::context::Context;
use crate::outside::{Bill, Intent, Progress};
use crate::preset::request::{Mode, RequestConfig};

/// The time between two questions after a batch, as the official examples have it.
const POLL: Duration = Duration::from_mins(1);

/// One part of one job, as the records name it.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// The job, counted from 1.
    pub job: u64,
    /// The delivery of the job, counted from 1.
    pub delivery: u64,
    /// The part, counted from 1.
    pub chunk: u64,
    /// What the job has used up.
    pub progress: &'a Progress,
    /// The key under which its answer is stored, where it is.
    pub key: Option<&'a Key>,
}

/// One attempt that may be made.
pub(super) struct Try<'a> {
    pub(super) part: Part<'a>,
    pub(super) attempt: u64,
    pub(super) pass: Pass<'a>,
    pub(super) deadline: Deadline,
}

impl<'a> Try<'a> {
    /// Makes it.
    pub(super) async fn send(self, context: &'a Context, prompt: &Prompt<'_>) -> Outcome {
        let Try { part, attempt, pass, deadline } = self;
        let mut pending = Pending::begin(context, part, attempt, pass);
        let Pending { pass, start_us, first_token_us, tag, .. } = &mut pending;
        let config = &context.preset.request;
        let note = |sight: Sight<'_>| match (sight, &mut *pass) {
            (Sight::Head(head), Some(pass)) => pass.answered(head),
            (Sight::Head(_), None) => {}
            (Sight::FirstToken, _) => {
                *first_token_us = Some(context.clock.now_us().saturating_sub(*start_us));
            }
        };
        let poll = config.poll_ms.map_or(POLL, |poll_ms| Duration::from_millis(poll_ms.get()));
        let sent = {
            let text = prompt.text();
            let request = Request {
                model: &config.model,
                max_tokens: config.max_tokens.get(),
                stream: config.stream,
                cached: prompt.cached,
                prompt: &text,
                bedrock: config.mode == Mode::Bedrock,
                tag,
            };
            match config.mode {
                Mode::Message | Mode::Bedrock => context.client.send_noting(&request, note),
                Mode::Batch => context.client.send_batched(&request, poll, note),
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
}

/// An attempt under way.
struct Pending<'a> {
    context: &'a Context,
    part: Part<'a>,
    attempt: u64,
    pass: Option<Pass<'a>>,
    start_us: u64,
    first_token_us: Option<u64>,
    tag: String,
    ended: bool,
}

impl<'a> Pending<'a> {
    fn begin(context: &'a Context, part: Part<'a>, attempt: u64, pass: Pass<'a>) -> Self {
        // Two deliveries of a job may be under way at once, each with the same attempts.
        let again = if part.delivery > 1 { format!(".{}", part.delivery) } else { String::new() };
        let tag = format!("{}{}{again}/{}/{attempt}", context.tags, part.job, part.chunk);
        let start_us = context.clock.now_us();
        let intent = Intent {
            pipeline: context.name.clone(),
            job: part.job,
            chunk: part.chunk,
            attempt,
            start_us,
        };
        context.sink.intend(&tag, &intent);
        let (pass, first_token_us) = (Some(pass), None);
        Self { context, part, attempt, pass, start_us, first_token_us, tag, ended: false }
    }

    /// Ends the attempt with its outcome.
    fn end(mut self, mut outcome: Outcome) -> Outcome {
        let bill = self.context.bills.take(&self.tag);
        if let Err(failure) = &mut outcome.result {
            if bill.faulty && outcome.status.is_some_and(is_final) {
                failure.cause = Cause::InjectedFatal;
            } else if bill.over_limit {
                failure.cause = Cause::RequestOverLimit;
            }
        }
        let told = self.told(&outcome);
        self.commit(&outcome, &bill, told);
        if let Some(pass) = self.pass.take() {
            pass.ended(&outcome, told);
        }
        outcome
    }

    /// What the outcome tells the pipeline of its cost. The ledger is the judge's.
    fn told(&self, outcome: &Outcome) -> Told {
        let RequestConfig { model, mode, .. } = &self.context.preset.request;
        if let (Some(usage), Some(model)) = (&outcome.usage, prices::model(model)) {
            return Told::by(usage, model, *mode == Mode::Batch);
        }
        let is_refused = outcome.status.is_some_and(|status| status >= 400);
        if is_refused || outcome.broke == Some(Break::Connecting) {
            return Told::NOTHING;
        }
        Told::default()
    }

    fn commit(&mut self, outcome: &Outcome, bill: &Bill, told: Told) {
        self.ended = true;
        let (cause, detail) = match &outcome.result {
            Ok(answer) => (answer.truncated.then_some(Cause::Truncated), None),
            Err(failure) => (Some(failure.cause), Some(failure.detail.clone())),
        };
        let lost = outcome.result.is_err();
        self.part.progress.note(|figures| {
            let used = &mut figures.used;
            used.calls += 1;
            used.tokens_in += bill.tokens_in;
            used.tokens_out += bill.tokens_out;
            used.cost_microusd += bill.cost_microusd;
            used.wasted_microusd += if lost { bill.cost_microusd } else { 0 };
        });
        let attempt = Attempt {
            pipeline: self.context.name.clone(),
            job: self.part.job,
            chunk: self.part.chunk,
            attempt: self.attempt,
            start_us: self.start_us,
            end_us: self.context.clock.now_us(),
            first_token_us: self.first_token_us,
            status: outcome.status,
            cause,
            detail,
            request_id: outcome.request_id.clone(),
            retry_after_s: outcome.retry_after_s(),
            tokens_in: bill.tokens_in,
            tokens_out: bill.tokens_out,
            cost_microusd: bill.cost_microusd,
            told_microusd: Some(told.cost_microusd.unwrap_or(0))
                .filter(|told| *told != bill.cost_microusd),
        };
        let kept = self.part.key.zip(outcome.result.as_ref().ok());
        self.context.sink.commit(&self.tag, attempt, kept);
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let (cause, detail) = self.context.sink.given_up();
            let bill = self.context.bills.take(&self.tag);
            let told = Told::default();
            self.commit(&Outcome::without_response(cause, detail), &bill, told);
            if let Some(pass) = self.pass.take() {
                pass.given_up(told);
            }
        }
    }
}

/// Whether a status says that the request itself is wrong, so that no retry can help.
const fn is_final(status: u16) -> bool {
    matches!(status, 400..=499) && !matches!(status, 408 | 409 | 429)
}

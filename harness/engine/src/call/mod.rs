//! The call stage: one part of a file, asked for until there is an answer or no hope.
//!
//! [`prompt`] is what is asked, [`attempt`] asks it once, and [`retry`] decides whether it is asked
//! again; [`deadline`] bounds all of it.

pub mod attempt;
pub mod deadline;
pub mod prompt;
pub mod retry;

use std::time::Duration;

use mock_claude::internals::chance::RequestKey;
use reports::Cause;
use tokio::time::sleep;

use self::attempt::Try;
use self::deadline::Deadline;
use self::prompt::Prompt;
use self::retry::Failed;
use crate::admission::{Ask, Denial, Pass};
use crate::client::answer::{Answer, Failure};
use crate::context::Context;

pub use self::attempt::Part;

/// Asks for one part until there is an answer, or the retry policy gives up.
pub async fn call(
    context: &Context,
    part: Part<'_>,
    prompt: &Prompt<'_>,
) -> Result<Answer, Failure> {
    let deadline = Deadline::begin(context.preset.deadline.part_ms);
    let (need, most_microusd) = prompt.weight(&context.preset.request);
    let mut ask = Ask { job: part.job, is_retry: false, need, most_microusd };
    let (mut attempt, mut last) = (1, None);
    loop {
        let pass = match deadline.bound(enter(context, ask)).await {
            Some(Ok(pass)) => pass,
            Some(Err(denial)) => return Err(denied(denial, last)),
            None => return Err(last.unwrap_or_else(|| deadline.is_over("still in line"))),
        };
        let outcome = Try { part, attempt, pass, deadline }.send(context, prompt).await;
        let Failure { cause, detail } = match &outcome.result {
            Ok(answer) => return Ok(answer.clone()),
            Err(failure) => failure.clone(),
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
async fn enter(context: &Context, ask: Ask) -> Result<Pass<'_>, Denial> {
    loop {
        match context.admission.enter(ask).await {
            Err(Denial::BudgetFor(wait_us)) => {
                sleep(Duration::from_millis(wait_us.div_ceil(1000))).await;
            }
            other => return other,
        }
    }
}

/// Why a part has no answer that was not sent again, or not at all.
fn denied(denial: Denial, last: Option<Failure>) -> Failure {
    let why = match denial {
        Denial::Spend(detail) => return Failure { cause: Cause::BudgetStop, detail },
        Denial::Breaker => "the circuit breaker is open",
        Denial::Budget | Denial::BudgetFor(_) => "the retry budget is empty",
    };
    match last {
        Some(Failure { cause, detail }) => {
            Failure { cause, detail: format!("{detail} (not tried again: {why})") }
        }
        None => Failure { cause: Cause::CircuitOpen, detail: format!("not sent: {why}") },
    }
}

//! Admission: what every call of a pipeline passes before it is sent. Caps, breaker, budget,
//! concurrency and pace, shared by all its jobs.
//!
//! Calls pass in the order in which they came. Only the first in line looks at the state and waits
//! for it to change; the others wait behind it, so that no call is passed over and nobody is woken
//! in vain. With every policy off everything is admitted, and it costs nothing.

pub mod adaptive;
pub mod breaker;
pub mod bucket;
pub mod budget;
mod meter;
pub mod pacing;
pub mod spend;

use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use reports::Cause;
use tokio::sync::Notify;
use tokio::time::sleep_until;

use self::adaptive::Adaptive;
use self::breaker::{Breaker, Era, Passage};
use self::budget::{Budget, Room};
use self::pacing::{Need, Pace, Pacer, Sent};
use self::spend::{DaySum, Funds, Spend};
use crate::client::server_hints::RetryAfter;
use crate::client::usage::Told;
use crate::client::{Head, Outcome};
use crate::outside::RunClock;
use crate::preset::Preset;

/// The longest that a refusal holds up the whole pipeline.
const MAX_HOLD_MS: u64 = 600_000;

/// A call that wants to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    /// The job that it belongs to.
    pub job: u64,
    /// Whether it is tried again.
    pub is_retry: bool,
    /// What it needs of the API's limits.
    pub need: Need,
    /// The most that it can cost.
    pub most_microusd: u64,
}

/// Why a call is not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// A spend cap is in the way; in words, which one.
    Spend(String),
    /// The breaker is open, and its policy is to fail.
    Breaker,
    /// There is no retry left in the budget, and never will be.
    Budget,
    /// There is no retry left in the budget before this many microseconds have passed.
    BudgetFor(u64),
}

/// What admits the calls of one pipeline.
#[derive(Debug)]
pub struct Admission {
    clock: RunClock,
    is_open: bool,
    line: tokio::sync::Mutex<()>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    spend: Option<Spend>,
    breaker: Option<Breaker>,
    budget: Option<Budget>,
    adaptive: Option<Adaptive>,
    pacer: Option<Pacer>,
    /// Calls sent so far.
    sent: u64,
    under_way: u64,
}

/// What a look at the state says.
enum Decision {
    Pass(Ticket),
    Deny(Denial),
    /// Until something changes, or until a moment if that is earlier.
    Wait(Option<u64>),
}

/// Why a call failed, and whether the server said how long to wait.
#[derive(Debug, Clone, Copy)]
struct FailedCall {
    cause: Cause,
    has_wait: bool,
}

/// How a call ended.
enum End {
    Answered,
    Failed(FailedCall),
    GivenUp,
}

/// What a call that was sent owes the state.
#[derive(Debug, Clone, Copy)]
struct Ticket {
    era: Era,
    is_probe: bool,
    sent: Sent,
}

impl Admission {
    /// The admission of a pipeline whose day has cost something already.
    pub fn new(preset: &Preset, clock: RunClock, already: DaySum) -> Self {
        let state = State {
            spend: Spend::new(&preset.spend, already),
            breaker: Breaker::new(&preset.breaker),
            budget: Budget::new(&preset.budget),
            adaptive: Adaptive::new(&preset.schedule.adaptive),
            pacer: Pacer::new(&preset.schedule.pacing),
            sent: 0,
            under_way: 0,
        };
        Self {
            clock,
            is_open: state.spend.is_none()
                && state.breaker.is_none()
                && state.budget.is_none()
                && state.adaptive.is_none()
                && state.pacer.is_none(),
            line: tokio::sync::Mutex::default(),
            state: Mutex::new(state),
            changed: Notify::new(),
        }
    }

    /// Waits until a call may be sent.
    pub async fn enter(&self, ask: Ask) -> Result<Pass<'_>, Denial> {
        if self.is_open {
            return Ok(Pass::new(self, ask, None));
        }
        let _first = self.line.lock().await;
        loop {
            let decision = self.state().look(self.clock, &ask);
            let until_us = match decision {
                Decision::Pass(ticket) => {
                    return Ok(Pass::new(self, ask, Some(ticket)));
                }
                Decision::Deny(denial) => return Err(denial),
                Decision::Wait(until_us) => until_us,
            };
            let Some(until_us) = until_us else {
                self.changed.notified().await;
                continue;
            };
            let due = self.clock.moment(Duration::from_millis(until_us.div_ceil(1000)));
            tokio::select! {
                biased;
                () = self.changed.notified() => {}
                () = sleep_until(due) => {}
            }
        }
    }

    /// Counts what an earlier life of the run has paid for a file: a cap holds over all of them.
    pub fn spent_before(&self, file: u64, cost_microusd: u64) {
        if let Some(spend) = &mut self.state().spend {
            spend.debit(self.clock.epoch_ms(), file, 0, cost_microusd);
        }
    }

    /// What the day has cost, where spending is capped: to be kept for the next run.
    pub fn day(&self) -> Option<DaySum> {
        self.state().spend.as_ref().map(Spend::day)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

impl State {
    fn look(&mut self, clock: RunClock, ask: &Ask) -> Decision {
        let now_us = clock.now_us();
        if let Some(spend) = &mut self.spend {
            match spend.funds(clock.epoch_ms(), ask.job, ask.most_microusd) {
                Funds::Enough => {}
                Funds::Wait => return Decision::Wait(None),
                Funds::Spent(words) => return Decision::Deny(Denial::Spend(words)),
            }
        }
        let passage = self.breaker.as_mut().map_or(Passage::Free, |it| it.passage(now_us));
        let is_probe = match passage {
            Passage::Free => false,
            Passage::Probe => true,
            Passage::WaitUntil(until_us) => return Decision::Wait(Some(until_us)),
            Passage::Wait => return Decision::Wait(None),
            Passage::Fail => return Decision::Deny(Denial::Breaker),
        };
        // A probe is sent for the breaker's sake, whoever's turn it is.
        let pays = ask.is_retry && !is_probe;
        match self.budget.as_ref().filter(|_| pays).map(|budget| budget.room(now_us)) {
            None | Some(Room::Now) => {}
            // Not in line: those behind it may be first calls, which make room.
            Some(Room::In(wait_us)) => return Decision::Deny(Denial::BudgetFor(wait_us)),
            Some(Room::Never) => return Decision::Deny(Denial::Budget),
        }
        if self.adaptive.as_ref().is_some_and(|adaptive| self.under_way >= adaptive.limit()) {
            return Decision::Wait(None);
        }
        match self.pacer.as_ref().map_or(Pace::Now, |pacer| pacer.pace(now_us, ask.need)) {
            Pace::Now => Decision::Pass(self.send(now_us, ask, is_probe)),
            Pace::At(at_us) => Decision::Wait(Some(at_us)),
            Pace::AfterAnswer => Decision::Wait(None),
        }
    }

    fn send(&mut self, now_us: u64, ask: &Ask, is_probe: bool) -> Ticket {
        self.sent += 1;
        self.under_way += 1;
        if let Some(spend) = &mut self.spend {
            spend.set_aside(ask.job, ask.most_microusd);
        }
        match &mut self.budget {
            Some(budget) if !ask.is_retry => budget.called(),
            Some(budget) if !is_probe => budget.take(now_us),
            _ => {}
        }
        let sequence = self.sent;
        let unpaced = Sent { sequence, at_us: now_us, expected_output: 0 };
        Ticket {
            era: self.breaker.as_mut().map_or(0, Breaker::sent),
            is_probe,
            sent: self.pacer.as_mut().map_or(unpaced, |it| it.sent(now_us, sequence, ask.need)),
        }
    }

    fn answered(&mut self, clock: RunClock, ticket: Ticket, head: Head<'_>) {
        let now_us = clock.now_us();
        if let Some(pacer) = &mut self.pacer {
            let today_ms = clock.epoch_ms();
            let to_us = |at_ms: u64| (now_us / 1000 + at_ms.saturating_sub(today_ms)) * 1000;
            pacer.answered(ticket.sent, &head.hints.quota, to_us);
            if head.status == 429
                && let Some(retry_after) = head.hints.retry_after
            {
                let hold_ms = RetryAfter::wait_ms(retry_after, today_ms).min(MAX_HOLD_MS);
                pacer.hold(now_us + hold_ms * 1000);
            }
        }
        let Sent { sequence, at_us, .. } = ticket.sent;
        if head.status == 200 {
            if let Some(adaptive) = &mut self.adaptive {
                adaptive.answered(now_us.saturating_sub(at_us), sequence, self.sent);
            }
            self.came_back(now_us, ticket, false);
        }
    }

    /// Tells the breaker, and the limit of concurrency where that ends an outage.
    fn came_back(&mut self, now_us: u64, ticket: Ticket, failed: bool) {
        let closes = self
            .breaker
            .as_mut()
            .is_some_and(|breaker| breaker.came_back(now_us, ticket.era, failed));
        if let Some(adaptive) = self.adaptive.as_mut().filter(|_| closes) {
            adaptive.restart();
        }
    }

    fn failed(&mut self, now_us: u64, ticket: Ticket, failed: FailedCall, is_counted: bool) {
        let FailedCall { cause, has_wait } = failed;
        let is_an_outage = breaker::is_an_outage(cause);
        if is_an_outage || !is_counted {
            self.came_back(now_us, ticket, is_an_outage);
        }
        let is_strain = match cause {
            // One that says how long to wait is about the rate, and the pace has seen to it.
            Cause::RateLimited => self.pacer.is_none() || !has_wait,
            Cause::Overloaded | Cause::CallTimeout => true,
            _ => false,
        };
        // The breaker has seen to an outage that is probed.
        if is_strain && !ticket.is_probe {
            let last = self.sent;
            if let Some(adaptive) = &mut self.adaptive {
                adaptive.strained(ticket.sent.sequence, last);
            }
        }
    }
}

/// A call that was let through. Dropped before its end, it is over all the same.
#[derive(Debug)]
pub struct Pass<'a> {
    admission: &'a Admission,
    ask: Ask,
    ticket: Option<Ticket>,
    is_answered: bool,
    /// Whether the breaker has counted it as a success already.
    is_counted: bool,
}

impl<'a> Pass<'a> {
    const fn new(admission: &'a Admission, ask: Ask, ticket: Option<Ticket>) -> Self {
        Self { admission, ask, ticket, is_answered: false, is_counted: false }
    }

    /// Notes the head of the response.
    pub fn answered(&mut self, head: Head<'_>) {
        if let Some(ticket) = self.ticket {
            self.is_answered = true;
            self.is_counted = head.status == 200;
            self.admission.state().answered(self.admission.clock, ticket, head);
            self.admission.changed.notify_one();
        }
    }

    /// Notes how the call ended, and what its reply told.
    pub fn ended(mut self, outcome: &Outcome, told: Told) {
        let has_wait = outcome.hints.retry_after.is_some();
        let end = match &outcome.result {
            Ok(_) => End::Answered,
            Err(failure) => End::Failed(FailedCall { cause: failure.cause, has_wait }),
        };
        self.over(&end, told);
    }

    /// Notes that the call was given up, and what it told until then.
    pub fn given_up(mut self, told: Told) {
        self.over(&End::GivenUp, told);
    }

    fn over(&mut self, end: &End, told: Told) {
        let Some(ticket) = self.ticket.take() else { return };
        let clock = self.admission.clock;
        let now_us = clock.now_us();
        let mut state = self.admission.state();
        state.under_way -= 1;
        if let Some(pacer) = &mut state.pacer {
            if !self.is_answered {
                pacer.unanswered();
            }
            pacer.ended(now_us, ticket.sent, told.tokens_out);
        }
        match end {
            End::Failed(failed) => state.failed(now_us, ticket, *failed, self.is_counted),
            End::Answered => {}
            End::GivenUp => {
                if let Some(breaker) = state.breaker.as_mut().filter(|_| !self.is_counted) {
                    breaker.given_up(ticket.era);
                }
            }
        }
        if let Some(spend) = &mut state.spend {
            let Ask { job, most_microusd, .. } = self.ask;
            // What nobody told may have cost as much as it could.
            let cost_microusd = told.cost_microusd.unwrap_or(most_microusd);
            spend.debit(clock.epoch_ms(), job, most_microusd, cost_microusd);
        }
        drop(state);
        self.admission.changed.notify_one();
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        // Nothing was sent: what was sent is ended or given up.
        self.over(&End::GivenUp, Told::NOTHING);
    }
}

#[cfg(test)]
mod tests;

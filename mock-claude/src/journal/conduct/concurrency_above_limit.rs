//! The client went on sending more at once than it had been allowed to.

use super::finding::{Finding, Severity, count};
use super::history::{Attempt, History};
use crate::journal::trace::Limit;

/// How long after the first refusal it takes to be heard by all parts of a client.
const HEARD_US: u64 = 1_000_000;

pub(super) fn check(history: &History<'_>) -> Option<Finding> {
    let refused =
        || history.attempts().filter(|attempt| attempt.0.trace.limit == Some(Limit::Concurrency));
    let told_us = refused().map(Attempt::ended_us).min()?;
    let too_many = refused().map(|attempt| attempt.0.trace.in_flight).min()?;
    let mut later: Vec<Attempt<'_>> = history
        .attempts()
        .filter(|attempt| attempt.0.trace.started_us >= told_us.saturating_add(HEARD_US))
        .collect();
    later.sort_by_key(|attempt| attempt.0.number);
    let above: Vec<&Attempt<'_>> =
        later.iter().filter(|attempt| attempt.0.trace.in_flight >= too_many).collect();
    Some(Finding {
        name: "concurrency_above_limit",
        severity: Severity::Error,
        count: count(above.len()),
        n: count(later.len()),
        example: vec![above.first()?.id()],
        advice: "send no more at once than was admitted before the 429 about concurrency",
    })
}

#[cfg(test)]
mod tests {
    use super::super::history::testing::{call, failed, ok, records};
    use super::*;

    #[test]
    fn what_comes_after_the_refusal_must_be_fewer_at_once() {
        let mut all = records([call(1, [failed(0, 429)]), call(2, [ok(5_000)])]);
        all[0].trace.limit = Some(Limit::Concurrency);
        all[0].trace.in_flight = 4;
        all[1].trace.in_flight = 3;
        assert_eq!(check(&History::of(&all)), None);
        all[1].trace.in_flight = 4;
        assert_eq!(check(&History::of(&all)).unwrap().count, 1);
    }
}

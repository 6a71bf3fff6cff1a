//! The client went on sending more at once than it had been allowed to.
//!
//! A limit may be shared, so only what the client itself has under way counts against it. And a
//! request that was refused has to come again at some time: only new questions count.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Finding, Severity, count};
use super::history::{Attempt, History};
use crate::basis::hex::Hex;
use crate::journal::trace::Limit;

/// How long after the first refusal it takes to be heard by all parts of a client.
const HEARD_US: u64 = 1_000_000;

pub(super) fn check(history: &History<'_>) -> Option<Finding> {
    let refused =
        || history.attempts().filter(|attempt| attempt.0.trace.limit == Some(Limit::Concurrency));
    let told_us = refused().map(Attempt::ended_us).min()?;
    let too_many = refused().map(|attempt| attempt.0.trace.in_flight).min()?;
    let mut all: Vec<Attempt<'_>> = history.attempts().collect();
    all.sort_by_key(|attempt| (attempt.began_us(), attempt.0.number));
    let heard_us = told_us.saturating_add(HEARD_US);
    let later = all.iter().zip(under_way(&all));
    let new: BTreeSet<u64> = history.calls.iter().map(|call| call.attempts[0].0.number).collect();
    let later = later
        .filter(|(attempt, _)| attempt.began_us() >= heard_us && new.contains(&attempt.0.number));
    let above: Vec<_> = later.clone().filter(|(_, own)| *own >= too_many).collect();
    Some(Finding {
        name: "concurrency_above_limit",
        severity: Severity::Error,
        count: count(above.len()),
        n: count(later.count()),
        evidence: Vec::new(),
        example: vec![above.first()?.0.id()],
        advice: "send no more at once than was admitted before the 429 about concurrency",
    })
}

/// How many requests of its own client were under way when each of these began, itself included.
/// They are in the order of their beginning.
fn under_way(attempts: &[Attempt<'_>]) -> Vec<u32> {
    let mut ends: BTreeMap<Option<Hex<6>>, Vec<u64>> = BTreeMap::new();
    let each = attempts.iter().map(|attempt| {
        let open = ends.entry(attempt.0.trace.key).or_default();
        open.retain(|ended_us| *ended_us > attempt.began_us());
        open.push(attempt.ended_us());
        u32::try_from(open.len()).unwrap_or(u32::MAX)
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::super::history::testing::{call, failed, ok, records};
    use super::*;
    use crate::journal::Record;

    /// One that was refused as the fourth, and this many together five seconds later.
    fn then(together: u64) -> Vec<Record> {
        let refused = call(100, [failed(0, 429)]);
        let mut all = records((0..together).map(|n| call(n, [ok(5_000)])).chain([refused]));
        (all[0].trace.limit, all[0].trace.in_flight) = (Some(Limit::Concurrency), 4);
        for record in &mut all[1..] {
            record.trace.ended_us = Some(6_000_000);
        }
        all
    }

    #[test]
    fn what_comes_after_the_refusal_must_be_fewer_at_once() {
        assert_eq!(check(&History::of(&then(3))), None);
        assert_eq!(check(&History::of(&then(4))).unwrap().count, 1);
    }

    #[test]
    fn who_was_refused_may_come_again() {
        let mut all = then(4);
        all[4].trace.subject = all[0].trace.subject;
        assert_eq!(check(&History::of(&all)), None);
    }

    #[test]
    fn what_others_have_under_way_counts_against_nobody() {
        let mut all = then(4);
        all[4].trace.key = Some(Hex([1; 6]));
        assert_eq!(check(&History::of(&all)), None);
    }
}

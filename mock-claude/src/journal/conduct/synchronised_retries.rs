//! Many calls come back in the same moment: a thundering herd.
//!
//! Waits that the answer asked for do not count against the client.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Finding, Severity, count};
use super::history::History;

/// What counts as the same moment.
const MOMENT_US: u64 = 2_000;

/// Calls that make a herd.
const HERD: usize = 5;

pub(super) fn check(history: &History<'_>) -> Option<Finding> {
    let mut moments: BTreeMap<u64, Vec<(usize, String)>> = BTreeMap::new();
    for (number, call) in history.calls.iter().enumerate() {
        for retry in call.retries().filter(|retry| retry.chosen()) {
            let moment = retry.after.0.trace.started_us / MOMENT_US;
            moments.entry(moment).or_default().push((number, retry.after.id()));
        }
    }
    let all: usize = moments.values().map(Vec::len).sum();
    let herds: Vec<&Vec<(usize, String)>> = moments
        .values()
        .filter(|moment| moment.iter().map(|(call, _)| call).collect::<BTreeSet<_>>().len() >= HERD)
        .collect();
    let in_herds: usize = herds.iter().map(|herd| herd.len()).sum();
    // Under load some retries coincide by chance; half of them do not.
    if in_herds * 2 < all {
        return None;
    }
    Some(Finding {
        name: "synchronised_retries",
        severity: Severity::Error,
        count: count(in_herds),
        n: count(all),
        example: herds.first()?.iter().map(|(_, id)| id.clone()).take(HERD).collect(),
        advice: "clients that fail together must not come back together: take each wait at random \
                 between zero and the bound",
    })
}

#[cfg(test)]
mod tests {
    use super::super::history::testing::{call, failed, limited, ok, records};
    use super::*;

    #[test]
    fn ten_calls_in_one_millisecond_are_a_herd_unless_they_were_told_to() {
        let herd = records((0..10).map(|n| call(n, [failed(0, 529), ok(1_000)])));
        assert_eq!(check(&History::of(&herd)).unwrap().count, 10);
        let spread = records((0..10).map(|n| call(n, [failed(0, 529), ok(1_000 + n * 9)])));
        assert_eq!(check(&History::of(&spread)), None);
        let asked = records((0..10).map(|n| call(n, [limited(0, 1_000), ok(1_000)])));
        assert_eq!(check(&History::of(&asked)), None);
    }
}

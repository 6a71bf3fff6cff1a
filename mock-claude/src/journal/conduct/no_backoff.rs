//! The client's waits do not grow from attempt to attempt.
//!
//! A wait that is taken at random from a growing range may well be shorter than the one before, so
//! a single call says little: only no wait at all and waits that are equal to a hair are certain.
//! Otherwise it takes many calls, nearly all of which do not grow.

use super::finding::{Finding, Severity, count};
use super::history::{Call, History, Retry};

/// The SDKs let no wait grow beyond about this, and none that is as long has to.
const LONG_US: u64 = 6_000_000;

/// Waits below this are none, and those below that are none beyond all doubt: what a client needs
/// to send a request again.
const NONE_US: u64 = 50_000;
const SURELY_NONE_US: u64 = 10_000;

/// Waits are equal to a hair where they differ by less than one part in this many, and what a clock
/// adds.
const SAME_PART: u64 = 50;
const SLACK_US: u64 = 5_000;

/// Calls that it takes where the waits are equal but few, and where they are at random.
const MIN_EVEN: usize = 3;
const MIN_CALLS: usize = 10;

/// Calls whose first failures lie within this time have two waits in common with a machine that
/// stood still: only a third shows whether they grow.
const TOGETHER_US: u64 = 250_000;

pub(super) fn check(history: &History<'_>) -> Option<Finding> {
    let several: Vec<(&Call<'_>, Vec<u64>)> = history
        .calls
        .iter()
        .map(|call| (call, waits(call)))
        .filter(|(_, waits)| waits.len() >= 2)
        .collect();
    let nearly_all = |number: usize| number * 10 >= several.len() * 9;
    let of = |is: fn(&[u64]) -> bool| several.iter().filter(move |(_, waits)| is(waits));
    // By chance, hardly one call in a hundred looks like that.
    let certain = of(is_certain).count();
    let is_found = (certain > 0 && certain * 2 >= several.len())
        || (several.len() >= MIN_EVEN && nearly_all(of(is_even).count()))
        || (several.len() >= MIN_CALLS && nearly_all(of(is_flat).count()) && tells(&several));
    let mut flat = of(is_flat).filter(|_| is_found);
    let first = flat.next()?.0;
    Some(Finding {
        name: "no_backoff",
        severity: Severity::Error,
        count: count(flat.count() + 1),
        n: count(several.len()),
        evidence: Vec::new(),
        example: first.attempts.iter().map(|attempt| attempt.id()).take(8).collect(),
        advice: "double the wait with each attempt, up to a bound",
    })
}

/// The waits of a call, if the client chose all of them itself.
fn waits(call: &Call<'_>) -> Vec<u64> {
    if !call.retries().all(Retry::chosen) {
        return Vec::new();
    }
    call.retries().map(Retry::gap_us).collect()
}

/// Whether waits that do not grow say something of the client, and not of its machine.
fn tells(calls: &[(&Call<'_>, Vec<u64>)]) -> bool {
    let failed_us = || calls.iter().map(|(call, _)| call.attempts[0].ended_us());
    let least_us = failed_us().min().unwrap_or(0);
    calls.iter().all(|(_, waits)| waits.len() >= 3)
        || failed_us().any(|us| us > least_us.saturating_add(TOGETHER_US))
}

/// The last wait is hardly longer than the first, and not long.
fn is_flat(waits: &[u64]) -> bool {
    let (first, last) = (waits[0], waits[waits.len() - 1]);
    last < NONE_US || (last < LONG_US && last < first.saturating_add(first / 4))
}

fn is_even(waits: &[u64]) -> bool {
    let (least, most) = (waits.iter().min().unwrap_or(&0), waits.iter().max().unwrap_or(&0));
    let same = most - least <= (most / SAME_PART).saturating_add(SLACK_US);
    is_flat(waits) && (same || *most < NONE_US)
}

fn is_certain(waits: &[u64]) -> bool {
    waits.iter().all(|wait| *wait < SURELY_NONE_US) || (waits.len() >= 3 && is_even(waits))
}

#[cfg(test)]
mod tests {
    use super::super::history::testing::{call, failed, records};
    use super::*;

    fn at<const N: usize>(times_ms: [u64; N]) -> Option<Finding> {
        check(&History::of(&records([call(1, times_ms.map(|at_ms| failed(at_ms, 529)))])))
    }

    #[test]
    fn equal_waits_are_found_and_doubled_ones_are_not() {
        assert_eq!(at([0, 500, 1_500, 3_500]), None);
        assert_eq!(at([0, 1_000, 2_000, 3_000]).unwrap().n, 1);
        assert_eq!(at([0, 0, 0, 0]).unwrap().count, 1);
        assert_eq!(at([0, 40, 80]), None, "two short ones are chance");
        assert_eq!(at([0, 9_000, 17_000, 24_000]), None, "as long as the SDKs' longest");
    }

    #[test]
    fn a_wait_at_random_from_a_growing_range_may_be_shorter_than_the_one_before() {
        assert_eq!(at([0, 400, 700]), None);
        let at = |n: u64, ms: [u64; 2]| [0, ms[0], ms[1]].map(|ms| failed(n + ms, 529));
        let of = |falls: u64, apart_ms: u64| {
            let calls = (0..12).map(|n| {
                call(n, at(n * apart_ms, if n < falls { [400, 700 + n * 9] } else { [200, 900] }))
            });
            check(&History::of(&records(calls)))
        };
        assert_eq!(of(5, 50), None);
        assert_eq!(of(9, 50), None, "so many are still chance");
        assert_eq!(of(11, 50).unwrap().count, 11);
        assert_eq!(of(11, 1), None, "the machine may have stood still");
    }
}

//! Many calls that failed together come back together: a thundering herd.
//!
//! Together is what waited equally long, or comes in the same moment. Waits that the answer asked
//! for do not count against the client. Under load some retries coincide by chance, and a machine
//! that stands still lets all of them coincide once; so it takes most of them, and more than once.

use std::collections::BTreeMap;

use super::finding::{Finding, Severity, count};
use super::history::{History, Retry};

/// Failures within this time are failures together.
const TOGETHER_US: u64 = 250_000;

/// Waits that differ by less than this, or by less than one part in so many, are the same.
const MOMENT_US: u64 = 10_000;
const SAME_PART: u64 = 25;

/// Calls that make a herd, and herds that make a habit.
const HERD: usize = 5;
const MIN_HERDS: usize = 2;

pub(super) fn check(history: &History<'_>) -> Option<Finding> {
    let groups = together(history);
    let all: usize = groups.iter().map(Vec::len).sum();
    let herds: Vec<(&Vec<Retry<'_>>, usize)> = groups
        .iter()
        .map(|group| (group, herd(group)))
        // Four in five: a straggler makes no difference.
        .filter(|(group, herd)| *herd >= HERD && herd * 5 >= group.len() * 4)
        .collect();
    let in_herds: usize = herds.iter().map(|(_, herd)| herd).sum();
    if herds.len() < MIN_HERDS || in_herds * 4 < all * 3 {
        return None;
    }
    Some(Finding {
        name: "synchronised_retries",
        severity: Severity::Error,
        count: count(in_herds),
        n: count(all),
        evidence: Vec::new(),
        example: herds.first()?.0.iter().map(|retry| retry.after.id()).take(HERD).collect(),
        advice: "clients that fail together must not come back together: take each wait at random \
                 between zero and the bound",
    })
}

/// The retries whose calls failed together, each time for the same time.
fn together<'a>(history: &History<'a>) -> Vec<Vec<Retry<'a>>> {
    let mut by_position: BTreeMap<usize, Vec<Retry<'a>>> = BTreeMap::new();
    for call in &history.calls {
        for (position, retry) in call.retries().enumerate() {
            if retry.chosen() && !(position == 0 && retry.of_broken()) {
                by_position.entry(position).or_default().push(retry);
            }
        }
    }
    let mut groups: Vec<Vec<Retry<'a>>> = Vec::new();
    for mut retries in by_position.into_values() {
        retries.sort_by_key(|retry| retry.before.ended_us());
        let mut from_us = None;
        for retry in retries {
            let failed_us = retry.before.ended_us();
            match groups.last_mut() {
                Some(group) if from_us.is_some_and(|us| failed_us - us <= TOGETHER_US) => {
                    group.push(retry);
                }
                _ => {
                    from_us = Some(failed_us);
                    groups.push(vec![retry]);
                }
            }
        }
    }
    groups
}

/// How many of a group come back together.
fn herd(group: &[Retry<'_>]) -> usize {
    let mut waits: Vec<u64> = group.iter().map(|retry| retry.wait_us()).collect();
    let mut moments: Vec<u64> = group.iter().map(|retry| retry.after.began_us()).collect();
    let width = MOMENT_US.max(waits.iter().min().unwrap_or(&0) / SAME_PART);
    most_within(&mut waits, width).max(most_within(&mut moments, width))
}

/// How many of these lie in any range of this width, at most.
fn most_within(values: &mut [u64], width: u64) -> usize {
    values.sort_unstable();
    let within = |from: usize| {
        values[from..].partition_point(|value| *value <= values[from].saturating_add(width))
    };
    (0..values.len()).map(within).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::history::testing::{call, failed, limited, ok, records};
    use super::*;

    /// Ten calls that first fail this long after each other, and come back twice, each of them so
    /// much later than the one before.
    fn ten(apart_ms: u64, late_ms: u64) -> Option<Finding> {
        let at = |n: u64| [0, 1_000 + n * late_ms, 3_000 + 2 * n * late_ms];
        let of = |n: u64| call(n, at(n).map(|ms| failed(n * apart_ms + ms, 529)));
        check(&History::of(&records((0..10).map(of))))
    }

    #[test]
    fn ten_calls_that_come_back_in_the_same_moment_are_a_herd_unless_they_were_told_to() {
        assert_eq!(ten(0, 0).unwrap().count, 20);
        assert_eq!(ten(0, 40), None, "they spread");
        let told = |n| call(n, [limited(0, 1_000), limited(1_000, 1_000), ok(2_000)]);
        assert_eq!(check(&History::of(&records((0..10).map(told)))), None);
        let once = |n| call(n, [failed(0, 529), ok(1_000)]);
        assert_eq!(check(&History::of(&records((0..10).map(once)))), None, "once is chance");
    }

    #[test]
    fn calls_that_failed_one_after_the_other_and_wait_equally_long_are_a_herd() {
        assert_eq!(ten(9, 0).unwrap().count, 20);
        assert_eq!(ten(999, 0), None, "each was alone");
    }

    #[test]
    fn a_thousand_calls_with_the_sdks_jitter_are_no_herd() {
        let calls = (0..1_000).map(|n| call(n, [failed(n / 50, 529), ok(375 + n * 7 % 125)]));
        assert_eq!(check(&History::of(&records(calls))), None);
    }
}

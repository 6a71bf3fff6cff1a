//! All calls wait equally long before the same attempt, to within a hair.

use super::finding::{Finding, Severity, count};
use super::history::{History, Retry};

/// Waits that it takes to say anything.
const MIN_SAMPLES: usize = 5;

/// Waits that differ from their median by less than one part in this many are the same.
const SAME_PART: u64 = 50;

/// What a real clock adds to a wait.
const SLACK_US: u64 = 3_000;

/// Calls that failed within this time and wait equally long once may have met a machine that stood
/// still; those of two such times have not.
const TOGETHER_US: u64 = 250_000;

pub(super) fn check(history: &History<'_>) -> Option<Finding> {
    let longest = history.calls.iter().map(|call| call.attempts.len()).max()?;
    let (mut same, mut judged, mut moments) = (0, 0, 0);
    let mut example = None;
    for position in 0..longest.saturating_sub(1) {
        let nth = history.calls.iter().filter_map(|call| call.retries().nth(position));
        let chosen = nth.filter(|retry| retry.chosen() && !(position == 0 && retry.of_broken()));
        let mut chosen: Vec<Retry<'_>> = chosen.collect();
        if chosen.len() < MIN_SAMPLES {
            continue;
        }
        chosen.sort_by_key(|retry| retry.wait_us());
        let median = chosen[chosen.len() / 2].wait_us();
        let near = |retry: &&Retry<'_>| {
            retry.wait_us().abs_diff(median) <= (median / SAME_PART).saturating_add(SLACK_US)
        };
        let near: Vec<&Retry<'_>> = chosen.iter().filter(near).collect();
        judged += chosen.len();
        // Nine in ten: a stray wait is no jitter.
        if near.len() * 10 >= chosen.len() * 9 {
            same += near.len();
            moments += moments_of(&near);
            example.get_or_insert_with(|| chosen[0].ids());
        }
    }
    if moments < 2 || same * 4 < judged * 3 {
        return None;
    }
    Some(Finding {
        name: "no_jitter",
        severity: Severity::Warning,
        count: count(same),
        n: count(judged),
        evidence: Vec::new(),
        example: example?,
        advice: "take each wait at random from a range, so that clients that failed together do \
                 not come back together",
    })
}

/// At how many times the failures before these retries happened.
fn moments_of(retries: &[&Retry<'_>]) -> usize {
    let mut failed_us: Vec<u64> = retries.iter().map(|retry| retry.before.ended_us()).collect();
    failed_us.sort_unstable();
    failed_us.dedup_by(|later, first| *later - *first <= TOGETHER_US);
    failed_us.len()
}

#[cfg(test)]
mod tests {
    use super::super::history::testing::{call, failed, ok, records};
    use super::*;

    fn with(jitter_ms: u64) -> Option<Finding> {
        let calls = (0..10)
            .map(|n| call(n, [failed(n * 7_777, 529), ok(n * 7_777 + 1_000 - n * jitter_ms)]));
        check(&History::of(&records(calls)))
    }

    #[test]
    fn ten_equal_waits_have_no_jitter_and_ten_different_ones_have() {
        assert_eq!(with(0).unwrap().count, 10);
        assert_eq!(with(25), None);
    }

    #[test]
    fn once_together_is_no_lack_of_jitter_and_twice_is() {
        let calls = |moments: u64| {
            let at = move |n: u64| (0..=moments).map(move |k| failed(n + (k << k) * 500, 529));
            check(&History::of(&records((0..10).map(|n| call(n, at(n))))))
        };
        assert_eq!(calls(1), None, "the machine may have stood still");
        assert_eq!(calls(2).unwrap().count, 20);
    }

    #[test]
    fn one_repeat_at_once_of_a_broken_connection_is_no_lack_of_jitter() {
        let mut all = records((0..10).map(|n| call(n, [ok(n * 7_777), ok(n * 7_777 + 1)])));
        for record in all.iter_mut().step_by(2) {
            record.trace.cut = true;
        }
        assert_eq!(check(&History::of(&all)), None);
    }
}

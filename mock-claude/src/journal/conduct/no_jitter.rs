//! All calls wait equally long before the same attempt, to within a hair.

use super::finding::{Finding, Severity, count};
use super::history::{History, Retry};

/// Waits that it takes to say anything.
const MIN_SAMPLES: usize = 5;

/// Waits that differ from their median by less than one part in this many are the same.
const SAME_PART: u64 = 50;

/// What a real clock adds to a wait.
const SLACK_US: u64 = 3_000;

pub(super) fn check(history: &History<'_>) -> Option<Finding> {
    let longest = history.calls.iter().map(|call| call.attempts.len()).max()?;
    let (mut same, mut judged) = (0, 0);
    let mut example = None;
    for position in 0..longest.saturating_sub(1) {
        let nth = history.calls.iter().filter_map(|call| call.retries().nth(position));
        let mut chosen: Vec<Retry<'_>> = nth.filter(|retry| retry.chosen()).collect();
        if chosen.len() < MIN_SAMPLES {
            continue;
        }
        chosen.sort_by_key(|retry| retry.gap_us());
        let median = chosen[chosen.len() / 2].gap_us();
        let near = |retry: &&Retry<'_>| {
            retry.gap_us().abs_diff(median) <= (median / SAME_PART).saturating_add(SLACK_US)
        };
        let near = chosen.iter().filter(near).count();
        judged += chosen.len();
        // Nine in ten: a stray wait is no jitter.
        if near * 10 >= chosen.len() * 9 {
            same += near;
            example.get_or_insert_with(|| chosen[0].ids());
        }
    }
    Some(Finding {
        name: "no_jitter",
        severity: Severity::Warning,
        count: count(same),
        n: count(judged),
        example: example?,
        advice: "take each wait at random from a range, so that clients that failed together do \
                 not come back together",
    })
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
}

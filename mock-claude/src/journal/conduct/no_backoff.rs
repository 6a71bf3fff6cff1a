//! The client's waits do not grow from attempt to attempt.

use super::finding::{Finding, Severity, count};
use super::history::{Call, History};

/// Waits below this are no waits.
const IMMEDIATE_US: u64 = 50_000;

pub(super) fn check(history: &History<'_>) -> Option<Finding> {
    let gaps = |call: &Call<'_>| -> Vec<u64> {
        let chosen = call.retries().filter(|retry| retry.chosen());
        chosen.map(super::history::Retry::gap_us).collect()
    };
    let several: Vec<(&Call<'_>, Vec<u64>)> = history
        .calls
        .iter()
        .map(|call| (call, gaps(call)))
        .filter(|(_, gaps)| gaps.len() >= 2)
        .collect();
    let flat: Vec<_> = several.iter().filter(|(_, gaps)| !grows(gaps)).collect();
    Some(Finding {
        name: "no_backoff",
        severity: Severity::Error,
        count: count(flat.len()),
        n: count(several.len()),
        example: flat.first()?.0.attempts.iter().map(|attempt| attempt.id()).take(8).collect(),
        advice: "double the wait with each attempt, up to a bound",
    })
}

/// The last wait is longer than the first by more than jitter would make it, and no wait is none.
fn grows(gaps: &[u64]) -> bool {
    let (first, last) = (gaps[0], gaps[gaps.len() - 1]);
    last >= first.saturating_add(first / 4) && last >= IMMEDIATE_US
}

#[cfg(test)]
mod tests {
    use super::super::history::testing::{call, failed, records};
    use super::*;

    fn at(times_ms: [u64; 4]) -> Option<Finding> {
        check(&History::of(&records([call(1, times_ms.map(|at_ms| failed(at_ms, 529)))])))
    }

    #[test]
    fn equal_waits_are_found_and_doubled_ones_are_not() {
        assert_eq!(at([0, 500, 1_500, 3_500]), None);
        assert_eq!(at([0, 1_000, 2_000, 3_000]).unwrap().n, 1);
        assert_eq!(at([0, 0, 0, 0]).unwrap().count, 1);
    }
}

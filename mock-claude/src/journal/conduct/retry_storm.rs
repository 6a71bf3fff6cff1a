//! The client multiplies its own load when things go wrong: too many attempts at one call, or too
//! many attempts at all calls together.

use super::finding::{Finding, Severity, count};
use super::history::History;

/// Attempts at one call, at most.
pub(super) const MAX_ATTEMPTS: usize = 6;

/// Attempts for each call on average, at most, over at least this many calls.
pub(super) const MAX_AMPLIFICATION: usize = 3;
const MIN_CALLS: usize = 20;

pub(super) fn check(history: &History<'_>) -> Option<Finding> {
    let calls = history.calls.len();
    let amplified = calls >= MIN_CALLS && history.attempts().count() > MAX_AMPLIFICATION * calls;
    let most = if amplified { MAX_AMPLIFICATION } else { MAX_ATTEMPTS };
    let storms: Vec<_> = history.calls.iter().filter(|call| call.attempts.len() > most).collect();
    Some(Finding {
        name: "retry_storm",
        severity: Severity::Error,
        count: count(storms.len()),
        n: count(calls),
        example: storms.first()?.attempts.iter().map(|attempt| attempt.id()).take(8).collect(),
        advice: "bound the attempts at a call, and give all calls together a retry budget: an \
                 overload that is answered with more load stays",
    })
}

#[cfg(test)]
mod tests {
    use super::super::history::testing::{call, failed, records};
    use super::*;

    fn calls(calls: u64, attempts: u64) -> Option<Finding> {
        let of_one = |n: u64| (0..attempts).map(move |attempt| failed(n + attempt * 1_000, 529));
        check(&History::of(&records((0..calls).map(|n| call(n, of_one(n))))))
    }

    #[test]
    fn seven_attempts_are_a_storm_and_so_are_four_of_everybody() {
        assert_eq!(calls(1, 6), None);
        assert_eq!(calls(1, 7).unwrap().count, 1);
        assert_eq!(calls(20, 3), None);
        assert_eq!(calls(20, 4).unwrap().count, 20);
    }
}

//! The client multiplies its own load when things go wrong: too many attempts at one call, or too
//! many attempts at all calls together.
//!
//! Attempts count where they come soon and nobody asked for them. Patience is no storm: who waits
//! ever longer, or as long as the answers say, adds little load however often it tries.

use super::finding::{Finding, Severity, count};
use super::history::{Call, History};

/// A wait below this is short. The SDKs' first two waits are, and none that follows.
const SHORT_US: u64 = 1_250_000;

/// Attempts at one call in short order, at most.
const MAX_ATTEMPTS: usize = 6;

/// The same for each call on average, at most, over at least this many calls.
const MAX_AMPLIFICATION: usize = 4;
const MIN_CALLS: usize = 20;

pub(super) fn check(history: &History<'_>) -> Option<Finding> {
    let calls = history.calls.len();
    let all: usize = history.calls.iter().map(hasty).sum();
    let amplified = calls >= MIN_CALLS && all > MAX_AMPLIFICATION * calls;
    let most = if amplified { MAX_AMPLIFICATION } else { MAX_ATTEMPTS };
    let storms: Vec<_> = history.calls.iter().filter(|call| hasty(call) > most).collect();
    Some(Finding {
        name: "retry_storm",
        severity: Severity::Error,
        count: count(storms.len()),
        n: count(calls),
        evidence: Vec::new(),
        example: storms.first()?.attempts.iter().map(|attempt| attempt.id()).take(8).collect(),
        advice: "bound the attempts at a call, and give all calls together a retry budget: an \
                 overload that is answered with more load stays",
    })
}

/// The first attempt at a call, and those that came after a short wait of the client's choice.
fn hasty(call: &Call<'_>) -> usize {
    1 + call.retries().filter(|retry| retry.chosen() && retry.gap_us() < SHORT_US).count()
}

#[cfg(test)]
mod tests {
    use super::super::history::testing::{call, failed, limited, records};
    use super::*;

    fn calls(calls: u64, attempts: u64) -> Option<Finding> {
        let of_one = |n: u64| (0..attempts).map(move |attempt| failed(n + attempt * 1_000, 529));
        check(&History::of(&records((0..calls).map(|n| call(n, of_one(n))))))
    }

    #[test]
    fn seven_attempts_are_a_storm_and_so_are_five_of_everybody() {
        assert_eq!(calls(1, 6), None);
        assert_eq!(calls(1, 7).unwrap().count, 1);
        assert_eq!(calls(20, 4), None);
        assert_eq!(calls(20, 5).unwrap().count, 20);
    }

    #[test]
    fn patience_is_no_storm_however_often_it_tries() {
        let doubled = |n| (0..11).map(move |attempt| failed(n + (500 << attempt), 529));
        let patient = records((0..20).map(|n| call(n, doubled(n))));
        assert_eq!(check(&History::of(&patient)), None);
        let told = (0..30).map(|attempt| limited(attempt * 1_000, 1_000));
        assert_eq!(check(&History::of(&records([call(1, told)]))), None);
    }
}

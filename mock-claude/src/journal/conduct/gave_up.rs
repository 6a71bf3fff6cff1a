//! The client asked once, was refused for a moment, and never asked again.

use std::collections::BTreeMap;

use super::finding::{Finding, Severity, count};
use super::history::{Asked, Attempt, Call, History};

/// The longest that a client may be waiting for its next attempt where nobody said how long.
const PATIENCE_US: u64 = 60_000_000;

pub(super) fn check(history: &History<'_>) -> Option<Finding> {
    let now_us = history.now_us()?;
    let elsewhere = Elsewhere::of(history);
    let passing: Vec<&Call<'_>> = history
        .calls
        .iter()
        .filter(|call| !call.unclear && is_passing(call.attempts[0]) && !elsewhere.went(call))
        .collect();
    let mut gave_up = passing.iter().filter(|call| is_over(call, now_us));
    let first = gave_up.next()?;
    Some(Finding {
        name: "gave_up",
        severity: Severity::Warning,
        count: count(gave_up.count() + 1),
        n: count(passing.len()),
        evidence: Vec::new(),
        example: vec![first.last().id()],
        advice: "ask again after 429, 5xx and broken connections: two retries with backoff and \
                 jitter are what the SDKs do by themselves (`max_retries`)",
    })
}

/// Whether somebody may have given up, or may be waiting for the next attempt.
pub(super) fn is_undecided(history: &History<'_>) -> bool {
    let Some(now_us) = history.now_us() else { return false };
    history.calls.iter().any(|call| {
        call.attempts.len() == 1 && is_passing(call.attempts[0]) && !is_over(call, now_us)
    })
}

/// Whether the same request may succeed a moment later. An answer that was cut in its middle may
/// have been kept, and who left it may have had enough: neither has given up for certain.
fn is_passing(attempt: Attempt<'_>) -> bool {
    let passes = matches!(attempt.0.entry.status, 408 | 409 | 429 | 500..) || attempt.unheard();
    passes && attempt.0.trace.should_retry != Some(false) && !attempt.spend_limit()
}

/// Whether the call had one attempt and will have no other.
fn is_over(call: &Call<'_>, now_us: u64) -> bool {
    let [only] = call.attempts[..] else { return false };
    let asked_us = only.0.trace.retry_after_ms.map_or(0, |ms| ms.saturating_mul(1_000));
    only.ended_us().saturating_add(asked_us.max(PATIENCE_US)) < now_us
}

/// When each client last asked about each thing, whichever model or in whichever words.
struct Elsewhere<'a>(BTreeMap<Asked<'a>, u64>);

impl<'a> Elsewhere<'a> {
    fn of(history: &History<'a>) -> Self {
        let mut latest: BTreeMap<_, u64> = BTreeMap::new();
        for attempt in history.attempts() {
            let begun_us = latest.entry(attempt.about()).or_default();
            *begun_us = attempt.began_us().max(*begun_us);
        }
        Self(latest)
    }

    /// Whether the client asked another model, or otherwise, once this call had failed.
    fn went(&self, call: &Call<'a>) -> bool {
        let last = call.last();
        self.0.get(&last.about()).is_some_and(|us| *us > last.began_us() && *us >= last.over_us())
    }
}

#[cfg(test)]
mod tests {
    use super::super::history::testing::{call, failed, limited, ok, records};
    use super::*;

    #[test]
    fn one_try_is_found_once_it_is_certain_that_there_will_be_no_other() {
        let all = |later_ms| records([call(1, [failed(0, 529)]), call(2, [ok(later_ms)])]);
        assert_eq!(check(&History::of(&all(59_000))), None, "it may still be waiting");
        let finding = check(&History::of(&all(61_000))).unwrap();
        assert_eq!((finding.count, finding.n), (1, 1));
        let told = records([call(1, [limited(0, 300_000)]), call(2, [ok(200_000)])]);
        assert_eq!(check(&History::of(&told)), None, "it was told to wait for five minutes");
    }

    #[test]
    fn who_tries_again_or_is_told_not_to_has_not_given_up() {
        let again = records([call(1, [failed(0, 529), failed(500, 529)]), call(2, [ok(90_000)])]);
        assert_eq!(check(&History::of(&again)), None);
        let mut told = records([call(1, [failed(0, 429)]), call(2, [ok(90_000)])]);
        told[0].trace.should_retry = Some(false);
        assert_eq!(check(&History::of(&told)), None);
        let wrong = records([call(1, [failed(0, 400)]), call(2, [ok(90_000)])]);
        assert_eq!(check(&History::of(&wrong)), None);
    }

    #[test]
    fn who_asks_another_model_has_not_given_up() {
        let mut all = records([call(1, [failed(0, 529), ok(10)])]);
        all[1].trace.question = Some(8.into());
        assert_eq!(check(&History::of_ended(&all)), None);
        all[1].trace.subject = Some(9.into());
        assert_eq!(check(&History::of_ended(&all)).unwrap().count, 1);
    }

    #[test]
    fn an_answer_of_which_nothing_came_cannot_have_been_kept() {
        let mut all = records([call(1, [ok(0)])]);
        all[0].trace.cut = true;
        assert_eq!(check(&History::of_ended(&all)), None);
        all[0].trace.unheard = true;
        assert_eq!(check(&History::of_ended(&all)).unwrap().count, 1);
        all[0].trace.client_left = true;
        assert_eq!(check(&History::of_ended(&all)), None, "it hung, and the client left");
    }
}

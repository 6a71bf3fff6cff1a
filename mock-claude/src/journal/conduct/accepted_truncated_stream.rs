//! A stream ended without its last event, and the client asked for nothing more.
//!
//! The mock cannot see whether the caller was informed; hence a warning.

use super::finding::{Finding, Severity, count};
use super::history::{Attempt, Call, History};

pub(super) fn check(history: &History<'_>) -> Option<Finding> {
    let broken = history.attempts().filter(|attempt| is_truncated(*attempt)).count();
    let mut accepted = history.calls.iter().map(Call::last).filter(|last| is_truncated(*last));
    let first = accepted.next()?;
    Some(Finding {
        name: "accepted_truncated_stream",
        severity: Severity::Warning,
        count: count(accepted.count() + 1),
        n: count(broken),
        example: vec![first.id()],
        advice: "no `message_stop` means no answer: check that the client raises an error, and \
                 send the request again",
    })
}

/// A client that leaves a stream that nobody broke has its own finding.
fn is_truncated(attempt: Attempt<'_>) -> bool {
    let trace = &attempt.0.trace;
    let broken = !trace.client_left || attempt.0.entry.fault.is_some();
    attempt.0.entry.status == 200 && trace.stream_complete == Some(false) && broken
}

#[cfg(test)]
mod tests {
    use super::super::history::testing::{call, ok, records};
    use super::*;

    #[test]
    fn a_truncated_stream_wants_another_attempt() {
        let mut all = records([call(1, [ok(0)])]);
        all[0].trace.stream_complete = Some(false);
        assert_eq!(check(&History::of(&all)).unwrap().count, 1);
        let mut again = records([call(1, [ok(0), ok(1_000)])]);
        again[0].trace.stream_complete = Some(false);
        assert_eq!(check(&History::of(&again)), None);
    }
}

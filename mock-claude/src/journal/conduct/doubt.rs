//! Why a client without a finding is not called clean all the same.

use super::gave_up;
use super::history::History;
use super::outcomes::Outcomes;
use crate::basis::count::counted;

/// Requests without which nothing good is said of a client.
pub const MIN_REQUESTS: u64 = 20;

/// What there is to doubt, the plainest reason first.
pub(super) fn of(history: &History<'_>, outcomes: &Outcomes, requests: u64) -> Option<String> {
    let found = if requests < MIN_REQUESTS {
        return Some(format!(
            "{}, and it takes {MIN_REQUESTS} to say anything",
            counted(requests, "request")
        ));
    } else if outcomes.cut > 0 {
        "answers were cut, and nothing says what was made of them"
    } else if outcomes.unclear > 0 {
        "equal questions failed at the same time, and nothing says which requests repeat which"
    } else if kept_short(history) {
        "a fault truncated answers, and nothing says whether anybody noticed"
    } else if left_in_trouble(history) {
        "the client left answers that a fault held up and did not ask again, and nothing says \
         whether it had a timeout or was ended"
    } else if history.ended && outcomes.under_way > 0 {
        "some requests are not over"
    } else if gave_up::is_undecided(history) {
        "requests that failed a moment ago may still be repeated"
    } else {
        return None;
    };
    Some(found.to_owned())
}

/// Whether an answer that a fault had truncated was the last to its question.
fn kept_short(history: &History<'_>) -> bool {
    history.calls.iter().enumerate().any(|(number, call)| {
        let last = call.last();
        let asked_again =
            || history.calls[number + 1..].iter().any(|later| later.last().asked() == last.asked());
        last.0.trace.truncated && last.0.entry.fault.is_some() && !last.failed() && !asked_again()
    })
}

/// Whether a fault drove the client away at its first attempt, and there was no other.
fn left_in_trouble(history: &History<'_>) -> bool {
    history.calls.iter().filter(|call| call.attempts.len() == 1).any(|call| {
        let last = call.last();
        last.left() && last.0.entry.status < 400 && last.0.entry.fault.is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::super::history::testing::{call, ok, records};
    use super::*;
    use crate::journal::Record;

    fn doubt(change: impl Fn(&mut Vec<Record>)) -> Option<String> {
        let mut all = records((0..20).map(|n| call(n, [ok(n * 10)])));
        change(&mut all);
        let history = History::of_ended(&all);
        of(&history, &Outcomes::of(&history), 20)
    }

    #[test]
    fn an_answer_that_a_fault_truncated_is_a_doubt_until_it_is_asked_again() {
        assert_eq!(doubt(|_| ()), None);
        let short = |all: &mut Vec<Record>| {
            all[0].trace.truncated = true;
            all[0].entry.fault = Some("truncated".to_owned());
        };
        assert!(doubt(short).is_some());
        assert_eq!(doubt(|all| all[0].trace.truncated = true), None, "as it was asked for");
        let again = |all: &mut Vec<Record>| {
            short(all);
            all[19].trace.subject = all[0].trace.subject;
        };
        assert_eq!(doubt(again), None);
    }

    #[test]
    fn who_leaves_in_trouble_had_a_timeout_or_was_ended() {
        let left = |all: &mut Vec<Record>| {
            all[0].trace.client_left = true;
            all[0].entry.fault = Some("hang".to_owned());
        };
        assert!(doubt(left).is_some_and(|words| words.contains("timeout")));
    }
}

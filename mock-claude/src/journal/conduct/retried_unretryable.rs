//! The client repeated a request that can only fail again.

use super::finding::{Finding, Severity, count};
use super::history::{Attempt, History, Retry};

pub(super) fn check(history: &History<'_>) -> Option<Finding> {
    let hopeless = history.attempts().filter(|attempt| is_hopeless(*attempt)).count();
    // A request that was changed is another try, not the same again.
    let same = |retry: &Retry<'_>| is_hopeless(retry.before) && retry.is_same();
    let mut repeated = history.retries().filter(same);
    let first = repeated.next()?;
    Some(Finding {
        name: "retried_unretryable",
        severity: Severity::Error,
        count: count(repeated.count() + 1),
        n: count(hopeless),
        evidence: Vec::new(),
        example: first.ids(),
        advice: "a request that is wrong stays wrong: give up on 400, 401, 402, 403, 404, 413 and \
                 422, and on `x-should-retry: false`",
    })
}

/// What the answer says about retries wins over its status. Money is a finding of its own.
fn is_hopeless(attempt: Attempt<'_>) -> bool {
    let said = attempt.0.trace.should_retry;
    let status = attempt.0.entry.status;
    let hopeless = said.map_or_else(|| attempt.is_wrong(), |retry| !retry && status >= 400);
    hopeless && !attempt.spend_limit()
}

#[cfg(test)]
mod tests {
    use super::super::history::testing::{call, failed, ok, records};
    use super::*;

    #[test]
    fn a_bad_request_must_not_be_repeated_unless_the_answer_asks_for_it() {
        let mut all = records([call(1, [failed(0, 400), ok(500)])]);
        assert_eq!(check(&History::of(&all)).unwrap().count, 1);
        all[0].trace.should_retry = Some(true);
        assert_eq!(check(&History::of(&all)), None);
        all[0].entry.status = 529;
        all[0].trace.should_retry = Some(false);
        assert_eq!(check(&History::of(&all)).unwrap().count, 1);
    }

    #[test]
    fn who_changes_what_was_wrong_does_not_repeat_it() {
        let mut all = records([call(1, [failed(0, 400), ok(500)])]);
        all[1].trace.body = 7;
        assert_eq!(check(&History::of(&all)), None);
    }
}

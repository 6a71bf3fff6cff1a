//! The client repeated a request that failed for want of money.

use super::finding::{Finding, Severity, count};
use super::history::History;

pub(super) fn check(history: &History<'_>) -> Option<Finding> {
    let mut repeated = history.retries().filter(|retry| retry.before.spend_limit());
    let first = repeated.next()?;
    Some(Finding {
        name: "retried_spend_limit",
        severity: Severity::Error,
        count: count(repeated.count() + 1),
        n: count(history.attempts().filter(|attempt| attempt.spend_limit()).count()),
        evidence: Vec::new(),
        example: first.ids(),
        advice: "a spend limit does not recover on retry: read `error.details.error_code`, stop, \
                 and tell somebody",
    })
}

#[cfg(test)]
mod tests {
    use super::super::history::testing::{call, failed, records};
    use super::*;
    use crate::journal::trace::Limit;

    #[test]
    fn a_429_for_money_is_not_a_429_for_speed() {
        let mut all = records([call(1, [failed(0, 429), failed(1_000, 429)])]);
        assert_eq!(check(&History::of(&all)), None);
        all[0].trace.limit = Some(Limit::Spend);
        assert_eq!(check(&History::of(&all)).unwrap().count, 1);
    }
}

//! The client came back before the time that the answer had asked for.

use super::finding::{Finding, Severity, count};
use super::history::{History, Retry};

pub(super) fn check(history: &History<'_>) -> Option<Finding> {
    let asked: Vec<Retry<'_>> =
        history.retries().filter(|retry| retry.asked_us().is_some_and(|us| us > 0)).collect();
    let early: Vec<&Retry<'_>> = asked.iter().filter(|retry| retry.early()).collect();
    Some(Finding {
        name: "ignored_retry_after",
        severity: Severity::Error,
        count: count(early.len()),
        n: count(asked.len()),
        evidence: Vec::new(),
        example: early.first()?.ids(),
        advice: "wait at least as long as `retry-after-ms` or `retry-after` says: earlier retries \
                 fail and cost quota",
    })
}

#[cfg(test)]
mod tests {
    use super::super::history::testing::{call, limited, ok, records};
    use super::*;

    #[test]
    fn early_is_found_and_on_time_is_not() {
        let all = records([
            call(1, [limited(0, 2_000), ok(1_000)]),
            call(2, [limited(0, 2_000), ok(2_000)]),
        ]);
        let finding = check(&History::of(&all)).unwrap();
        assert_eq!((finding.count, finding.n), (1, 2));
        let patient = records([call(2, [limited(0, 2_000), ok(2_000)])]);
        assert_eq!(check(&History::of(&patient)), None);
    }
}

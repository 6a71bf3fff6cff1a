//! The client closed the connection before the answer was whole, and nobody had broken it.

use super::finding::{Finding, Severity, count};
use super::history::{Attempt, History};

pub(super) fn check(history: &History<'_>) -> Option<Finding> {
    let left: Vec<Attempt<'_>> = history
        .attempts()
        // Of a refusal, its status is enough to a client.
        .filter(|attempt| attempt.left() && attempt.0.entry.status < 400)
        .filter(|attempt| attempt.0.entry.fault.is_none())
        .collect();
    Some(Finding {
        name: "closed_early",
        severity: Severity::Warning,
        count: count(left.len()),
        n: count(history.attempts().count()),
        evidence: Vec::new(),
        example: vec![left.first()?.id()],
        advice: "a reply that nobody waits for is charged all the same: allow for the time that \
                 the model takes, or stream",
    })
}

#[cfg(test)]
mod tests {
    use super::super::history::testing::{call, ok, records};
    use super::*;

    #[test]
    fn leaving_is_found_unless_a_fault_drove_the_client_away() {
        let mut all = records([call(1, [ok(0)]), call(2, [ok(1)])]);
        all[0].trace.client_left = true;
        let finding = check(&History::of(&all)).unwrap();
        assert_eq!((finding.count, finding.n), (1, 2));
        all[0].entry.fault = Some("hang".to_owned());
        assert_eq!(check(&History::of(&all)), None);
    }
}

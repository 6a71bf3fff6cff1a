//! What a client did wrong, from the journal alone.
//!
//! A pure function of the records: each check is one file that looks at the same history and finds
//! one thing or nothing. Outcomes come first: what became of the client's questions. A client is
//! accused of what is certain and of nothing else; where there is no finding but a doubt, such as
//! too few requests or an answer that was cut and may have been kept, it is unproved.

mod closed_early;
mod concurrency_above_limit;
mod doubt;
mod finding;
mod gave_up;
mod history;
mod ignored_retry_after;
mod no_backoff;
mod no_jitter;
mod outcomes;
mod retried_spend_limit;
mod retried_unretryable;
mod retry_storm;
mod synchronised_retries;

use crate::basis::count::counted;
use std::fmt::Write;

use serde::Serialize;

pub use self::doubt::MIN_REQUESTS;
use self::finding::count;
pub use self::finding::{Evidence, Finding, Severity};
use self::history::History;
pub use self::outcomes::Outcomes;
use super::record::Record;

/// The checks, the gravest first.
const CHECKS: [fn(&History<'_>) -> Option<Finding>; 10] = [
    retried_spend_limit::check,
    ignored_retry_after::check,
    retry_storm::check,
    retried_unretryable::check,
    no_backoff::check,
    synchronised_retries::check,
    concurrency_above_limit::check,
    gave_up::check,
    no_jitter::check,
    closed_early::check,
];

/// The three verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// Nothing wrong.
    Clean,
    /// Something wrong.
    Faulty,
    /// Too little was seen, or what was seen cannot be told.
    Unproved,
}

/// What is said of a client, or of all clients of one mock together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conduct {
    /// The verdict.
    pub verdict: Judgement,
    /// What became of the client's questions.
    pub outcomes: Outcomes,
    /// Requests that were looked at.
    pub requests: u64,
    /// Those among them that failed, and so asked something of the client.
    pub failed: u64,
    /// Older requests that the journal no longer holds.
    pub forgotten: u64,
    /// Why nothing is proved, where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
    /// What was wrong, the gravest first.
    pub findings: Vec<Finding>,
}

/// Judges the clients whose requests these are.
///
/// They may still be at work: a request that failed a moment ago may be repeated in the next.
pub fn judge(records: &[Record]) -> Conduct {
    judged(&History::of(records), records)
}

/// Judges clients that have ended: what they have not repeated by now they will not.
pub fn judge_ended(records: &[Record]) -> Conduct {
    judged(&History::of_ended(records), records)
}

fn judged(history: &History<'_>, records: &[Record]) -> Conduct {
    let findings = CHECKS.iter().filter_map(|check| check(history));
    let findings: Vec<Finding> = findings.map(|finding| finding.proved(records)).collect();
    let attempts = || history.calls.iter().flat_map(|call| &call.attempts);
    let requests = count(attempts().count());
    let outcomes = Outcomes::of(history);
    let doubt = findings.is_empty().then(|| doubt::of(history, &outcomes, requests)).flatten();
    let verdict = match (findings.is_empty(), &doubt) {
        (false, _) => Judgement::Faulty,
        (true, Some(_)) => Judgement::Unproved,
        (true, None) => Judgement::Clean,
    };
    Conduct {
        verdict,
        outcomes,
        requests,
        failed: count(attempts().filter(|attempt| attempt.failed()).count()),
        forgotten: records.first().map_or(0, |record| record.number),
        doubt,
        findings,
    }
}

impl Conduct {
    /// The verdict for a reader.
    pub fn text(&self) -> String {
        let Self { failed, .. } = self;
        let requests = counted(self.requests, "request");
        let mut text = String::new();
        let _ = match self.verdict {
            Judgement::Clean if *failed == 0 => writeln!(
                text,
                "nothing wrong in {requests}; none of them failed, so nothing is known \
                 of the client's retries"
            ),
            Judgement::Clean => {
                writeln!(text, "nothing wrong in {requests}, {failed} of which failed")
            }
            Judgement::Unproved => {
                writeln!(text, "unproved: {}", self.doubt.as_deref().unwrap_or_default())
            }
            Judgement::Faulty => {
                let found = self.findings.len();
                writeln!(text, "{found} wrong in {requests}, {failed} of which failed")
            }
        };
        if self.outcomes.questions > 0 {
            let _ = writeln!(text, "{}", self.outcomes.words());
        }
        for Finding { name, severity, count, n, evidence, advice, .. } in &self.findings {
            let severity = match severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let first: Vec<String> = evidence.iter().map(ToString::to_string).collect();
            let first = first.join(", ");
            let _ = writeln!(
                text,
                "{severity}: {name}: {count} of {n}\n  first: {first}\n  hint: {advice}"
            );
        }
        if self.forgotten > 0 {
            let _ = writeln!(text, "{} older requests were forgotten", self.forgotten);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::history::testing::{call, failed, ok, records};
    use super::*;

    #[test]
    fn a_client_that_was_hardly_seen_is_not_called_clean() {
        let few = judge(&records((0..19).map(|n| call(n, [ok(n * 10)]))));
        assert_eq!(few.verdict, Judgement::Unproved);
        let enough = judge(&records((0..20).map(|n| call(n, [ok(n * 10)]))));
        assert_eq!(enough.verdict, Judgement::Clean);
        assert!(enough.text().starts_with("nothing wrong in 20 requests; none of them failed"));
        assert_eq!(judge(&[]).verdict, Judgement::Unproved);
    }

    #[test]
    fn a_finding_counts_however_few_the_requests() {
        let verdict = judge(&records([call(1, [failed(0, 400), ok(900)])]));
        assert_eq!(verdict.verdict, Judgement::Faulty);
        insta::assert_snapshot!(verdict.text(), @"
        1 wrong in 2 requests, 1 of which failed
        1 question: 0 answered at the first attempt, 1 after up to 2 attempts
        error: retried_unretryable: 1 of 1
          first: req_0 (400 at 0.000 s), req_1 (200 at 0.900 s)
          hint: a request that is wrong stays wrong: give up on 400, 401, 402, 403, 404, 413 and 422, and on `x-should-retry: false`
        ");
    }
}

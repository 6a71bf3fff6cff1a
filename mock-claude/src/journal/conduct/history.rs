//! The journal as calls: one call is one question of a client and everything that was sent to
//! repeat it.
//!
//! Retries are told from new questions by evidence: the same question (model, system, messages and
//! tools) of the same client, after a failure and within an hour of it. The SDK's own count of
//! retries is one witness among others: a loop around an SDK starts it at 0 each time, and so does
//! the next of many users who ask the same. So a request that calls itself the first is a retry
//! where it comes over the connection of the failed one, or where the client has never had two
//! such questions under way at once. What was wanted twice on purpose is no retry: a request after
//! a success, or alongside one that is still under way, is a call of its own.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use crate::journal::record::Record;
use crate::journal::trace::Limit;

/// A later request about the same is a new call, not a retry.
const RETRY_WITHIN_US: u64 = 3_600_000_000;

/// Calls of one client about one thing that may be repeated, at most; the oldest are given up.
const MAX_OPEN: usize = 256;

/// Calls in which a client tried once or more, in order of their beginning.
pub(super) struct History<'a> {
    pub(super) calls: Vec<Call<'a>>,
    /// Whether the client has ended, so that nothing more will come.
    ended: bool,
}

/// One call.
pub(super) struct Call<'a> {
    pub(super) attempts: Vec<Attempt<'a>>,
}

/// One request of a call.
#[derive(Clone, Copy)]
pub(super) struct Attempt<'a>(pub(super) &'a Record);

/// A retry and what it repeats.
#[derive(Clone, Copy)]
pub(super) struct Retry<'a> {
    pub(super) before: Attempt<'a>,
    pub(super) after: Attempt<'a>,
}

/// Who asks what: a client by its key and its job, and the question.
type Asked<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>);

/// Requests that begin this close to each other were sent alongside each other, even where the
/// first was refused before the second came.
const ALONGSIDE_US: u64 = 1_000;

/// The questions that a client had under way more than once at the same time: many users with one
/// prompt. The attempts are in the order of their beginning.
fn crowds<'a>(attempts: &[Attempt<'a>]) -> BTreeSet<Asked<'a>> {
    let mut until_us: BTreeMap<Asked<'a>, u64> = BTreeMap::new();
    let mut crowds = BTreeSet::new();
    for attempt in attempts {
        let started_us = attempt.0.trace.started_us;
        let ended_us = attempt.ended_us().max(started_us.saturating_add(ALONGSIDE_US));
        match until_us.entry(attempt.asked()) {
            Entry::Vacant(first) => {
                first.insert(ended_us);
            }
            Entry::Occupied(mut until_us) => {
                if *until_us.get() > started_us {
                    crowds.insert(attempt.asked());
                }
                *until_us.get_mut() = ended_us.max(*until_us.get());
            }
        }
    }
    crowds
}

impl<'a> History<'a> {
    pub(super) fn of(records: &'a [Record]) -> Self {
        let mut attempts: Vec<Attempt<'a>> = records
            .iter()
            // What reached no decision about a subject has nothing that a retry could repeat.
            .filter(|record| record.trace.subject.is_some())
            .map(Attempt)
            .collect();
        attempts.sort_by_key(|attempt| (attempt.0.trace.started_us, attempt.0.number));
        let crowds = crowds(&attempts);
        let mut calls: Vec<Call<'a>> = Vec::new();
        let mut open: BTreeMap<Asked<'_>, Vec<usize>> = BTreeMap::new();
        for attempt in attempts {
            let trace = &attempt.0.trace;
            let crowded = crowds.contains(&attempt.asked());
            let candidates = open.entry(attempt.asked()).or_default();
            candidates.retain(|&index| {
                let last = calls[index].last();
                last.0.trace.ended_us.is_none_or(|ended_us| {
                    last.failed() && trace.started_us.saturating_sub(ended_us) < RETRY_WITHIN_US
                })
            });
            let repeated =
                candidates.iter().position(|&index| calls[index].repeated_by(attempt, crowded));
            if let Some(position) = repeated {
                // To the end, so that the call that waited longest is repeated first.
                let index = candidates.remove(position);
                candidates.push(index);
                calls[index].attempts.push(attempt);
            } else {
                if candidates.len() == MAX_OPEN {
                    candidates.remove(0);
                }
                candidates.push(calls.len());
                calls.push(Call { attempts: vec![attempt] });
            }
        }
        Self { calls, ended: false }
    }

    /// The same of a client that has ended.
    pub(super) fn of_ended(records: &'a [Record]) -> Self {
        Self { ended: true, ..Self::of(records) }
    }

    /// The moment up to which is known what the client did; none where it did nothing.
    pub(super) fn now_us(&self) -> Option<u64> {
        let latest_us = self.attempts().map(Attempt::began_us).max()?;
        Some(if self.ended { u64::MAX } else { latest_us })
    }

    /// All attempts, in order of their calls.
    pub(super) fn attempts(&self) -> impl Iterator<Item = Attempt<'a>> {
        self.calls.iter().flat_map(|call| call.attempts.iter().copied())
    }

    /// All retries, in order of their calls.
    pub(super) fn retries(&self) -> impl Iterator<Item = Retry<'a>> {
        self.calls.iter().flat_map(Call::retries)
    }
}

impl<'a> Call<'a> {
    pub(super) fn retries(&self) -> impl Iterator<Item = Retry<'a>> {
        self.attempts.windows(2).map(|pair| Retry { before: pair[0], after: pair[1] })
    }

    pub(super) fn last(&self) -> Attempt<'a> {
        self.attempts[self.attempts.len() - 1]
    }

    fn repeated_by(&self, next: Attempt<'_>, crowded: bool) -> bool {
        let last = self.last();
        if !last.failed() || last.ended_us() > next.0.trace.started_us {
            return false;
        }
        let same_connection =
            last.0.trace.connection == next.0.trace.connection && next.0.trace.connection > 0;
        next.0.trace.retry_count.is_none_or(|count| count > 0) || same_connection || !crowded
    }
}

impl<'a> Attempt<'a> {
    /// Who asks what.
    fn asked(self) -> Asked<'a> {
        let trace = &self.0.trace;
        let question = trace.question.as_deref().or(trace.subject.as_deref());
        (trace.key.as_deref(), trace.job.as_deref(), question)
    }

    /// Whether the client got no whole reply.
    pub(super) fn failed(self) -> bool {
        self.0.entry.status >= 400 || self.incomplete()
    }

    /// Whether the client got a part of a reply, or nothing at all.
    pub(super) fn incomplete(self) -> bool {
        let trace = &self.0.trace;
        trace.client_left || trace.cut || trace.stream_complete == Some(false)
    }

    /// Whether the client went before the answer was whole.
    pub(super) fn left(self) -> bool {
        self.0.trace.client_left
    }

    pub(super) fn began_us(self) -> u64 {
        self.0.trace.started_us
    }

    pub(super) fn ended_us(self) -> u64 {
        self.0.trace.ended_us.unwrap_or(u64::MAX)
    }

    /// Whether the answer says that no retry will ever help.
    pub(super) fn spend_limit(self) -> bool {
        self.0.trace.limit == Some(Limit::Spend)
    }

    pub(super) fn id(self) -> String {
        self.0.entry.request_id.clone()
    }
}

impl Retry<'_> {
    /// How long the client waited.
    pub(super) fn gap_us(self) -> u64 {
        self.after.0.trace.started_us.saturating_sub(self.before.ended_us())
    }

    /// How long it was asked to wait.
    pub(super) fn asked_us(self) -> Option<u64> {
        self.before.0.trace.retry_after_ms.map(|ms| ms.saturating_mul(1_000))
    }

    /// Whether the wait was the client's own choice: nothing was asked for, or it was not heard.
    pub(super) fn chosen(self) -> bool {
        self.asked_us().is_none_or(|asked_us| asked_us == 0 || self.early())
    }

    /// Whether it came back before it was asked to.
    pub(super) fn early(self) -> bool {
        self.asked_us()
            .is_some_and(|asked_us| self.gap_us().saturating_add(TOLERANCE_US) < asked_us)
    }

    pub(super) fn ids(self) -> Vec<String> {
        vec![self.before.id(), self.after.id()]
    }
}

/// By how much two clocks may differ over a wait.
const TOLERANCE_US: u64 = 5_000;

#[cfg(test)]
pub(super) mod testing {
    //! Journals made by hand: what a client did, in milliseconds.

    use crate::journal::record::{Entry, Record};
    use crate::journal::trace::Trace;

    /// An attempt at a time in milliseconds that was answered at once with this status.
    pub(in crate::journal::conduct) fn failed(moment_ms: u64, status: u16) -> Record {
        let at_us = moment_ms * 1_000;
        let entry = Entry { status, ..Entry::undecided(at_us) };
        let trace = Trace { started_us: at_us, ended_us: Some(at_us), ..Trace::default() };
        Record { number: 0, entry, trace }
    }

    /// An attempt that got its reply.
    pub(in crate::journal::conduct) fn ok(at_ms: u64) -> Record {
        failed(at_ms, 200)
    }

    /// A 429 that asks for a wait.
    pub(in crate::journal::conduct) fn limited(at_ms: u64, retry_after_ms: u64) -> Record {
        let mut record = failed(at_ms, 429);
        record.trace.retry_after_ms = Some(retry_after_ms);
        record
    }

    /// The attempts of one call about one subject.
    pub(in crate::journal::conduct) fn call(
        subject: u64,
        attempts: impl IntoIterator<Item = Record>,
    ) -> Vec<Record> {
        attempts
            .into_iter()
            .map(|mut record| {
                record.trace.subject = Some(subject.to_string());
                record
            })
            .collect()
    }

    /// Calls in the journal's order, with the request ids `req_0`, `req_1` and so on.
    pub(in crate::journal::conduct) fn records(
        calls: impl IntoIterator<Item = Vec<Record>>,
    ) -> Vec<Record> {
        let mut all: Vec<Record> = calls.into_iter().flatten().collect();
        all.sort_by_key(|record| record.trace.started_us);
        for (number, record) in (0..).zip(&mut all) {
            record.number = number;
            record.entry.request_id = format!("req_{number}");
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{call, failed, ok, records};
    use super::*;

    fn sizes(records: &[Record]) -> Vec<usize> {
        History::of(records).calls.iter().map(|call| call.attempts.len()).collect()
    }

    #[test]
    fn a_request_after_a_failure_is_a_retry_and_after_a_success_it_is_not() {
        assert_eq!(sizes(&records([call(1, [failed(0, 500), ok(10), ok(20)])])), [2, 1]);
    }

    #[test]
    fn the_same_question_of_two_clients_is_two_calls() {
        let mut all = records([call(1, [failed(0, 500), failed(10, 500)])]);
        all[1].trace.key = Some("other".to_owned());
        assert_eq!(sizes(&all), [1, 1]);
    }

    /// All of them as an SDK sends what it takes for the first of its attempts.
    fn firsts(mut all: Vec<Record>) -> Vec<Record> {
        for record in &mut all {
            record.trace.retry_count = Some(0);
        }
        all
    }

    #[test]
    fn a_loop_around_an_sdk_repeats_although_the_sdk_calls_each_request_its_first() {
        let all = firsts(records([call(1, (0..175).map(|n| failed(n * 500, 529)))]));
        assert_eq!(sizes(&all), [175]);
    }

    #[test]
    fn many_users_with_one_prompt_repeat_nothing() {
        let mut all = firsts(records([call(1, (0..30).map(|n| failed(n / 3 * 500, 529)))]));
        assert_eq!(sizes(&all).len(), 30);
        // Each over a connection of its own, but for one who comes again.
        for (number, record) in (1..).zip(&mut all) {
            record.trace.connection = number;
        }
        all[20].trace.connection = 3;
        assert_eq!(sizes(&all).len(), 29);
    }

    #[test]
    fn another_model_is_another_question() {
        let mut all = records([call(1, [failed(0, 529), ok(10)])]);
        all[0].trace.question = Some("opus".to_owned());
        all[1].trace.question = Some("haiku".to_owned());
        assert_eq!(sizes(&all), [1, 1]);
    }

    #[test]
    fn ten_thousand_failures_at_once_about_one_thing_are_ten_thousand_calls() {
        let all = firsts(records([call(1, (0..10_000).map(|n| failed(n / 100, 500)))]));
        assert_eq!(sizes(&all).len(), 10_000);
    }

    #[test]
    fn twins_that_fail_together_are_each_repeated_once() {
        let mut all = records([call(1, [failed(0, 500), failed(0, 500), ok(10), ok(10)])]);
        for twin in &mut all[..2] {
            twin.trace.ended_us = Some(5_000);
        }
        assert_eq!(sizes(&all), [2, 2]);
    }
}

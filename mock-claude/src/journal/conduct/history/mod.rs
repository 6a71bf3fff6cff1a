//! The journal as calls: one call is one question of a client and everything that was sent to
//! repeat it.
//!
//! Retries are told from new questions by evidence: the same question (model, system, messages and
//! tools) of the same client, after a failure and within an hour of it. Where many users of one
//! client ask the same at the same time, that is no evidence, and only the SDK's own count of
//! retries tells whose request comes again. Without it nobody knows: such questions are unclear,
//! and nothing is said of them. What was wanted twice on purpose is no retry: a request after a
//! success, or alongside one that is still under way, is a call of its own.

mod attempt;
mod crowd;
#[cfg(test)]
pub(super) mod testing;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use self::attempt::{Attempt, Retry};
use self::crowd::crowds;
use crate::basis::hex::Hex;
use crate::journal::record::Record;

/// A later request about the same is a new call, not a retry.
const RETRY_WITHIN_US: u64 = 3_600_000_000;

/// Calls of one client about one thing that may be repeated, at most; the oldest are given up.
const MAX_OPEN: usize = 256;

/// Calls in which a client tried once or more, in order of their beginning.
pub(super) struct History<'a> {
    pub(super) calls: Vec<Call<'a>>,
    /// Whether the client has ended, so that nothing more will come.
    pub(super) ended: bool,
}

/// One call.
pub(super) struct Call<'a> {
    pub(super) attempts: Vec<Attempt<'a>>,
    /// Whether it may be a part of another call about the same: nobody can tell.
    pub(super) unclear: bool,
}

/// Who asks what: a client by its key and its job, and the question.
pub(super) type Asked<'a> = (Option<Hex<6>>, Option<&'a str>, Option<Hex<8>>);

impl<'a> History<'a> {
    pub(super) fn of(records: &'a [Record]) -> Self {
        let mut attempts: Vec<Attempt<'a>> = records
            .iter()
            // What reached no decision about a subject has nothing that a retry could repeat, and
            // what is read again and again is polled.
            .filter(|record| record.trace.subject.is_some() && record.trace.method == "POST")
            .map(Attempt)
            .collect();
        attempts.sort_by_key(|attempt| (attempt.0.trace.started_us, attempt.0.number));
        let crowds = crowds(&attempts);
        let mut calls = Calls::default();
        for attempt in attempts {
            calls.take(attempt, crowds.contains(&attempt.asked()));
        }
        Self { calls: calls.clear(), ended: false }
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

/// Calls while they are put together.
#[derive(Default)]
struct Calls<'a> {
    all: Vec<Call<'a>>,
    /// Those that may be repeated, or are still under way.
    open: BTreeMap<Asked<'a>, Vec<usize>>,
    /// The questions of crowds that were asked anew after one of the crowd had failed.
    anew: BTreeSet<Asked<'a>>,
}

impl<'a> Calls<'a> {
    /// Adds an attempt to the call that it repeats, or begins a call with it.
    fn take(&mut self, attempt: Attempt<'a>, crowded: bool) {
        let started_us = attempt.began_us();
        let calls = &mut self.all;
        let candidates = self.open.entry(attempt.asked()).or_default();
        candidates.retain(|&index| {
            let last = calls[index].last();
            last.is_open()
                || (last.failed() && started_us.saturating_sub(last.ended_us()) < RETRY_WITHIN_US)
        });
        let repeats = |&index: &usize| calls[index].repeated_by(attempt, crowded);
        if let Some(position) = candidates.iter().position(repeats) {
            // To the end, so that the call that waited longest is repeated first.
            let index = candidates.remove(position);
            candidates.push(index);
            calls[index].attempts.push(attempt);
            return;
        }
        if candidates.iter().any(|&index| calls[index].last().over_us() <= started_us) {
            self.anew.insert(attempt.asked());
        }
        if candidates.len() == MAX_OPEN {
            candidates.remove(0);
        }
        candidates.push(calls.len());
        calls.push(Call { attempts: vec![attempt], unclear: false });
    }

    /// The calls, with those marked that may be parts of each other: their question was asked anew,
    /// and a call of it ended with its first failure.
    fn clear(self) -> Vec<Call<'a>> {
        let Self { mut all, anew, .. } = self;
        let lonely = all.iter().filter(|call| call.attempts.len() == 1 && call.last().failed());
        let lonely: BTreeSet<Asked<'a>> = lonely.map(|call| call.last().asked()).collect();
        for call in &mut all {
            let asked = call.last().asked();
            call.unclear = anew.contains(&asked) && lonely.contains(&asked);
        }
        all
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
        last.failed()
            && last.over_us() <= next.began_us()
            && (!crowded || last.is_counted_before(next))
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{call, failed, ok, records};
    use super::*;

    fn sizes(records: &[Record]) -> Vec<usize> {
        History::of(records).calls.iter().map(|call| call.attempts.len()).collect()
    }

    fn unclear(records: &[Record]) -> usize {
        History::of(records).calls.iter().filter(|call| call.unclear).count()
    }

    #[test]
    fn a_request_after_a_failure_is_a_retry_and_after_a_success_it_is_not() {
        assert_eq!(sizes(&records([call(1, [failed(0, 500), failed(5, 500), ok(10)])])), [3]);
        assert_eq!(sizes(&records([call(1, [ok(10), failed(20, 500)])])), [1, 1]);
    }

    #[test]
    fn the_same_question_of_two_clients_is_two_calls() {
        let mut all = records([call(1, [failed(0, 500), failed(10, 500)])]);
        all[1].trace.key = Some(Hex([1; 6]));
        assert_eq!(sizes(&all), [1, 1]);
    }

    /// All of them as an SDK sends what it takes for this one of its attempts, each of which takes
    /// so long to be answered.
    fn counted(mut all: Vec<Record>, count: u32, takes_ms: u64) -> Vec<Record> {
        for record in &mut all {
            record.trace.retry_count = Some(count);
            record.trace.ended_us = record.trace.ended_us.map(|us| us + takes_ms * 1_000);
        }
        all
    }

    #[test]
    fn a_loop_around_an_sdk_repeats_although_the_sdk_calls_each_request_its_first() {
        let all = records([call(1, (0..175).map(|n| failed(n * 500, 529)))]);
        assert_eq!(sizes(&counted(all, 0, 0)), [175]);
    }

    #[test]
    fn many_users_with_one_prompt_repeat_nothing_and_whether_they_gave_up_is_unclear() {
        let all = records([call(1, (0..30).map(|n| failed(n * 100, 529)))]);
        let all = counted(all, 0, 250);
        assert_eq!(sizes(&all).len(), 30);
        assert_eq!(unclear(&all), 30);
        let at_once = counted(records([call(1, (0..30).map(|n| failed(n, 529)))]), 0, 250);
        assert_eq!(unclear(&at_once), 0, "nobody asked again");
    }

    #[test]
    fn the_users_of_an_sdk_are_told_apart_by_its_count() {
        let firsts = counted(call(1, (0..30).map(|n| failed(n * 5, 529))), 0, 0);
        let seconds = counted(call(1, (0..30).map(|n| ok(400 + n * 5))), 1, 0);
        let all = records([firsts, seconds]);
        assert_eq!((sizes(&all), unclear(&all)), (vec![2; 30], 0));
    }

    #[test]
    fn another_model_is_another_question() {
        let mut all = records([call(1, [failed(0, 529), ok(10)])]);
        all[0].trace.question = Some(1.into());
        all[1].trace.question = Some(2.into());
        assert_eq!(sizes(&all), [1, 1]);
    }

    #[test]
    fn ten_thousand_failures_at_once_about_one_thing_are_ten_thousand_calls() {
        let all = records([call(1, (0..10_000).map(|n| failed(n / 100, 500)))]);
        assert_eq!(sizes(&counted(all, 0, 250)).len(), 10_000);
    }

    #[test]
    fn twins_that_fail_together_and_say_nothing_of_retries_are_unclear() {
        let mut all = records([call(1, [failed(0, 500), failed(0, 500), ok(10), ok(10)])]);
        for twin in &mut all[..2] {
            twin.trace.ended_us = Some(9_000);
        }
        assert_eq!((sizes(&all), unclear(&all)), (vec![1; 4], 4));
    }
}

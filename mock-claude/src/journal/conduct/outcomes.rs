//! What became of a client's questions.

use crate::basis::count::counted;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Serialize;

use super::finding::count;
use super::history::{Call, History};

/// Questions by how they ended. Each is one of the kinds that are not marked as counted again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Outcomes {
    /// All of them.
    pub questions: u64,
    /// Answered at the first attempt.
    pub answered_at_once: u64,
    /// Answered after at least one failure.
    pub answered_at_last: u64,
    /// The most attempts that an answered question took.
    pub most_attempts: u64,
    /// Refused at the last attempt, or broken off before anything of an answer came.
    pub never_answered: u64,
    /// Cut at the last attempt: whether the client noticed cannot be known.
    pub cut: u64,
    /// Left by the client before the answer was whole.
    pub abandoned: u64,
    /// Not over yet.
    pub under_way: u64,
    /// Equal questions that were asked at the same time and failed: which of them repeat which
    /// cannot be known.
    pub unclear: u64,
    /// Counted again: those answered that ended at their limit of tokens.
    pub truncated: u64,
    /// Counted again: those that had been answered before. On purpose or not, they were paid again.
    pub asked_again: u64,
    /// What attempts were charged that gave the client no whole answer, in micro-dollars.
    pub wasted_microusd: u64,
}

impl Outcomes {
    /// What became of the questions of a history.
    pub(super) fn of(history: &History<'_>) -> Self {
        let mut outcomes = Self::default();
        let mut answered = BTreeSet::new();
        for call in &history.calls {
            outcomes.add(call);
            let failed = call.attempts.iter().filter(|attempt| attempt.failed());
            outcomes.wasted_microusd += failed.map(|one| one.0.entry.cost_microusd).sum::<u64>();
            let last = call.last();
            outcomes.asked_again += u64::from(answered.contains(&last.asked()));
            if !last.failed() && !last.is_open() {
                answered.insert(last.asked());
            }
        }
        outcomes
    }

    fn add(&mut self, call: &Call<'_>) {
        let (last, attempts) = (call.last(), count(call.attempts.len()));
        self.questions += 1;
        let kind = if call.unclear {
            &mut self.unclear
        } else if last.is_open() {
            &mut self.under_way
        } else if last.0.entry.status >= 400 || last.unheard() {
            &mut self.never_answered
        } else if last.left() {
            &mut self.abandoned
        } else if last.incomplete() {
            &mut self.cut
        } else {
            self.most_attempts = self.most_attempts.max(attempts);
            self.truncated += u64::from(last.0.trace.truncated);
            if attempts == 1 { &mut self.answered_at_once } else { &mut self.answered_at_last }
        };
        *kind += 1;
    }

    /// The same in a sentence.
    pub(super) fn words(&self) -> String {
        let Self { questions, answered_at_once, answered_at_last, .. } = self;
        let questions = counted(*questions, "question");
        let mut words = format!("{questions}: {answered_at_once} answered at the first attempt");
        let mut add = |number: u64, what: &str| {
            if number > 0 {
                words.extend([", ", &number.to_string(), " ", what]);
            }
        };
        add(*answered_at_last, &format!("after up to {}", counted(self.most_attempts, "attempt")));
        add(self.never_answered, "never");
        add(self.cut, "cut (whether the client noticed is not known)");
        add(self.abandoned, "left by the client");
        add(self.under_way, "not over yet");
        add(self.unclear, "equal and at once, so that nobody can tell which repeat which");
        add(self.truncated, "ended at their limit of tokens");
        add(self.asked_again, "asked again after they had been answered");
        if self.wasted_microusd > 0 {
            let (dollars, micros) =
                (self.wasted_microusd / 1_000_000, self.wasted_microusd % 1_000_000);
            let _ = write!(words, "; ${dollars}.{micros:06} paid for answers that were not whole");
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::super::history::testing::{call, failed, ok, records};
    use super::*;

    #[test]
    fn every_question_has_one_outcome() {
        let mut all = records([
            call(1, [ok(0)]),
            call(2, [failed(1, 529), failed(2, 529), ok(3)]),
            call(3, [failed(4, 500)]),
            call(4, [ok(5)]),
            call(5, [ok(6)]),
        ]);
        all[5].trace.cut = true;
        all[6].trace.client_left = true;
        all[6].entry.cost_microusd = 1_250;
        let outcomes = Outcomes::of(&History::of(&all));
        assert_eq!((outcomes.truncated, outcomes.asked_again), (0, 0));
        assert_eq!(
            outcomes.words(),
            "5 questions: 1 answered at the first attempt, 1 after up to 3 attempts, 1 never, \
             1 cut (whether the client noticed is not known), 1 left by the client; \
             $0.001250 paid for answers that were not whole"
        );
    }

    #[test]
    fn what_is_not_over_is_no_answer_and_what_never_began_was_not_cut() {
        let mut all = records([call(1, [ok(0)]), call(2, [ok(1)]), call(3, [ok(2), ok(9)])]);
        all[0].trace.ended_us = None;
        (all[1].trace.cut, all[1].trace.unheard) = (true, true);
        all[3].trace.truncated = true;
        let outcomes = Outcomes::of(&History::of(&all));
        assert_eq!(
            outcomes.words(),
            "4 questions: 2 answered at the first attempt, 1 never, 1 not over yet, \
             1 ended at their limit of tokens, 1 asked again after they had been answered"
        );
    }
}

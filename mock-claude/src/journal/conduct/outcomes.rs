//! What became of a client's questions.

use serde::Serialize;

use super::finding::count;
use super::history::{Attempt, Call, History};

/// Questions by how they ended.
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
    /// Refused at the last attempt.
    pub never_answered: u64,
    /// Cut at the last attempt: whether the client noticed cannot be known.
    pub cut: u64,
    /// Left by the client before the answer was whole.
    pub abandoned: u64,
}

impl Outcomes {
    /// What became of the questions of a history.
    pub(super) fn of(history: &History<'_>) -> Self {
        let ended = |is: fn(Attempt<'_>) -> bool| {
            count(history.calls.iter().filter(|call| is(call.last())).count())
        };
        let answered = || history.calls.iter().filter(|call| !call.last().failed());
        let attempts = |call: &Call<'_>| call.attempts.len();
        let at_once = answered().filter(|call| attempts(call) == 1).count();
        Self {
            questions: count(history.calls.len()),
            answered_at_once: count(at_once),
            answered_at_last: count(answered().count() - at_once),
            most_attempts: count(answered().map(attempts).max().unwrap_or(0)),
            never_answered: ended(|last| last.0.entry.status >= 400),
            cut: ended(|last| last.0.entry.status < 400 && last.incomplete() && !last.left()),
            abandoned: ended(|last| last.0.entry.status < 400 && last.left()),
        }
    }

    /// The same in a sentence.
    pub(super) fn words(&self) -> String {
        let Self { questions, answered_at_once, answered_at_last, .. } = self;
        let noun = if *questions == 1 { "question" } else { "questions" };
        let mut words =
            format!("{questions} {noun}: {answered_at_once} answered at the first attempt");
        let mut add = |number: u64, what: &str| {
            if number > 0 {
                words.extend([", ", &number.to_string(), " ", what]);
            }
        };
        add(*answered_at_last, &format!("after up to {} attempts", self.most_attempts));
        add(self.never_answered, "never");
        add(self.cut, "cut (whether the client noticed is not known)");
        add(self.abandoned, "left by the client");
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
        let outcomes = Outcomes::of(&History::of(&all));
        assert_eq!(
            outcomes.words(),
            "5 questions: 1 answered at the first attempt, 1 after up to 3 attempts, 1 never, \
             1 cut (whether the client noticed is not known), 1 left by the client"
        );
    }
}

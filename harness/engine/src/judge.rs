//! The judge: whether a file is documented, by what is in the documentation.
//!
//! A status code proves nothing here. A part that was lost, an answer that was cut, a definition
//! that nobody names: each is a failure with a name of its own, the root of it first.

use std::collections::BTreeSet;
use std::ops::Range;

use reports::Cause;

use crate::chunk::Chunk;
use crate::client::answer::{Answer, Failure};
use crate::merge;
use crate::source::facts::Facts;

/// How well a file is documented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Definitions of the source that the documentation names.
    pub documented: u64,
    /// Why the file counts as failed.
    pub failure: Option<Failure>,
}

/// Judges the answers to the parts of a file, which lack as many lines as [`lost_lines`] says.
pub fn judge(
    facts: &Facts,
    lost_lines: u64,
    chunks: &[Chunk],
    answers: &[Result<Answer, Failure>],
) -> Judgement {
    let parts = chunks.iter().zip(answers);
    let whole = parts.filter_map(|(chunk, answer)| Some((chunk.sent.start, answer.as_ref().ok()?)));
    let lines = merge::documented(whole);
    let documented =
        facts.definitions.iter().filter(|line| lines.contains(&u64::from(**line))).count() as u64;
    let failure = lost_part(answers)
        .or_else(|| truncation(facts, documented, answers))
        .or_else(|| never_sent(lost_lines))
        .or_else(|| gaps(facts, &lines));
    Judgement { documented, failure }
}

fn lost_part(answers: &[Result<Answer, Failure>]) -> Option<Failure> {
    let (index, failure) = answers
        .iter()
        .enumerate()
        .find_map(|(index, answer)| Some((index, answer.as_ref().err()?)))?;
    if answers.len() == 1 {
        return Some(failure.clone());
    }
    // A part that was not sent for its cost was not lost by the pipeline: it stopped on purpose.
    let mut failures = answers.iter().filter_map(|answer| answer.as_ref().err());
    let stopped = failures.any(|failure| failure.cause == Cause::BudgetStop);
    let lost = answers.iter().filter(|answer| answer.is_err()).count();
    let more = if lost > 1 { format!(", and {} more", lost - 1) } else { String::new() };
    let detail = format!(
        "part {} of {}: {}{more}: {}",
        index + 1,
        answers.len(),
        failure.cause.words(),
        failure.detail
    );
    // Neither did it lose what the model would not answer.
    let mut failures = answers.iter().filter_map(|answer| answer.as_ref().err());
    let refused = failures.all(|failure| failure.cause == Cause::Refused);
    let cause = match (stopped, refused) {
        (true, _) => Cause::BudgetStop,
        (false, true) => Cause::Refused,
        (false, false) => Cause::LostChunk,
    };
    Some(Failure { cause, detail })
}

fn truncation(
    facts: &Facts,
    documented: u64,
    answers: &[Result<Answer, Failure>],
) -> Option<Failure> {
    answers.iter().flatten().any(|answer| answer.truncated).then(|| {
        let all = facts.definitions.len();
        let detail = format!("cut at max_tokens: {documented} of {all} definitions documented");
        Failure::new(Cause::Truncated, detail)
    })
}

fn never_sent(lines: u64) -> Option<Failure> {
    let were = if lines == 1 { "line was" } else { "lines were" };
    let detail = || format!("{lines} {were} sent in no part");
    (lines > 0).then(|| Failure::new(Cause::LostLines, detail()))
}

/// How many lines are not blank and belong to no part: known before anything is sent.
///
/// Most cuts leave no line out, which the number of lines says without a look at any of them.
pub fn lost_lines(text: &str, lines: u64, chunks: &[Chunk]) -> u64 {
    let mut next = 0;
    let mut lost: Vec<Range<usize>> = Vec::new();
    for chunk in chunks {
        if chunk.own.start > next {
            lost.push(next..chunk.own.start);
        }
        next = next.max(chunk.own.end);
    }
    if lost.is_empty() && next as u64 >= lines {
        return 0;
    }
    lost.push(next..usize::MAX);
    let blank = |line: &str| line.trim().is_empty();
    text.split('\n')
        .enumerate()
        .filter(|(number, line)| !blank(line) && lost.iter().any(|range| range.contains(number)))
        .count() as u64
}

fn gaps(facts: &Facts, documented: &BTreeSet<u64>) -> Option<Failure> {
    let missing: Vec<u32> = facts
        .definitions
        .iter()
        .copied()
        .filter(|line| !documented.contains(&u64::from(*line)))
        .collect();
    let first = missing.first()?;
    let (missing, all) = (missing.len(), facts.definitions.len());
    let detail =
        format!("{missing} of {all} definitions are not documented, the first on line {first}");
    Some(Failure::new(Cause::Undocumented, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "def a(): pass\ndef b(): pass\n";

    fn facts() -> Facts {
        crate::source::python::read(TEXT)
    }

    fn whole() -> Vec<Chunk> {
        vec![Chunk { own: 0..2, sent: 0..2 }]
    }

    fn halves() -> Vec<Chunk> {
        vec![Chunk { own: 0..1, sent: 0..1 }, Chunk { own: 1..2, sent: 0..2 }]
    }

    fn answer(text: &str, truncated: bool) -> Answer {
        Answer { text: text.into(), truncated }
    }

    fn failed() -> Result<Answer, Failure> {
        Err(Failure { cause: Cause::RateLimited, detail: "too many".into() })
    }

    fn check(chunks: &[Chunk], answers: &[Result<Answer, Failure>]) -> (u64, Option<Cause>) {
        let judgement = judge(&facts(), lost_lines(TEXT, 2, chunks), chunks, answers);
        (judgement.documented, judgement.failure.map(|failure| failure.cause))
    }

    const BOTH: &str = "- `a` (line 1): is a.\n- `b` (line 2): is b.\n";

    #[test]
    fn a_file_is_documented_when_every_definition_is_named() {
        assert_eq!(check(&whole(), &[Ok(answer(BOTH, false))]), (2, None));
        let one = answer("- `a` (line 1): is a.\n", false);
        assert_eq!(check(&whole(), &[Ok(one)]), (1, Some(Cause::Undocumented)));
    }

    #[test]
    fn a_cut_answer_fails_even_where_everything_is_named() {
        assert_eq!(check(&whole(), &[Ok(answer(BOTH, true))]), (2, Some(Cause::Truncated)));
    }

    #[test]
    fn a_lost_part_is_a_failure_although_the_rest_was_merged() {
        let answers = [failed(), Ok(answer("- `b` (line 2): is b.\n", false))];
        assert_eq!(check(&halves(), &answers), (1, Some(Cause::LostChunk)));
        assert_eq!(check(&whole(), &[failed()]), (0, Some(Cause::RateLimited)));
    }

    #[test]
    fn a_file_of_which_a_part_was_not_sent_for_its_cost_was_stopped_and_not_lost() {
        let stopped = Err(Failure { cause: Cause::BudgetStop, detail: "not sent".into() });
        let answers = [Ok(answer("- `a` (line 1): is a.\n", false)), stopped];
        assert_eq!(check(&halves(), &answers), (1, Some(Cause::BudgetStop)));
    }

    #[test]
    fn lines_that_no_part_holds_are_noticed() {
        let short = [Chunk { own: 0..1, sent: 0..2 }];
        assert_eq!(check(&short, &[Ok(answer(BOTH, false))]), (2, Some(Cause::LostLines)));
    }
}

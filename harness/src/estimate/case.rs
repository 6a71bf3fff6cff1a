//! The unknown that an estimate ranges over: how many tokens a text has, and how much a model says.
//!
//! The middle is what the simulation assumes, so that an estimate can be checked against a run. The
//! ends are a sixth less and a quarter more tokens, because no tokenizer of today is published, and
//! documentation of a fifth to half of the code's length, as was measured on real code.

use mock_claude::limits::Tier;

/// One set of assumptions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    /// Tokens of a text for 100 that the simulation counts.
    token_percent: u64,
    tokens_per_definition: u64,
    /// The least that an answer has, in percent of the code it is about.
    percent_of_code: u64,
}

/// Tokens of an answer that are about no definition: overview, headings, notes.
const FRAME_TOKENS: u64 = 100;

/// The least, the middle and the most.
pub(super) const CASES: [Case; 3] = [
    Case { token_percent: 83, tokens_per_definition: 12, percent_of_code: 0 },
    Case { token_percent: 100, tokens_per_definition: 24, percent_of_code: 0 },
    Case { token_percent: 125, tokens_per_definition: 48, percent_of_code: 50 },
];

impl Case {
    /// The tokens of a text that the simulation counts so many in.
    pub(super) const fn tokens(self, counted: u64) -> u64 {
        (counted * self.token_percent).div_ceil(100)
    }

    /// The tokens of an answer, were it never cut.
    pub(super) fn answer(self, code_tokens: u64, definitions: u64) -> u64 {
        let named = FRAME_TOKENS + definitions * self.tokens_per_definition;
        named.max(self.tokens(code_tokens) * self.percent_of_code / 100)
    }
}

/// What the ranges cover and what they do not, in sentences.
pub(super) fn assumptions(limits: Option<Tier>) -> Vec<String> {
    let limits = match limits {
        None => "No rate limits: `--limits TIER` adds those of a tier.".to_owned(),
        Some(tier) => format!(
            "The rate limits are those of the tier `{}`, with a minute's worth at once and nobody \
             else using them.",
            tier.name()
        ),
    };
    vec![
        "Tokens: counted by kinds of letters, a sixth less, and a quarter more: no tokenizer of \
         today is published."
            .to_owned(),
        "Answers: 100 tokens and 12, 24 or 48 for each definition; at the most at least half of \
         the code's own length. No answer is longer than the pipeline's `max_tokens`."
            .to_owned(),
        "Time: one batch, by the pipeline's own workers, on a quiet day: a second before the first \
         token, 10,000 tokens read and 48 written a second. A slower model takes that much longer."
            .to_owned(),
        limits,
        "A pipeline that paces itself: how fast it gets going is rough, and no spend cap, breaker \
         or retry budget is played through."
            .to_owned(),
        "Not covered: outages and other faults, requests by others, and what a model leaves out."
            .to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_tokens_in_one_case_are_more_in_every_text() {
        for (counted, definitions) in [(1, 0), (100, 3), (30_000, 0), (12_000, 900)] {
            let tokens = CASES.map(|case| case.tokens(counted));
            let answers = CASES.map(|case| case.answer(counted, definitions));
            assert!(tokens.is_sorted() && answers.is_sorted(), "{tokens:?} {answers:?}");
            assert_eq!(tokens[1], counted, "the middle is the simulation's rule");
        }
    }
}

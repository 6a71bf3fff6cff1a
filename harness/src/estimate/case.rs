//! The unknown that an estimate ranges over: how many tokens a text has, and how much a model says.
//!
//! The middle is what the simulation assumes, so that an estimate can be checked against a run. The
//! ends are those of what was measured on real code: 2.8 to 4.2 bytes a token, and documentation
//! of a fifth to half of the code's length.

use mock_claude::internals::tokens;
use mock_claude::limits::Tier;

/// One set of assumptions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    bytes_per_ten_tokens: u64,
    tokens_per_definition: u64,
    /// The least that an answer has, in percent of the code it is about.
    percent_of_code: u64,
}

/// Bytes in ten tokens by the simulation's own rule.
const MIDDLE: u64 = 35;

/// Tokens of an answer that are about no definition: overview, headings, notes.
const FRAME_TOKENS: u64 = 100;

/// The least, the middle and the most.
pub(super) const CASES: [Case; 3] = [
    Case { bytes_per_ten_tokens: 42, tokens_per_definition: 12, percent_of_code: 0 },
    Case { bytes_per_ten_tokens: MIDDLE, tokens_per_definition: 24, percent_of_code: 0 },
    Case { bytes_per_ten_tokens: 28, tokens_per_definition: 48, percent_of_code: 50 },
];

impl Case {
    /// The tokens of a text.
    pub(super) const fn tokens(self, bytes: u64) -> u64 {
        (bytes * 10).div_ceil(self.bytes_per_ten_tokens)
    }

    /// The tokens of an answer, were it never cut.
    pub(super) fn answer(self, code_bytes: u64, definitions: u64) -> u64 {
        let named = FRAME_TOKENS + definitions * self.tokens_per_definition;
        named.max(self.tokens(code_bytes) * self.percent_of_code / 100)
    }
}

/// What the ranges cover and what they do not, in sentences.
pub(super) fn assumptions(limits: Option<Tier>) -> Vec<String> {
    debug_assert_eq!(tokens::of_bytes(MIDDLE), 10, "the middle is the simulation's own rule");
    let limits = match limits {
        None => "No rate limits: `--limits TIER` adds those of a tier.".to_owned(),
        Some(tier) => format!(
            "The rate limits are those of the tier `{}`, with a minute's worth at once and nobody \
             else using them.",
            tier.name()
        ),
    };
    vec![
        "Tokens: 4.2, 3.5 and 2.8 bytes each, from old tokenizers to new ones.".to_owned(),
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
        for (bytes, definitions) in [(1, 0), (350, 3), (100_000, 0), (40_000, 900)] {
            let tokens = CASES.map(|case| case.tokens(bytes));
            let answers = CASES.map(|case| case.answer(bytes, definitions));
            assert!(tokens.is_sorted() && answers.is_sorted(), "{tokens:?} {answers:?}");
            assert_eq!(tokens[1], tokens::of_bytes(bytes), "the middle is the simulation's rule");
        }
    }
}

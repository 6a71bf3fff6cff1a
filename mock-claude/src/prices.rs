//! What each model can take and what it costs, read from `prices.toml` beside this file.
//!
//! Arithmetic is in whole micro-dollars, rounded half up once a request: a ledger that is summed
//! in any order gives the same total.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// One model's limits and prices.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The id that a request names.
    pub id: String,
    /// Micro-dollars per million input tokens.
    pub input: u64,
    /// Micro-dollars per million output tokens.
    pub output: u64,
    /// The context window in tokens.
    pub context_tokens: u64,
    /// The most output tokens that a request may ask for.
    pub max_output_tokens: u64,
    /// Other prices for a long prompt.
    pub long_prompt: Option<LongPrompt>,
}

/// Prices of a request whose input is larger than a threshold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LongPrompt {
    /// The largest input, in tokens, at the ordinary price.
    pub above: u64,
    /// Micro-dollars per million input tokens.
    pub input: u64,
    /// Micro-dollars per million output tokens.
    pub output: u64,
}

impl Model {
    /// What a request costs in micro-dollars.
    pub fn cost_microusd(&self, tokens_in: u64, tokens_out: u64) -> u64 {
        let (input, output) = match &self.long_prompt {
            Some(long) if tokens_in > long.above => (long.input, long.output),
            _ => (self.input, self.output),
        };
        let millionths =
            u128::from(tokens_in) * u128::from(input) + u128::from(tokens_out) * u128::from(output);
        u64::try_from((millionths + 500_000) / 1_000_000).unwrap_or(u64::MAX)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceList {
    model: Vec<Model>,
}

static MODELS: LazyLock<BTreeMap<String, Model>> = LazyLock::new(|| {
    let list: PriceList =
        toml::from_str(include_str!("prices.toml")).expect("the shipped price list parses");
    list.model.into_iter().map(|model| (model.id.clone(), model)).collect()
});

/// The model of this id, dated ids included: `claude-sonnet-4-5-20250929` is `claude-sonnet-4-5`.
pub fn model(id: &str) -> Option<&'static Model> {
    MODELS.get(id).or_else(|| MODELS.get(undated(id)?))
}

/// The id without its `-YYYYMMDD` ending, if it has one.
fn undated(id: &str) -> Option<&str> {
    let (name, date) = id.rsplit_once('-')?;
    (date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit())).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_thousand_lines_cost_what_the_price_list_says() {
        // 10,000 tokens at $3 and 1,500 at $15 per million: $0.03 + $0.0225.
        assert_eq!(model("claude-sonnet-4-5").unwrap().cost_microusd(10_000, 1_500), 52_500);
    }

    #[test]
    fn a_long_prompt_is_charged_at_its_own_price_as_a_whole() {
        let haiku = model("claude-haiku-5-5").unwrap();
        assert_eq!(haiku.cost_microusd(100_000, 0), 10_000);
        assert_eq!(haiku.cost_microusd(100_001, 0), 50_001, "half a micro-dollar rounds up");
    }

    #[test]
    fn a_dated_id_is_its_model_and_an_unknown_id_is_none() {
        assert_eq!(model("claude-sonnet-4-5-20250929"), model("claude-sonnet-4-5"));
        assert_eq!(model("claude-sonnet-4-20250514"), None, "retired");
        assert_eq!(model("gpt-4"), None);
    }

    proptest! {
        #[test]
        fn rounding_never_moves_a_cost_by_more_than_half_a_micro_dollar(
            tokens_in in 0_u64..1_000_000, tokens_out in 0_u64..128_000,
        ) {
            let model = model("claude-haiku-4-5").unwrap();
            let exact = u128::from(tokens_in) * 1_000_000 + u128::from(tokens_out) * 5_000_000;
            let charged = u128::from(model.cost_microusd(tokens_in, tokens_out)) * 1_000_000;
            prop_assert!(charged.abs_diff(exact) <= 500_000);
        }
    }
}

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
    /// Micro-dollars per million tokens written to the prompt cache for five minutes.
    pub cache_write_5m: u64,
    /// Micro-dollars per million tokens written to the prompt cache for an hour.
    pub cache_write_1h: u64,
    /// Micro-dollars per million tokens read from the prompt cache.
    pub cache_read: u64,
    /// The shortest prefix that is cached, in tokens.
    pub min_cacheable_tokens: u64,
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
    /// Micro-dollars per million tokens written to the prompt cache for five minutes.
    pub cache_write_5m: u64,
    /// Micro-dollars per million tokens written to the prompt cache for an hour.
    pub cache_write_1h: u64,
    /// Micro-dollars per million tokens read from the prompt cache.
    pub cache_read: u64,
}

/// The input of a request by what it does to the prompt cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InputTokens {
    /// Neither read from the cache nor written to it.
    pub uncached: u64,
    /// Written for five minutes.
    pub written_5m: u64,
    /// Written for an hour.
    pub written_1h: u64,
    /// Read.
    pub read: u64,
}

impl InputTokens {
    /// All that the model reads.
    pub const fn total(&self) -> u64 {
        self.uncached + self.written_5m + self.written_1h + self.read
    }

    /// What counts against the limit of input tokens: everything but cache reads.
    pub const fn limited(&self) -> u64 {
        self.total() - self.read
    }
}

impl Model {
    /// What a request costs in micro-dollars, where the prompt cache has its part in it.
    pub fn cost_cached_microusd(&self, input: &InputTokens, tokens_out: u64) -> u64 {
        let prices = match &self.long_prompt {
            Some(long) if input.total() > long.above => {
                [long.input, long.cache_write_5m, long.cache_write_1h, long.cache_read, long.output]
            }
            _ => {
                [self.input, self.cache_write_5m, self.cache_write_1h, self.cache_read, self.output]
            }
        };
        let counts = [input.uncached, input.written_5m, input.written_1h, input.read, tokens_out];
        let products =
            prices.iter().zip(counts).map(|(&price, count)| u128::from(price) * u128::from(count));
        u64::try_from((products.sum::<u128>() + 500_000) / 1_000_000).unwrap_or(u64::MAX)
    }

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
    fn writing_to_the_cache_costs_more_than_reading_plainly_and_reading_from_it_a_tenth() {
        let input = InputTokens { uncached: 1000, written_5m: 0, written_1h: 0, read: 0 };
        let sonnet = model("claude-sonnet-4-5").unwrap();
        let cost = |input: InputTokens| sonnet.cost_cached_microusd(&input, 0);
        assert_eq!(cost(input), sonnet.cost_microusd(1000, 0));
        assert_eq!(cost(InputTokens { uncached: 0, written_5m: 1000, ..input }), 3_750);
        assert_eq!(cost(InputTokens { uncached: 0, written_1h: 1000, ..input }), 6_000);
        assert_eq!(cost(InputTokens { uncached: 0, read: 1000, ..input }), 300);
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

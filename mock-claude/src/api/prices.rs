//! What each model can take and what it costs, read from `prices.toml` in this folder.
//!
//! Arithmetic is in whole micro-dollars, rounded half up once a request: a ledger that is summed
//! in any order gives the same total. Prices have dates; a request pays what holds on its day.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::generation::Generation;

/// One model's limits and prices, from one day on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The id that a request names.
    pub id: String,
    /// Other ids of the same model: the dated ones.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The models of one class share their rate limits.
    pub class: String,
    /// The day from which on the row holds, as `2026-08-22`.
    pub effective_from: String,
    /// Where the numbers come from.
    pub source: String,
    /// Where the model stands between its release and its end.
    #[serde(default)]
    pub lifecycle: Lifecycle,
    /// The announced day of its end.
    pub retires_on: Option<String>,
    /// Micro-dollars per million input tokens.
    pub input: u64,
    /// Micro-dollars per million output tokens.
    pub output: u64,
    /// Micro-dollars per million tokens written to the cache for five minutes.
    pub cache_write_5m: u64,
    /// Micro-dollars per million tokens written to the cache for an hour.
    pub cache_write_1h: u64,
    /// Micro-dollars per million tokens read from the cache.
    pub cache_read: u64,
    /// The context window in tokens.
    pub context_tokens: u64,
    /// The most output tokens that a request may ask for.
    pub max_output_tokens: u64,
    /// The shortest prefix that is cached, where it is established.
    pub min_cacheable_tokens: Option<u64>,
    /// The tokens that its tokenizer gives for 100 of the last one that was published.
    #[serde(default = "hundred")]
    pub token_percent: u64,
    /// Whether tokens from the cache count towards the input limit; only for models of the third
    /// generation, all of which are retired.
    #[serde(default)]
    pub cache_reads_count: bool,
    /// Other prices for a long prompt.
    pub long_prompt: Option<LongPrompt>,
    /// What follows from the id.
    #[serde(skip)]
    pub(crate) generation: Generation,
}

const fn hundred() -> u64 {
    100
}

/// Where a model stands, as the models API says it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// In use.
    #[default]
    Active,
    /// In use, with an announced end.
    Deprecated,
    /// Gone: requests are answered with 404.
    Retired,
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
    /// Micro-dollars per million tokens written to the cache for five minutes.
    pub cache_write_5m: u64,
    /// Micro-dollars per million tokens written to the cache for an hour.
    pub cache_write_1h: u64,
    /// Micro-dollars per million tokens read from the cache.
    pub cache_read: u64,
}

/// The shortest prefix that most models cache, in tokens.
const USUAL_MIN_CACHEABLE_TOKENS: u64 = 1_024;

/// Everything that a request is charged for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Charge {
    /// What was read, by what it did to the prompt cache.
    pub input: InputTokens,
    /// Tokens written.
    pub output: u64,
    /// Whether the request is one of a batch, at half the price.
    pub batch: bool,
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
        self.uncached
            .saturating_add(self.written_5m)
            .saturating_add(self.written_1h)
            .saturating_add(self.read)
    }

    /// What counts against the limit of input tokens: everything but cache reads.
    pub const fn limited(&self) -> u64 {
        self.total() - self.read
    }
}

impl Model {
    /// The id with its date, where the model has one.
    pub fn dated_id(&self) -> &str {
        self.aliases.first().unwrap_or(&self.id)
    }

    /// The shortest prefix that is cached, in tokens; the most usual one where it is not published.
    pub fn shortest_cached(&self) -> u64 {
        self.min_cacheable_tokens.unwrap_or(USUAL_MIN_CACHEABLE_TOKENS)
    }

    /// What a request without caching costs in micro-dollars.
    pub fn cost_microusd(&self, tokens_in: u64, tokens_out: u64) -> u64 {
        let input = InputTokens { uncached: tokens_in, ..InputTokens::default() };
        self.cost(&Charge { input, output: tokens_out, batch: false })
    }

    /// What a request costs in micro-dollars, rounded once.
    pub fn cost(&self, charge: &Charge) -> u64 {
        let InputTokens { uncached, written_5m, written_1h, read } = charge.input;
        let tokens = [uncached, written_5m, written_1h, read, charge.output];
        let prices = match &self.long_prompt {
            Some(long) if charge.input.total() > long.above => {
                [long.input, long.cache_write_5m, long.cache_write_1h, long.cache_read, long.output]
            }
            _ => {
                [self.input, self.cache_write_5m, self.cache_write_1h, self.cache_read, self.output]
            }
        };
        let millionths: u128 = std::iter::zip(tokens, prices)
            .map(|(count, price)| u128::from(count) * u128::from(price))
            .fold(0, u128::saturating_add);
        let unit = if charge.batch { 2_000_000 } else { 1_000_000 };
        u64::try_from(millionths.saturating_add(unit / 2) / unit).unwrap_or(u64::MAX)
    }
}

/// A model that no longer answers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retired {
    /// The id that a request names.
    pub id: String,
    /// Other ids of the same model.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The day of its end.
    pub retired_on: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceList {
    model: Vec<Model>,
    retired: Vec<Retired>,
}

static LIST: LazyLock<PriceList> = LazyLock::new(|| {
    let mut list: PriceList =
        toml::from_str(include_str!("prices.toml")).expect("the shipped price list parses");
    for model in &mut list.model {
        model.generation = Generation::of(&model.id);
    }
    list
});

/// The rows of each id, aliases included, the latest first.
static ROWS: LazyLock<BTreeMap<&'static str, Vec<&'static Model>>> =
    LazyLock::new(|| by_id(&LIST.model));

fn by_id(models: &[Model]) -> BTreeMap<&str, Vec<&Model>> {
    let mut rows = BTreeMap::<&str, Vec<&Model>>::new();
    for model in models {
        for id in std::iter::once(&model.id).chain(&model.aliases) {
            rows.entry(id).or_default().push(model);
        }
    }
    for rows in rows.values_mut() {
        rows.sort_by(|left, right| right.effective_from.cmp(&left.effective_from));
    }
    rows
}

/// The model of this id by its latest row, dated ids included: `claude-sonnet-4-5-20250929` is
/// `claude-sonnet-4-5`. A retired model is none.
pub fn model(id: &str) -> Option<&'static Model> {
    Some(known(id)?.1)
}

/// The same, with the id as the list writes it.
pub(crate) fn known(id: &str) -> Option<(&'static str, &'static Model)> {
    let (id, rows) = ROWS.get_key_value(id)?;
    Some((id, rows.first().copied()?))
}

/// The model of this id by the row that holds on `day`, written as `2026-08-22`; before the first
/// row, by the first.
pub fn model_on(id: &str, day: &str) -> Option<&'static Model> {
    holding(ROWS.get(id)?, day)
}

fn holding<'a>(rows: &[&'a Model], day: &str) -> Option<&'a Model> {
    let holds = rows.iter().find(|row| row.effective_from.as_str() <= day);
    holds.or(rows.last()).copied()
}

/// Every row, in the order of the file.
pub fn all() -> &'static [Model] {
    &LIST.model
}

/// Every retired model.
pub fn retired() -> &'static [Retired] {
    &LIST.retired
}

/// Where the model of this id stands; none for an id that never was.
pub fn lifecycle(id: &str) -> Option<Lifecycle> {
    let gone = |one: &Retired| one.id == id || one.aliases.iter().any(|alias| alias == id);
    match model(id) {
        Some(model) => Some(model.lifecycle),
        None => retired().iter().any(gone).then_some(Lifecycle::Retired),
    }
}

/// Where the model of this id stands on `day`, written as `2026-08-22`: a deprecated one is retired
/// from its announced end on. The day of an announcement is not known, so that a model counts as
/// deprecated on every day before its end.
#[cfg(any(test, feature = "workspace-internals"))]
pub fn lifecycle_on(id: &str, day: &str) -> Option<Lifecycle> {
    let end = model(id).and_then(|model| model.retires_on.as_deref());
    if end.is_some_and(|end| end <= day) { Some(Lifecycle::Retired) } else { lifecycle(id) }
}

/// Whether nothing new should be built on the model of this id on `day`: it has an announced end,
/// or has met it. An id that never was is not deprecated.
#[cfg(any(test, feature = "workspace-internals"))]
pub fn is_deprecated_on(id: &str, day: &str) -> bool {
    matches!(lifecycle_on(id, day), Some(Lifecycle::Deprecated | Lifecycle::Retired))
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
        let input = InputTokens { uncached: 1, read: 100_000, ..InputTokens::default() };
        let cached = Charge { input, ..Charge::default() };
        assert_eq!(haiku.cost(&cached), 5_001, "tokens of the cache make a prompt long too");
    }

    #[test]
    fn known_dated_ids_are_their_models_and_invented_ones_are_none() {
        assert_eq!(model("claude-sonnet-4-5-20250929"), model("claude-sonnet-4-5"));
        assert_eq!(model("claude-sonnet-4-5-20250930"), None);
        assert_eq!(model("claude-sonnet-4-20250514"), None, "retired");
        assert_eq!(model("gpt-4"), None);
    }

    #[test]
    fn a_model_is_active_then_deprecated_then_retired() {
        assert_eq!(lifecycle("claude-opus-5"), Some(Lifecycle::Active));
        assert_eq!(lifecycle("claude-sonnet-4-5"), Some(Lifecycle::Deprecated));
        assert_eq!(lifecycle("claude-3-7-sonnet-latest"), Some(Lifecycle::Retired));
        assert_eq!(lifecycle("gpt-4"), None);
    }

    #[test]
    fn a_deprecated_model_is_retired_on_the_day_of_its_end() {
        let on = |day| lifecycle_on("claude-opus-4-5-20251101", day);
        assert_eq!(on("2027-01-21"), Some(Lifecycle::Deprecated));
        assert_eq!(on("2027-01-22"), Some(Lifecycle::Retired));
        assert_eq!(lifecycle_on("claude-sonnet-4-5", "2026-11-30"), Some(Lifecycle::Retired));
        assert!(is_deprecated_on("claude-sonnet-4-5", "2026-09-01"));
        assert!(!is_deprecated_on("claude-opus-5", "2030-01-01"));
        assert!(!is_deprecated_on("gpt-4", "2026-09-01"));
    }

    #[test]
    fn every_end_is_a_day_and_every_deprecated_model_has_one() {
        for model in all() {
            let deprecated = model.lifecycle == Lifecycle::Deprecated;
            assert_eq!(model.retires_on.is_some(), deprecated, "{}", model.id);
            let day = model.retires_on.as_deref().unwrap_or("2026-01-01");
            assert!(day.parse::<jiff::civil::Date>().is_ok_and(|date| date.to_string() == day));
        }
    }

    #[test]
    fn a_cache_write_costs_a_quarter_more_or_twice_as_much_and_batches_half() {
        let million = 1_000_000;
        let opus = model("claude-opus-4-5").unwrap();
        let cost = |input| opus.cost(&Charge { input, ..Charge::default() });
        let none = InputTokens::default();
        assert_eq!(cost(InputTokens { written_5m: million, ..none }), 6_250_000);
        assert_eq!(cost(InputTokens { written_1h: million, ..none }), 10_000_000);
        assert_eq!(cost(InputTokens { read: million, ..none }), 500_000);
        let batched = Charge { output: million, batch: true, ..Charge::default() };
        assert_eq!(opus.cost(&batched), 12_500_000);
    }

    #[test]
    fn prices_hold_from_their_day_on_and_the_first_row_holds_before_it() {
        let first = model("claude-opus-5").unwrap().clone();
        let second =
            Model { effective_from: "2026-10-01".into(), input: 4_000_000, ..first.clone() };
        let models = [first, second];
        let rows = by_id(&models);
        let input = |day| holding(&rows["claude-opus-5"], day).unwrap().input;
        assert_eq!(
            ["2020-01-01", "2026-09-30", "2026-10-01"].map(input),
            [5_000_000, 5_000_000, 4_000_000]
        );
        assert_eq!(model_on("claude-opus-5", "2026-12-31"), model("claude-opus-5"));
    }

    #[test]
    fn the_multipliers_of_the_list_hold_for_every_row() {
        for model in all() {
            assert_eq!(model.cache_write_5m * 4, model.input * 5, "{}", model.id);
            assert_eq!(model.cache_write_1h, model.input * 2, "{}", model.id);
            assert!(model.cache_read * 10 <= model.input, "{}", model.id);
            let date: Result<jiff::civil::Date, _> = model.effective_from.parse();
            assert_eq!(date.unwrap().to_string(), model.effective_from, "sorted as text");
        }
    }

    proptest! {
        #[test]
        fn rounding_never_moves_a_cost_by_more_than_half_a_micro_dollar(
            tokens_in in 0_u64..1_000_000, tokens_out in 0_u64..128_000, batch: bool,
            write in 0_u64..10_000, read in 0_u64..10_000,
        ) {
            let model = model("claude-haiku-4-5").unwrap();
            let input = InputTokens {
                uncached: tokens_in, written_5m: write, written_1h: write, read,
            };
            let charge = Charge { input, output: tokens_out, batch };
            let exact = u128::from(tokens_in) * 1_000_000 + u128::from(tokens_out) * 5_000_000
                + u128::from(write) * 3_250_000 + u128::from(read) * 100_000;
            let unit = if batch { 2_000_000 } else { 1_000_000 };
            let charged = u128::from(model.cost(&charge)) * unit;
            prop_assert!(charged.abs_diff(exact) <= unit / 2);
        }

        #[test]
        fn more_tokens_never_cost_less_and_nothing_overflows(
            counts: [u64; 5], more: u64, batch: bool,
        ) {
            let model = model("claude-haiku-5-5").unwrap();
            let [uncached, output, written_5m, written_1h, read] = counts;
            let input = InputTokens { uncached, written_5m, written_1h, read };
            let charge = Charge { input, output, batch };
            let larger = Charge { output: output.saturating_add(more), ..charge };
            prop_assert!(model.cost(&larger) >= model.cost(&charge));
        }
    }
}

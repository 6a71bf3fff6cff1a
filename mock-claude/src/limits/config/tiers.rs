//! Usage tiers: the documented limits of each, read from `tiers.toml` in this folder.
//!
//! A class that a tier has no row for has no limit: a number that nobody has established is
//! configuration, not a guess.

use std::num::NonZeroU64;
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rates::Rates;

/// The tiers that an organisation can be in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Before the first purchase: 50 requests a minute.
    Evaluation,
    /// $500 a month.
    Start,
    /// $1,000 a month.
    Build,
    /// $200,000 a month.
    Scale,
}

impl Tier {
    /// Every tier, from the lowest limits to the highest.
    pub const ALL: [Self; 4] = [Self::Evaluation, Self::Start, Self::Build, Self::Scale];

    /// The name in files and flags.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Evaluation => "evaluation",
            Self::Start => "start",
            Self::Build => "build",
            Self::Scale => "scale",
        }
    }

    /// What the tier allows.
    pub fn limits(self) -> &'static TierLimits {
        let found = TIERS.iter().find(|tier| tier.name == self);
        found.expect("the shipped file has every tier")
    }
}

/// What one tier allows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierLimits {
    name: Tier,
    /// Micro-dollars a month; not established for the evaluation tier.
    pub spend_limit_microusd: Option<u64>,
    /// Requests a minute to the batches API.
    pub batch_requests_per_minute: Option<NonZeroU64>,
    /// Batch requests that may wait to be processed.
    pub batch_queue: Option<u64>,
    /// Requests a minute to `count_tokens`.
    pub count_tokens_requests_per_minute: Option<NonZeroU64>,
    class: Vec<ClassRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassRow {
    names: Vec<String>,
    requests_per_minute: NonZeroU64,
    input_tokens_per_minute: NonZeroU64,
    output_tokens_per_minute: NonZeroU64,
}

impl TierLimits {
    /// The rates of a class; none where the tier has no row for it.
    pub fn rates(&self, class: &str) -> Rates {
        let row = self.class.iter().find(|row| row.names.iter().any(|name| name == class));
        row.map_or_else(Rates::default, |row| Rates {
            requests_per_minute: Some(row.requests_per_minute),
            input_tokens_per_minute: Some(row.input_tokens_per_minute),
            output_tokens_per_minute: Some(row.output_tokens_per_minute),
            ..Rates::default()
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TiersFile {
    tier: Vec<TierLimits>,
}

static TIERS: LazyLock<Vec<TierLimits>> = LazyLock::new(|| {
    let file: TiersFile =
        toml::from_str(include_str!("tiers.toml")).expect("the shipped tier file parses");
    file.tier
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tier_has_the_documented_numbers() {
        let line = |tier: Tier, class: &str| {
            let rates = tier.limits().rates(class);
            [
                rates.requests_per_minute,
                rates.input_tokens_per_minute,
                rates.output_tokens_per_minute,
            ]
            .map(|rate| rate.map_or(0, NonZeroU64::get))
        };
        assert_eq!(line(Tier::Evaluation, "opus-4"), [50, 30_000, 8_000]);
        assert_eq!(line(Tier::Start, "fable-5"), [1_000, 500_000, 100_000]);
        assert_eq!(line(Tier::Build, "sonnet-4"), [5_000, 5_000_000, 1_000_000]);
        assert_eq!(line(Tier::Scale, "haiku-4-5"), [10_000, 10_000_000, 2_000_000]);
        assert_eq!(line(Tier::Scale, "opus-5-5"), [0, 0, 0], "not established");
    }

    #[test]
    fn every_class_of_a_tier_is_the_class_of_a_model() {
        for tier in Tier::ALL {
            for name in tier.limits().class.iter().flat_map(|row| &row.names) {
                let known = crate::api::prices::all().iter().any(|model| model.class == *name);
                assert!(known, "{name} in {}", tier.name());
            }
        }
    }
}

//! The `[limits]` section: what is limited, for whom, and what of it makes no sense.
//!
//! A limit is looked up from the most particular place to the most general one: the class of the
//! model, the organisation, the section itself, the tier. A limit that no place gives does not
//! exist.

pub(super) mod allowance;
pub(super) mod bedrock;
pub(super) mod rates;
pub(super) mod tiers;

use std::num::NonZeroU64;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::Problem;

use self::bedrock::BedrockConfig;
use self::rates::{Algorithm, Rates};
use self::tiers::Tier;

/// The `[limits]` section. A limit that is not given does not exist; without the section there
/// are no limits and no rate-limit headers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// `false` switches every limit and its headers off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The tier whose limits hold where no other key gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// How a limit refills.
    pub algorithm: Algorithm,
    /// The window of the fixed-window algorithm in seconds.
    pub window_s: Option<NonZeroU64>,
    /// Requests a minute.
    pub requests_per_minute: Option<NonZeroU64>,
    /// Requests that may come at once; as many as come in a minute unless given.
    pub requests_burst: Option<NonZeroU64>,
    /// Input tokens a minute.
    pub input_tokens_per_minute: Option<NonZeroU64>,
    /// Input tokens that may come at once.
    pub input_tokens_burst: Option<NonZeroU64>,
    /// Output tokens a minute.
    pub output_tokens_per_minute: Option<NonZeroU64>,
    /// Output tokens that may come at once.
    pub output_tokens_burst: Option<NonZeroU64>,
    /// Bytes of request bodies an hour, for each class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_bytes_per_hour: Option<NonZeroU64>,
    /// Requests of one organisation under way at the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrent_requests: Option<NonZeroU64>,
    /// How much faster than in the minute before requests may come, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ramp_growth_percent: Option<u64>,
    /// Requests a minute that are never too sharp a growth; 10 unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ramp_floor_per_minute: Option<NonZeroU64>,
    /// Micro-dollars a calendar month, enforced by the API; the tier's unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spend_limit_microusd: Option<u64>,
    /// Micro-dollars a calendar month, set by the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_spend_limit_microusd: Option<u64>,
    /// The quotas of requests that come by way of Bedrock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bedrock: Option<BedrockConfig>,
    /// Limits of single classes of models.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub class: Vec<ClassConfig>,
    /// Organisations besides the one that every other key belongs to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub organization: Vec<OrganizationConfig>,
    /// Workspaces with limits below their organisation's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub workspace: Vec<WorkspaceConfig>,
}

/// A `[[limits.class]]`: models that share one set of limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassConfig {
    /// The class, for example `opus-4` or `sonnet-5-5`.
    pub name: String,
    /// Its limits.
    pub rates: Rates,
}

/// A `[[limits.organization]]`: API keys with limits of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationConfig {
    /// The name that its id is made of.
    pub name: String,
    /// The API keys that belong to it.
    pub api_keys: Vec<String>,
    /// Its tier; the section's unless given.
    #[serde(default)]
    pub tier: Option<Tier>,
    /// Its limits for every class.
    #[serde(default)]
    pub rates: Rates,
    /// Micro-dollars a month, enforced by the API.
    #[serde(default)]
    pub spend_limit_microusd: Option<u64>,
    /// Micro-dollars a month, set by the user.
    #[serde(default)]
    pub user_spend_limit_microusd: Option<u64>,
}

/// A `[[limits.workspace]]`: some of an organisation's keys, with limits below the organisation's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceConfig {
    /// The id, as in the `anthropic-workspace-id` header.
    pub id: String,
    /// The API keys that belong to it.
    pub api_keys: Vec<String>,
    /// Its limits, for all classes together.
    #[serde(default)]
    pub rates: Rates,
    /// Micro-dollars a month, set by the user.
    #[serde(default)]
    pub spend_limit_microusd: Option<u64>,
}

impl LimitsConfig {
    /// The section's own rates.
    pub fn rates(&self) -> Rates {
        Rates {
            requests_per_minute: self.requests_per_minute,
            requests_burst: self.requests_burst,
            input_tokens_per_minute: self.input_tokens_per_minute,
            input_tokens_burst: self.input_tokens_burst,
            output_tokens_per_minute: self.output_tokens_per_minute,
            output_tokens_burst: self.output_tokens_burst,
        }
    }

    /// What no single key's range can say.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = self.rates().problems(self.algorithm, self.tier.is_some());
        if self.window_s.is_some() && self.algorithm == Algorithm::TokenBucket {
            let message = "has no meaning without `algorithm = \"fixed_window\"`";
            problems.push(Problem::new("window_s", message));
        }
        if self.ramp_floor_per_minute.is_some() && self.ramp_growth_percent.is_none() {
            let message = "needs `ramp_growth_percent` beside it";
            problems.push(Problem::new("ramp_floor_per_minute", message));
        }
        let nested = |rates: &Rates, inherits: bool, place: String| {
            let found = rates.problems(self.algorithm, inherits).into_iter();
            found.map(move |problem| problem.inside(&place)).collect::<Vec<_>>()
        };
        for (index, class) in self.class.iter().enumerate() {
            let known = crate::api::prices::all().iter().any(|model| model.class == class.name);
            if !known {
                let key = format!("class.{index}.name");
                problems.push(Problem::new(key, "is not the class of any model"));
            }
            problems.extend(nested(&class.rates, true, format!("class.{index}.rates")));
        }
        for (index, organization) in self.organization.iter().enumerate() {
            let place = format!("organization.{index}.rates");
            problems.extend(nested(&organization.rates, true, place));
        }
        for (index, workspace) in self.workspace.iter().enumerate() {
            let id = &workspace.id;
            if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
                let key = format!("workspace.{index}.id");
                problems.push(Problem::new(key, "must be visible ASCII characters"));
            }
            problems.extend(nested(&workspace.rates, false, format!("workspace.{index}.rates")));
        }
        problems.extend(self.shared_keys());
        problems
    }

    /// API keys that two organisations or two workspaces claim.
    fn shared_keys(&self) -> Vec<Problem> {
        let twice = |kind: &str, lists: Vec<&Vec<String>>| {
            let mut seen = std::collections::BTreeSet::new();
            let mut problems = Vec::new();
            for (index, keys) in lists.into_iter().enumerate() {
                if keys.iter().any(|key| !seen.insert(key.as_str())) {
                    let message = "holds a key that an earlier entry holds too";
                    problems.push(Problem::new(format!("{kind}.{index}.api_keys"), message));
                }
            }
            problems
        };
        let mut problems =
            twice("organization", self.organization.iter().map(|one| &one.api_keys).collect());
        problems
            .extend(twice("workspace", self.workspace.iter().map(|one| &one.api_keys).collect()));
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_without_a_rate_is_a_problem() {
        let config = LimitsConfig { requests_burst: NonZeroU64::new(4), ..LimitsConfig::default() };
        let problems = config.problems();
        assert_eq!(problems[0].key, "requests_burst");
        assert_eq!(problems[0].message, "needs `requests_per_minute` beside it");
        let tiered = LimitsConfig { tier: Some(Tier::Start), ..config };
        assert_eq!(tiered.problems(), [], "the tier gives the rate");
    }

    #[test]
    fn a_key_belongs_to_one_organisation_and_a_class_has_a_model() {
        let config: LimitsConfig = toml::from_str(
            "[[class]]\nname = \"gpt\"\nrates = {}\n[[organization]]\nname = \"a\"\n\
             api_keys = [\"k\"]\n[[organization]]\nname = \"b\"\napi_keys = [\"k\"]\n",
        )
        .unwrap();
        let keys: Vec<String> = config.problems().into_iter().map(|one| one.key).collect();
        assert_eq!(keys, ["class.0.name", "organization.1.api_keys"]);
    }
}

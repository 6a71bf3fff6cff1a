//! Limits put together in Rust, for tests, without a wrong value: a tier, or rates one by one.

use std::num::NonZeroU64;

use strict_toml::Problem;

use super::LimitsConfig;
use super::tiers::Tier;

/// What clients may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance(LimitsConfig);

#[track_caller]
fn limit(number: u64) -> NonZeroU64 {
    NonZeroU64::new(number).expect("a limit is at least 1")
}

impl Allowance {
    /// This many requests a minute, of which at most `at_once` may come at the same moment.
    #[track_caller]
    pub fn requests_per_minute(per_minute: u64, at_once: u64) -> Self {
        let requests_per_minute = Some(limit(per_minute));
        let requests_burst = Some(limit(at_once));
        Self(LimitsConfig { requests_per_minute, requests_burst, ..LimitsConfig::default() })
    }

    /// This many tokens of prompts a minute.
    #[must_use]
    #[track_caller]
    pub fn input_tokens_per_minute(self, per_minute: u64) -> Self {
        Self(LimitsConfig { input_tokens_per_minute: Some(limit(per_minute)), ..self.0 })
    }

    /// This many tokens of replies a minute.
    #[must_use]
    #[track_caller]
    pub fn output_tokens_per_minute(self, per_minute: u64) -> Self {
        Self(LimitsConfig { output_tokens_per_minute: Some(limit(per_minute)), ..self.0 })
    }

    /// This many requests under way at the same time.
    #[must_use]
    #[track_caller]
    pub fn concurrent_requests(self, requests: u64) -> Self {
        Self(LimitsConfig { concurrent_requests: Some(limit(requests)), ..self.0 })
    }
}

impl From<Tier> for Allowance {
    fn from(tier: Tier) -> Self {
        Self(LimitsConfig { tier: Some(tier), ..LimitsConfig::default() })
    }
}

impl TryFrom<LimitsConfig> for Allowance {
    type Error = Vec<Problem>;

    fn try_from(config: LimitsConfig) -> Result<Self, Vec<Problem>> {
        let problems = config.problems();
        if problems.is_empty() { Ok(Self(config)) } else { Err(problems) }
    }
}

impl From<Allowance> for LimitsConfig {
    fn from(allowance: Allowance) -> Self {
        allowance.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_wrong_with_limits_that_were_put_together() {
        let built = Allowance::requests_per_minute(50, 4)
            .input_tokens_per_minute(30_000)
            .output_tokens_per_minute(8_000)
            .concurrent_requests(2);
        assert_eq!(LimitsConfig::from(built).problems(), []);
        let wrong = LimitsConfig { window_s: Some(limit(60)), ..LimitsConfig::default() };
        assert_eq!(Allowance::try_from(wrong).unwrap_err()[0].key, "window_s");
    }
}

//! The three rates that a class, an organisation, a workspace or the section itself may have, each
//! with its burst: which one hides which, and what of them makes no sense.

use std::num::NonZeroU64;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::Problem;

/// How a limit refills.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// Refills continuously up to its burst, as the real API does.
    #[default]
    TokenBucket,
    /// Refills all at once when a window ends.
    FixedWindow,
}

/// Rates and bursts, as single classes, organisations and workspaces have them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rates {
    /// Requests a minute.
    pub requests_per_minute: Option<NonZeroU64>,
    /// Requests that may come at once.
    pub requests_burst: Option<NonZeroU64>,
    /// Input tokens a minute.
    pub input_tokens_per_minute: Option<NonZeroU64>,
    /// Input tokens that may come at once.
    pub input_tokens_burst: Option<NonZeroU64>,
    /// Output tokens a minute.
    pub output_tokens_per_minute: Option<NonZeroU64>,
    /// Output tokens that may come at once.
    pub output_tokens_burst: Option<NonZeroU64>,
}

/// What is limited by rate, as the keys begin.
const NAMES: [&str; 3] = ["requests", "input_tokens", "output_tokens"];

/// One rate and its burst.
#[derive(Debug, Clone, Copy)]
pub(in crate::limits) struct Rate {
    pub(in crate::limits) per_minute: Option<NonZeroU64>,
    pub(in crate::limits) burst: Option<NonZeroU64>,
}

impl Rate {
    /// This rate, or that of `base` where this has none. A burst goes with its rate.
    fn over(self, base: Self) -> Self {
        match self.per_minute {
            Some(_) => self,
            None => Self { burst: self.burst.or(base.burst), ..base },
        }
    }
}

impl Rates {
    /// Requests, input tokens and output tokens, in this order.
    pub(in crate::limits) fn each(&self) -> [Rate; 3] {
        let rate = |per_minute, burst| Rate { per_minute, burst };
        [
            rate(self.requests_per_minute, self.requests_burst),
            rate(self.input_tokens_per_minute, self.input_tokens_burst),
            rate(self.output_tokens_per_minute, self.output_tokens_burst),
        ]
    }

    fn of([requests, input_tokens, output_tokens]: [Rate; 3]) -> Self {
        Self {
            requests_per_minute: requests.per_minute,
            requests_burst: requests.burst,
            input_tokens_per_minute: input_tokens.per_minute,
            input_tokens_burst: input_tokens.burst,
            output_tokens_per_minute: output_tokens.per_minute,
            output_tokens_burst: output_tokens.burst,
        }
    }

    /// These rates, and those of `base` where these have none.
    #[must_use]
    pub fn over(self, base: Self) -> Self {
        let [requests, input_tokens, output_tokens] = self.each();
        let [base_requests, base_input, base_output] = base.each();
        Self::of([
            requests.over(base_requests),
            input_tokens.over(base_input),
            output_tokens.over(base_output),
        ])
    }

    /// Bursts that have no rate, or that the algorithm does not know.
    pub(in crate::limits) fn problems(&self, algorithm: Algorithm, inherits: bool) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (name, Rate { per_minute, burst }) in NAMES.into_iter().zip(self.each()) {
            let key = format!("{name}_burst");
            if burst.is_some() && per_minute.is_none() && !inherits {
                let message = format!("needs `{name}_per_minute` beside it");
                problems.push(Problem::new(key.as_str(), message));
            }
            if burst.is_some() && algorithm == Algorithm::FixedWindow {
                let message = "has no meaning with `algorithm = \"fixed_window\"`";
                problems.push(Problem::new(key, message));
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_with_its_rate_and_a_rate_alone_hides_the_burst_below() {
        let rates = |rate, burst| Rates {
            requests_per_minute: NonZeroU64::new(rate),
            requests_burst: NonZeroU64::new(burst),
            ..Rates::default()
        };
        assert_eq!(rates(10, 0).over(rates(50, 4)), rates(10, 0));
        assert_eq!(rates(0, 7).over(rates(50, 4)), rates(50, 7));
        assert_eq!(rates(0, 0).over(rates(50, 4)), rates(50, 4));
    }
}

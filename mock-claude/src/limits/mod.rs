//! Rate limits: requests, input tokens and output tokens a minute, and the headers that
//! announce them.
//!
//! A request is admitted when every limit has room, and only then is anything taken: a refusal
//! costs no quota. Output tokens are taken when they are written, so their limit can be
//! overdrawn by one reply and then blocks until it has recovered.

mod bucket;
mod headers;
mod window;

use std::num::NonZeroU64;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::bucket::Bucket;
pub use self::headers::announce;
use self::window::Window;
use crate::clock::SECOND_US;
use crate::config::Problem;

/// The `[limits]` section. A limit that is not given does not exist; without the section there
/// are no limits and no rate-limit headers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
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
}

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

impl LimitsConfig {
    /// What no single key's range can say.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let bursts = [
            ("requests_burst", self.requests_burst, self.requests_per_minute),
            ("input_tokens_burst", self.input_tokens_burst, self.input_tokens_per_minute),
            ("output_tokens_burst", self.output_tokens_burst, self.output_tokens_per_minute),
        ];
        for (key, burst, rate) in bursts {
            let base = key.trim_end_matches("_burst");
            if burst.is_some() && rate.is_none() {
                problems.push(Problem::new(key, format!("needs `{base}_per_minute` beside it")));
            }
            if burst.is_some() && self.algorithm == Algorithm::FixedWindow {
                let message = "has no meaning with `algorithm = \"fixed_window\"`";
                problems.push(Problem::new(key, message));
            }
        }
        if self.window_s.is_some() && self.algorithm == Algorithm::TokenBucket {
            let message = "has no meaning without `algorithm = \"fixed_window\"`";
            problems.push(Problem::new("window_s", message));
        }
        problems
    }
}

/// The window that limits a minute are usually enforced over.
const MINUTE_S: NonZeroU64 = NonZeroU64::new(60).expect("60 is not 0");

/// One of the three things that are limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// Requests.
    Requests,
    /// Tokens that the model reads.
    InputTokens,
    /// Tokens that the model writes.
    OutputTokens,
}

/// A limit that had no room, and how long until it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// What there was too much of.
    pub dimension: Dimension,
    /// The limit a minute.
    pub per_minute: u64,
    /// Microseconds until a request of the same size fits, or until the limit is whole again
    /// where the request is larger than the limit itself.
    pub wait_us: u64,
}

impl Refusal {
    /// The limit in the API's words.
    pub fn words(&self) -> String {
        let what = match self.dimension {
            Dimension::Requests => "requests",
            Dimension::InputTokens => "input tokens",
            Dimension::OutputTokens => "output tokens",
        };
        format!("{} {what} per minute", headers::grouped(self.per_minute))
    }

    /// Whole seconds for `retry-after`: earlier retries fail.
    pub fn retry_after_s(&self) -> u64 {
        self.wait_us.div_ceil(SECOND_US).max(1)
    }
}

/// The limits of one organisation.
#[derive(Debug)]
pub struct Limiter {
    requests: Option<Meter>,
    input_tokens: Option<Meter>,
    output_tokens: Option<Meter>,
}

impl Limiter {
    /// Limits that are whole at time 0.
    pub fn new(config: &LimitsConfig) -> Self {
        let meter = |per_minute: Option<NonZeroU64>, burst: Option<NonZeroU64>| {
            per_minute.map(|per_minute| match config.algorithm {
                Algorithm::TokenBucket => {
                    Meter::Bucket(Bucket::new(per_minute, burst.unwrap_or(per_minute)))
                }
                Algorithm::FixedWindow => {
                    Meter::Window(Window::new(per_minute, config.window_s.unwrap_or(MINUTE_S)))
                }
            })
        };
        Self {
            requests: meter(config.requests_per_minute, config.requests_burst),
            input_tokens: meter(config.input_tokens_per_minute, config.input_tokens_burst),
            output_tokens: meter(config.output_tokens_per_minute, config.output_tokens_burst),
        }
    }

    /// Admits a request of `tokens_in` tokens, or says which limit has no room.
    pub fn admit(&mut self, now_us: u64, tokens_in: u64) -> Result<(), Refusal> {
        let wanted = [
            (Dimension::Requests, &mut self.requests, 1),
            (Dimension::InputTokens, &mut self.input_tokens, tokens_in),
            (Dimension::OutputTokens, &mut self.output_tokens, 0),
        ];
        for (dimension, meter, amount) in wanted {
            let Some(meter) = meter else { continue };
            // A reply of unknown length needs an output limit that is not overdrawn.
            let wait_us = meter.wait_us(now_us, amount.max(1));
            if wait_us > 0 {
                return Err(Refusal { dimension, per_minute: meter.per_minute(), wait_us });
            }
        }
        if let Some(meter) = &mut self.requests {
            meter.take(now_us, 1);
        }
        if let Some(meter) = &mut self.input_tokens {
            meter.take(now_us, tokens_in);
        }
        Ok(())
    }

    /// Takes the output tokens that were written.
    pub fn wrote(&mut self, now_us: u64, tokens_out: u64) {
        if let Some(meter) = &mut self.output_tokens {
            meter.take(now_us, tokens_out);
        }
    }
}

/// One limit, whichever way it refills.
#[derive(Debug)]
enum Meter {
    Bucket(Bucket),
    Window(Window),
}

impl Meter {
    /// Microseconds until `amount` fits; 0 when it fits now.
    fn wait_us(&mut self, now_us: u64, amount: u64) -> u64 {
        match self {
            Self::Bucket(bucket) => bucket.wait_us(now_us, amount),
            Self::Window(window) => window.wait_us(now_us, amount),
        }
    }

    /// Takes `amount`, even where there is less.
    fn take(&mut self, now_us: u64, amount: u64) {
        match self {
            Self::Bucket(bucket) => bucket.take(now_us, amount),
            Self::Window(window) => window.take(now_us, amount),
        }
    }

    /// What is left now.
    fn remaining(&mut self, now_us: u64) -> u64 {
        match self {
            Self::Bucket(bucket) => bucket.remaining(now_us),
            Self::Window(window) => window.remaining(now_us),
        }
    }

    /// Microseconds until the limit is whole again.
    fn reset_us(&mut self, now_us: u64) -> u64 {
        match self {
            Self::Bucket(bucket) => bucket.reset_us(now_us),
            Self::Window(window) => window.reset_us(now_us),
        }
    }

    /// The announced limit.
    const fn per_minute(&self) -> u64 {
        match self {
            Self::Bucket(bucket) => bucket.per_minute.get(),
            Self::Window(window) => window.per_minute.get(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_costs_no_quota() {
        let mut limiter = Limiter::new(&LimitsConfig {
            requests_per_minute: NonZeroU64::new(60),
            requests_burst: NonZeroU64::new(2),
            input_tokens_per_minute: NonZeroU64::new(1000),
            ..LimitsConfig::default()
        });
        let refusal = limiter.admit(0, 1001).unwrap_err();
        assert_eq!(refusal.dimension, Dimension::InputTokens);
        assert!(limiter.admit(0, 500).is_ok());
        assert!(limiter.admit(0, 500).is_ok(), "both requests are left after the refusal");
        assert_eq!(limiter.admit(0, 1).unwrap_err().retry_after_s(), 1);
    }

    #[test]
    fn output_tokens_are_counted_as_written_and_block_once_overdrawn() {
        let mut limiter = Limiter::new(&LimitsConfig {
            output_tokens_per_minute: NonZeroU64::new(600),
            ..LimitsConfig::default()
        });
        assert!(limiter.admit(0, 10).is_ok());
        limiter.wrote(0, 1200);
        let refusal = limiter.admit(0, 10).unwrap_err();
        assert_eq!(refusal.words(), "600 output tokens per minute");
        assert!(limiter.admit(60 * SECOND_US, 10).is_err(), "600 of debt take a minute");
        assert!(limiter.admit(60 * SECOND_US + SECOND_US / 10, 10).is_ok());
    }

    #[test]
    fn a_burst_without_a_rate_is_a_problem() {
        let config = LimitsConfig { requests_burst: NonZeroU64::new(4), ..LimitsConfig::default() };
        let problems = config.problems();
        assert_eq!(problems[0].key, "requests_burst");
        assert_eq!(problems[0].message, "needs `requests_per_minute` beside it");
    }
}

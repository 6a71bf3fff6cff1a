//! The rates of one class of models: requests, input tokens and output tokens a minute, and bytes
//! an hour.
//!
//! A request is admitted when every limit has room, and only then is anything taken: a refusal
//! costs no quota. Output tokens are taken when they are written, so their limit can be
//! overdrawn by one reply and then blocks until it has recovered.

use std::num::NonZeroU64;

use super::bucket::Bucket;
use super::config::LimitsConfig;
use super::config::rates::{Algorithm, Rate, Rates};
use super::headers::Announced;
use super::window::Window;

/// The window that limits a minute are usually enforced over.
const MINUTE_S: NonZeroU64 = NonZeroU64::new(60).expect("60 is not 0");

/// One of the things that are limited by rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// Requests.
    Requests,
    /// Tokens that the model reads.
    InputTokens,
    /// Tokens that the model writes.
    OutputTokens,
    /// Bytes of request bodies, counted by the hour.
    PromptBytes,
}

/// A limit that had no room, and how long until it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    /// What there was too much of.
    pub dimension: Dimension,
    /// The limit, a minute or an hour.
    pub limit: u64,
    /// Microseconds until a request of the same size fits; none where it is larger than the limit
    /// itself, so that no wait makes room for it.
    pub wait_us: Option<u64>,
}

/// What a request takes from the limits when it begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ask {
    /// Input tokens that count: without those that the cache gives for free.
    pub tokens_in: u64,
    /// Bytes of the request's body.
    pub prompt_bytes: u64,
}

/// The limits of one class.
#[derive(Debug)]
pub struct Limiter {
    pub(super) requests: Option<Meter>,
    pub(super) input_tokens: Option<Meter>,
    pub(super) output_tokens: Option<Meter>,
    prompt_bytes: Option<Bucket>,
    pub(super) announced: Announced,
}

impl Limiter {
    /// Limits that are whole at time 0: these rates, refilled as the section says.
    pub fn new(config: &LimitsConfig, rates: &Rates) -> Self {
        let meter = |rate: Rate| Meter::of(config, rate);
        let [requests, input_tokens, output_tokens] = rates.each().map(meter);
        Self {
            requests,
            input_tokens,
            output_tokens,
            prompt_bytes: config.prompt_bytes_per_hour.map(Bucket::per_hour),
            announced: Announced::default(),
        }
    }

    /// Says which limit has no room for a request, if one has none. Takes nothing.
    pub fn check(&mut self, now_us: u64, ask: Ask) -> Result<(), Exceeded> {
        let wanted = [
            (Dimension::Requests, &mut self.requests, 1),
            (Dimension::InputTokens, &mut self.input_tokens, ask.tokens_in),
            // A reply of unknown length needs an output limit that is not overdrawn.
            (Dimension::OutputTokens, &mut self.output_tokens, 1),
        ];
        for (dimension, meter, amount) in wanted {
            let Some(meter) = meter else { continue };
            let wait_us = meter.wait_us(now_us, amount.max(1));
            if wait_us != Some(0) {
                return Err(Exceeded { dimension, limit: meter.per_minute(), wait_us });
            }
        }
        if let Some(bytes) = &mut self.prompt_bytes {
            let wait_us = bytes.wait_us(now_us, ask.prompt_bytes);
            if wait_us != Some(0) {
                let limit = bytes.rate.get();
                return Err(Exceeded { dimension: Dimension::PromptBytes, limit, wait_us });
            }
        }
        Ok(())
    }

    /// Takes what a request needs when it begins.
    pub fn take(&mut self, now_us: u64, ask: Ask) {
        if let Some(meter) = &mut self.requests {
            meter.take(now_us, 1);
        }
        if let Some(meter) = &mut self.input_tokens {
            meter.take(now_us, ask.tokens_in);
        }
        if let Some(bytes) = &mut self.prompt_bytes {
            bytes.take(now_us, ask.prompt_bytes);
        }
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
pub(super) enum Meter {
    Bucket(Bucket),
    Window(Window),
}

impl Meter {
    /// The limit of a rate, which refills as the section says; none where there is no rate.
    pub(super) fn of(config: &LimitsConfig, Rate { per_minute, burst }: Rate) -> Option<Self> {
        let per_minute = per_minute?;
        Some(match config.algorithm {
            Algorithm::TokenBucket => {
                Self::Bucket(Bucket::new(per_minute, burst.unwrap_or(per_minute)))
            }
            Algorithm::FixedWindow => {
                Self::Window(Window::new(per_minute, config.window_s.unwrap_or(MINUTE_S)))
            }
        })
    }

    /// Microseconds until `amount` fits, 0 when it fits now; none where it never does.
    pub(super) fn wait_us(&mut self, now_us: u64, amount: u64) -> Option<u64> {
        match self {
            Self::Bucket(bucket) => bucket.wait_us(now_us, amount),
            Self::Window(window) => window.wait_us(now_us, amount),
        }
    }

    /// Gives back what was taken and not used.
    pub(super) fn give(&mut self, now_us: u64, amount: u64) {
        match self {
            Self::Bucket(bucket) => bucket.give(now_us, amount),
            Self::Window(window) => window.give(now_us, amount),
        }
    }

    /// Takes `amount`, even where there is less.
    pub(super) fn take(&mut self, now_us: u64, amount: u64) {
        match self {
            Self::Bucket(bucket) => bucket.take(now_us, amount),
            Self::Window(window) => window.take(now_us, amount),
        }
    }

    /// What is left now.
    pub(super) fn remaining(&mut self, now_us: u64) -> u64 {
        match self {
            Self::Bucket(bucket) => bucket.remaining(now_us),
            Self::Window(window) => window.remaining(now_us),
        }
    }

    /// Microseconds until the limit is whole again.
    pub(super) fn reset_us(&mut self, now_us: u64) -> u64 {
        match self {
            Self::Bucket(bucket) => bucket.reset_us(now_us),
            Self::Window(window) => window.reset_us(now_us),
        }
    }

    /// The announced limit.
    pub(super) const fn per_minute(&self) -> u64 {
        match self {
            Self::Bucket(bucket) => bucket.rate.get(),
            Self::Window(window) => window.per_minute.get(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::basis::clock::SECOND_US;

    fn limiter(rates: Rates) -> Limiter {
        Limiter::new(&LimitsConfig::default(), &rates)
    }

    fn admit(limiter: &mut Limiter, now_us: u64, tokens_in: u64) -> Result<(), Exceeded> {
        let ask = Ask { tokens_in, prompt_bytes: 0 };
        limiter.check(now_us, ask)?;
        limiter.take(now_us, ask);
        Ok(())
    }

    #[test]
    fn a_refusal_costs_no_quota() {
        let mut limiter = limiter(Rates {
            requests_per_minute: NonZeroU64::new(60),
            requests_burst: NonZeroU64::new(2),
            input_tokens_per_minute: NonZeroU64::new(1000),
            ..Rates::default()
        });
        let exceeded = admit(&mut limiter, 0, 1001).unwrap_err();
        assert_eq!((exceeded.dimension, exceeded.wait_us), (Dimension::InputTokens, None));
        assert!(admit(&mut limiter, 0, 500).is_ok());
        assert!(admit(&mut limiter, 0, 500).is_ok(), "both requests are left after the refusal");
        assert_eq!(admit(&mut limiter, 0, 1).unwrap_err().wait_us, Some(SECOND_US));
    }

    #[test]
    fn output_tokens_are_counted_as_written_and_block_once_overdrawn() {
        let mut limiter =
            limiter(Rates { output_tokens_per_minute: NonZeroU64::new(600), ..Rates::default() });
        assert!(admit(&mut limiter, 0, 10).is_ok());
        limiter.wrote(0, 1200);
        assert_eq!(admit(&mut limiter, 0, 10).unwrap_err().limit, 600);
        assert!(admit(&mut limiter, 60 * SECOND_US, 10).is_err(), "600 of debt take a minute");
        assert!(admit(&mut limiter, 60 * SECOND_US + SECOND_US / 10, 10).is_ok());
    }

    #[test]
    fn prompt_bytes_come_back_over_an_hour() {
        let config =
            LimitsConfig { prompt_bytes_per_hour: NonZeroU64::new(3600), ..Default::default() };
        let mut limiter = Limiter::new(&config, &Rates::default());
        let ask = Ask { tokens_in: 0, prompt_bytes: 3600 };
        limiter.check(0, ask).unwrap();
        limiter.take(0, ask);
        let exceeded = limiter.check(0, Ask { prompt_bytes: 60, ..ask }).unwrap_err();
        assert_eq!(exceeded.dimension, Dimension::PromptBytes);
        assert_eq!(exceeded.wait_us, Some(60 * SECOND_US), "a byte a second");
    }
}

//! How long the model takes: time to first token, reading the prompt, writing the reply, jitter.
//!
//! All in integers and whole milliseconds, because simulated time moves in whole milliseconds.

use std::num::{NonZeroU32, NonZeroU64};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::basis::chance::{Chance, MILLION, RequestKey, Share};

/// The `[latency]` section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LatencyConfig {
    /// Milliseconds before anything else: queue and network.
    #[schemars(range(max = 3_600_000))]
    pub first_token_ms: u64,
    /// Input tokens read a second.
    pub prefill_tokens_per_second: NonZeroU64,
    /// Output tokens written a second.
    pub decode_tokens_per_second: NonZeroU64,
    /// Milliseconds before a refusal (4xx, 5xx) is answered.
    #[schemars(range(max = 3_600_000))]
    pub refusal_ms: u64,
    /// The greatest share by which a duration is longer or shorter, from 0 to 1.
    pub jitter: Share,
}

impl Default for LatencyConfig {
    /// A mid-size model of 2026 on a quiet day.
    fn default() -> Self {
        Self {
            first_token_ms: 1_000,
            prefill_tokens_per_second: NonZeroU64::MIN.saturating_add(9_999),
            decode_tokens_per_second: NonZeroU64::MIN.saturating_add(47),
            refusal_ms: 50,
            jitter: Share::default(),
        }
    }
}

impl LatencyConfig {
    /// No waiting at all, for load on the server itself.
    pub fn none() -> Self {
        Self {
            first_token_ms: 0,
            prefill_tokens_per_second: NonZeroU64::MAX,
            decode_tokens_per_second: NonZeroU64::MAX,
            refusal_ms: 0,
            jitter: Share::default(),
        }
    }

    /// The schedule of one reply.
    pub fn plan(&self, tokens_in: u64, chance: Chance, key: RequestKey) -> Schedule {
        let prefill_ms = tokens_in.saturating_mul(1000) / self.prefill_tokens_per_second;
        let swing = self.jitter.millionths();
        let factor = chance.between("jitter", key, MILLION - swing, MILLION + swing);
        Schedule {
            first_token_ms: self.first_token_ms + prefill_ms,
            decode_tokens_per_second: self.decode_tokens_per_second,
            factor,
            delay: None,
        }
    }
}

/// A pause in the middle of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stall {
    /// After this many output tokens.
    pub after_tokens: u64,
    /// For this many milliseconds; indefinitely without it.
    #[serde(default)]
    pub for_ms: Option<u64>,
    /// A `ping` event every this many milliseconds of a streamed reply's silence; none without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ping_every_ms: Option<NonZeroU64>,
}

/// What a fault adds to one reply's schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delay {
    pub(crate) extra_ms: u64,
    pub(crate) decode_times: NonZeroU32,
    pub(crate) stall: Option<Stall>,
}

impl Delay {
    /// What is waited, besides slower writing, until this many tokens are written; the greatest
    /// number is indefinitely.
    pub(crate) fn before_ms(self, tokens: u64) -> u64 {
        match self.stall {
            Some(stall) if tokens > stall.after_tokens => {
                stall.for_ms.map_or(u64::MAX, |ms| self.extra_ms.saturating_add(ms))
            }
            _ => self.extra_ms,
        }
    }
}

/// When each token of one reply is written.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    first_token_ms: u64,
    decode_tokens_per_second: NonZeroU64,
    factor: u64,
    delay: Option<Delay>,
}

impl Schedule {
    /// The schedule under a fault, where there is one.
    pub(crate) fn delayed(self, delay: Option<Delay>) -> Self {
        Self { delay, ..self }
    }

    /// How often a `ping` is sent while a stream is silent; never without a value.
    pub(crate) fn ping_every_ms(&self) -> Option<NonZeroU64> {
        self.delay?.stall?.ping_every_ms
    }

    /// Milliseconds from the request to the moment when `tokens` tokens are written.
    pub fn at_ms(&self, tokens: u64) -> u64 {
        let decode_ms = tokens.saturating_mul(1000) / self.decode_tokens_per_second;
        let times = self.delay.map_or(1, |delay| u64::from(delay.decode_times.get()));
        let usual_ms = self.first_token_ms.saturating_add(decode_ms.saturating_mul(times));
        let total = u128::from(usual_ms) * u128::from(self.factor);
        let total_ms = u64::try_from(total / u128::from(MILLION)).unwrap_or(u64::MAX);
        total_ms.saturating_add(self.delay.map_or(0, |delay| delay.before_ms(tokens)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: RequestKey = RequestKey { subject: 3, attempt: 0 };

    #[test]
    fn a_reply_takes_first_token_plus_prefill_plus_decode() {
        let config = LatencyConfig::default();
        let schedule = config.plan(10_000, Chance::new(1), KEY);
        assert_eq!(schedule.at_ms(0), 2_000, "1 s, and 10,000 tokens at 10,000 a second");
        assert_eq!(schedule.at_ms(480), 12_000, "and 480 tokens at 48 a second");
    }

    #[test]
    fn jitter_stays_within_its_share_and_reaches_most_of_it() {
        let config =
            LatencyConfig { jitter: Share::try_from(0.2).unwrap(), ..LatencyConfig::default() };
        let times: Vec<u64> = (0..1000)
            .map(|subject| {
                let key = RequestKey { subject, attempt: 0 };
                config.plan(0, Chance::new(1), key).at_ms(432)
            })
            .collect();
        let (least, most) = (times.iter().min().unwrap(), times.iter().max().unwrap());
        assert!(*least >= 8_000 && *least < 8_100, "{least}");
        assert!(*most <= 12_000 && *most > 11_900, "{most}");
    }
}

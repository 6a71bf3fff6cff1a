//! The quotas of Bedrock: requests a minute, and tokens a minute of input and output together.
//!
//! A request takes everything that it may need when it begins: all of its input, what it reads
//! from the cache included, and `max_tokens`. When it is answered, what it did not use comes back:
//! what was read from the cache does not count, and each token of output counts several times
//! (<https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html>).

use std::collections::BTreeMap;

use super::config::LimitsConfig;
use super::config::bedrock::BedrockConfig;
use super::config::rates::Rate;
use super::limiter::Meter;

/// The quotas of every account, each by model. They are made when a model is first asked for.
#[derive(Debug)]
pub(super) struct BedrockQuotas {
    limits: LimitsConfig,
    config: BedrockConfig,
    by_model: BTreeMap<(usize, &'static str), Quota>,
}

#[derive(Debug)]
struct Quota {
    requests: Option<Meter>,
    tokens: Option<Meter>,
}

/// What a request has taken, to be settled when it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reserved {
    /// Tokens taken at the beginning.
    tokens: u64,
    /// Those of its input that count in the end.
    input: u64,
}

/// What a request may need.
#[derive(Debug, Clone, Copy)]
pub(super) struct Need {
    /// Everything that the model reads.
    pub(super) tokens_in: u64,
    /// Those that the prompt cache gives.
    pub(super) cache_read_tokens: u64,
    /// The most that it may write.
    pub(super) max_tokens: u64,
}

/// What there was too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Throttled {
    /// Requests.
    Requests,
    /// Tokens.
    Tokens,
}

impl BedrockQuotas {
    pub(super) fn new(limits: &LimitsConfig) -> Option<Self> {
        let config = limits.bedrock?;
        Some(Self { limits: limits.clone(), config, by_model: BTreeMap::new() })
    }

    /// Takes what a request of this account may need, unless there is too little.
    pub(super) fn admit(
        &mut self,
        now_us: u64,
        (organization, model): (usize, &'static str),
        need: Need,
    ) -> Result<Reserved, Throttled> {
        let Self { limits, config, by_model } = self;
        let quota = by_model.entry((organization, model)).or_insert_with(|| {
            let meter = |per_minute| Meter::of(limits, Rate { per_minute, burst: None });
            Quota {
                requests: meter(config.requests_per_minute),
                tokens: meter(config.tokens_per_minute),
            }
        });
        let tokens = need.tokens_in.saturating_add(need.max_tokens);
        let fits = |meter: &mut Option<Meter>, amount| {
            meter.as_mut().is_none_or(|meter| meter.wait_us(now_us, amount) == Some(0))
        };
        if !fits(&mut quota.requests, 1) {
            return Err(Throttled::Requests);
        }
        if !fits(&mut quota.tokens, tokens) {
            return Err(Throttled::Tokens);
        }
        for (meter, amount) in [(&mut quota.requests, 1), (&mut quota.tokens, tokens)] {
            if let Some(meter) = meter {
                meter.take(now_us, amount);
            }
        }
        let input = need.tokens_in.saturating_sub(need.cache_read_tokens);
        Ok(Reserved { tokens, input })
    }

    /// Gives back what a request did not use, or takes what it used beyond.
    pub(super) fn settle(
        &mut self,
        now_us: u64,
        of: (usize, &'static str),
        Reserved { tokens, input }: Reserved,
        tokens_out: u64,
    ) {
        let used = input.saturating_add(tokens_out.saturating_mul(self.config.output_weight.get()));
        let quota = self.by_model.get_mut(&of);
        let Some(meter) = quota.and_then(|quota| quota.tokens.as_mut()) else { return };
        if used > tokens {
            meter.take(now_us, used - tokens);
        } else {
            meter.give(now_us, tokens - used);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU64;

    const WHO: (usize, &str) = (0, "claude-sonnet-4-5");

    fn quotas() -> BedrockQuotas {
        let bedrock = BedrockConfig {
            tokens_per_minute: NonZeroU64::new(10_000),
            ..BedrockConfig::default()
        };
        BedrockQuotas::new(&LimitsConfig { bedrock: Some(bedrock), ..LimitsConfig::default() })
            .unwrap()
    }

    fn need(tokens_in: u64, cache_read_tokens: u64, max_tokens: u64) -> Need {
        Need { tokens_in, cache_read_tokens, max_tokens }
    }

    #[test]
    fn a_request_takes_max_tokens_when_it_begins_and_gives_back_what_it_did_not_use() {
        let mut quotas = quotas();
        let first = quotas.admit(0, WHO, need(1_000, 0, 8_000)).unwrap();
        assert_eq!(quotas.admit(0, WHO, need(1_000, 0, 1)), Err(Throttled::Tokens));
        quotas.settle(0, WHO, first, 100);
        // 1,000 read and five times 100 written: 8,500 are left.
        assert_eq!(quotas.admit(0, WHO, need(500, 0, 8_001)), Err(Throttled::Tokens));
        assert!(quotas.admit(0, WHO, need(500, 0, 8_000)).is_ok());
    }

    #[test]
    fn what_the_cache_gives_is_reserved_and_comes_back() {
        let mut quotas = quotas();
        let first = quotas.admit(0, WHO, need(9_000, 9_000, 1_000)).unwrap();
        quotas.settle(0, WHO, first, 0);
        assert!(quotas.admit(0, WHO, need(9_000, 0, 1_000)).is_ok(), "all of it is back");
    }

    #[test]
    fn output_beyond_what_was_reserved_is_taken_after_it() {
        let mut quotas = quotas();
        let first = quotas.admit(0, WHO, need(0, 0, 1_000)).unwrap();
        quotas.settle(0, WHO, first, 1_000);
        assert_eq!(quotas.admit(0, WHO, need(5_001, 0, 0)), Err(Throttled::Tokens));
        assert!(quotas.admit(0, WHO, need(5_000, 0, 0)).is_ok());
    }

    #[test]
    fn models_and_accounts_have_quotas_of_their_own() {
        let mut quotas = quotas();
        assert!(quotas.admit(0, WHO, need(10_000, 0, 0)).is_ok());
        assert!(quotas.admit(0, (1, WHO.1), need(10_000, 0, 0)).is_ok());
        assert!(quotas.admit(0, (0, "claude-opus-5"), need(10_000, 0, 0)).is_ok());
    }
}

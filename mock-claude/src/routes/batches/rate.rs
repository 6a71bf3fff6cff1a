//! The limit of requests to the routes of batches, polls included: it is one of its own, and takes
//! nothing of what messages may use.

use parking_lot::Mutex;

use crate::api::error::ApiError;
use crate::basis::clock::SECOND_US;
use crate::limits::{Ask, Limiter, LimitsConfig, Rates};
use crate::mock::config::Config;

/// The limit, where there is one.
#[derive(Debug)]
pub(crate) struct BatchRate(Option<Mutex<Limiter>>);

impl BatchRate {
    /// The limit of a configuration: its own, or that of its tier.
    pub(crate) fn of(config: &Config) -> Self {
        let limits = config.limits.as_ref().filter(|limits| limits.enabled != Some(false));
        let of_tier = || limits?.tier?.limits().batch_requests_per_minute;
        let requests_per_minute = config.batch.requests_per_minute.or_else(of_tier);
        Self(requests_per_minute.map(|_| {
            let rates = Rates { requests_per_minute, ..Rates::default() };
            Mutex::new(Limiter::new(&LimitsConfig::default(), &rates))
        }))
    }

    /// Takes one request, or says when there is room for it.
    pub(super) fn admit(&self, now_us: u64) -> Result<(), ApiError> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        let mut limiter = limiter.lock();
        let ask = Ask::default();
        limiter.check(now_us, ask).map_err(|exceeded| {
            let error = ApiError::of_status(
                429,
                format!(
                    "This request would exceed your organization's rate limit of {} requests per \
                     minute to the Message Batches API. Please try again later.",
                    exceeded.limit
                ),
            );
            match exceeded.wait_us {
                Some(wait_us) => error.retry_after(wait_us.div_ceil(SECOND_US).max(1)),
                None => error,
            }
        })?;
        limiter.take(now_us, ask);
        Ok(())
    }
}

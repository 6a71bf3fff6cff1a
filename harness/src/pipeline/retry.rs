//! The retry stage: whether a failed call is tried again, and when.

use std::num::NonZeroU32;

use mock_claude::Problem;
use reports::Cause;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `[retry]` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "policy", rename_all = "snake_case", deny_unknown_fields)]
pub enum RetryPolicy {
    /// A failed call is a failed call.
    Off,
    /// The wait doubles with each attempt; `retry-after` is ignored and there is no jitter.
    Exponential {
        /// Attempts in all, the first one included.
        attempts: NonZeroU32,
        /// The first wait.
        base_ms: u64,
        /// The longest wait.
        max_ms: u64,
        /// The HTTP statuses that are tried again; failed connections and timed-out calls always
        /// are.
        statuses: Vec<u16>,
    },
}

impl RetryPolicy {
    /// What no single key's range can say.
    pub fn problems(&self) -> Vec<Problem> {
        let Self::Exponential { base_ms, max_ms, statuses, .. } = self else { return Vec::new() };
        let order =
            (base_ms > max_ms).then(|| Problem::new("max_ms", "must not be less than `base_ms`"));
        let wrong =
            statuses.iter().enumerate().filter(|(_, status)| !(400..=599).contains(*status));
        let wrong = wrong.map(|(index, status)| {
            let message = format!("{status} is not the status of an error");
            Problem::new(format!("statuses.{index}"), message)
        });
        order.into_iter().chain(wrong).collect()
    }

    /// Milliseconds to wait after the `attempt`-th attempt (counted from 1) failed; none where
    /// the failure is final.
    pub fn wait_ms(&self, attempt: u64, status: Option<u16>, cause: Cause) -> Option<u64> {
        let Self::Exponential { attempts, base_ms, max_ms, statuses } = self else { return None };
        let worth_it = match status {
            Some(200) => false,
            Some(status) => statuses.contains(&status),
            None => matches!(cause, Cause::Connection | Cause::CallTimeout),
        };
        if !worth_it || attempt >= u64::from(attempts.get()) {
            return None;
        }
        let doubled = 2_u64.saturating_pow(u32::try_from(attempt - 1).unwrap_or(u32::MAX));
        Some(base_ms.saturating_mul(doubled).min(*max_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::preset::{Preset, shipped};

    fn phase3() -> RetryPolicy {
        Preset::parse("phase3", shipped("phase3").unwrap()).unwrap().retry
    }

    fn waits(status: Option<u16>, cause: Cause) -> Vec<Option<u64>> {
        (1..=5).map(|attempt| phase3().wait_ms(attempt, status, cause)).collect()
    }

    #[test]
    fn the_documented_sixteen_seconds_are_never_slept() {
        let slept = waits(Some(429), Cause::RateLimited);
        assert_eq!(slept, [Some(1000), Some(2000), Some(4000), Some(8000), None]);
    }

    #[test]
    fn overload_and_internal_errors_are_not_retried_as_documented() {
        assert_eq!(waits(Some(529), Cause::Overloaded)[0], None);
        assert_eq!(waits(Some(500), Cause::ServerError)[0], None);
        assert_eq!(waits(Some(400), Cause::InvalidRequest)[0], None);
    }

    #[test]
    fn a_call_without_an_answer_is_retried() {
        assert_eq!(waits(None, Cause::CallTimeout)[0], Some(1000));
        assert_eq!(waits(None, Cause::Connection)[0], Some(1000));
    }
}

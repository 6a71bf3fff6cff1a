//! The retry stage: whether a failed call is tried again, and when.
//!
//! What a policy decides follows from the failure and from chance that is keyed by job, part and
//! attempt: the same failure is waited for equally long whoever else is waiting.

use std::num::NonZeroU32;

use reports::Cause;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::Problem;

use crate::client::Outcome;
use crate::client::transport::Break;

/// The `[retry]` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "policy", rename_all = "snake_case", deny_unknown_fields)]
pub enum RetryPolicy {
    /// A failed call is a failed call.
    Off,
    /// What the official SDK does without being asked: 408, 409, 429, everything from 500 on and
    /// failed connections are tried again, `x-should-retry` decides where it is given, and
    /// `retry-after` is waited for exactly. Else the wait doubles from 0.5 s to 8 s, less up to a
    /// quarter of it by chance.
    Sdk2 {
        /// Attempts in all, the first one included.
        #[serde(default = "three")]
        attempts: NonZeroU32,
        /// The longest `retry-after` that is waited for, in seconds. It was a minute before 2.12,
        /// and is 4,294,967 seconds since. One that is longer is ignored where this is a minute or
        /// less, and cut to it else, as the SDKs do.
        #[serde(default = "a_minute", skip_serializing_if = "is_a_minute")]
        longest_retry_after_s: u64,
    },
    /// The documented retry: the wait doubles with each attempt, `retry-after` is ignored and
    /// there is no jitter. Timeouts and connections that were not made or ended early are tried
    /// again; connections that were reset are not.
    Documented {
        /// Attempts in all, the first one included.
        attempts: NonZeroU32,
        /// The first wait.
        base_ms: u64,
        /// The longest wait.
        max_ms: u64,
        /// The HTTP statuses that are tried again.
        statuses: Vec<u16>,
    },
    /// The documented retry that also waits as long as `retry-after` says. It gives up where the
    /// server says that no retry helps, or asks for more than ten minutes.
    RetryAfter {
        /// Attempts in all, the first one included.
        attempts: NonZeroU32,
        /// The first wait.
        base_ms: u64,
        /// The longest wait of its own.
        max_ms: u64,
        /// The HTTP statuses that are tried again.
        statuses: Vec<u16>,
    },
    /// Everything that may go better another time is tried again, after a wait that is anything
    /// from nought to the doubled one, and after what `retry-after` says. It gives up where the
    /// server says that no retry helps, or asks for more than ten minutes.
    FullJitter {
        /// Attempts in all, the first one included.
        attempts: NonZeroU32,
        /// The longest first wait.
        base_ms: u64,
        /// The longest wait of its own.
        max_ms: u64,
    },
}

const fn three() -> NonZeroU32 {
    NonZeroU32::new(3).expect("3 is not 0")
}

/// The longest `retry-after` that the SDK believed for years, in seconds.
const fn a_minute() -> u64 {
    60
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_a_minute(seconds: &u64) -> bool {
    *seconds == a_minute()
}

/// The SDK's waits.
const SDK_BASE_MS: u64 = 500;
const SDK_MAX_MS: u64 = 8_000;

/// The longest `retry-after` that the other policies wait for.
const MAX_REQUESTED_MS: u64 = 600_000;

/// A failed attempt.
#[derive(Debug, Clone, Copy)]
pub struct Failed<'a> {
    /// Its number, counted from 1.
    pub attempt: u64,
    /// Why it failed.
    pub cause: Cause,
    /// What came back.
    pub outcome: &'a Outcome,
    /// Whether the answer was to be streamed.
    pub streamed: bool,
    /// The calendar time, in milliseconds since the Unix epoch.
    pub now_epoch_ms: u64,
}

impl RetryPolicy {
    /// What no single key's range can say.
    pub fn problems(&self) -> Vec<Problem> {
        let (base_ms, max_ms, statuses): (_, _, &[u16]) = match self {
            Self::Off | Self::Sdk2 { .. } => return Vec::new(),
            Self::Documented { base_ms, max_ms, statuses, .. }
            | Self::RetryAfter { base_ms, max_ms, statuses, .. } => (base_ms, max_ms, statuses),
            Self::FullJitter { base_ms, max_ms, .. } => (base_ms, max_ms, &[]),
        };
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

    /// Milliseconds to wait before the next attempt; none where the failure is final. `draw`
    /// gives a number by chance from the first to the second, both included.
    pub fn wait_ms(&self, failed: &Failed<'_>, draw: impl Fn(u64, u64) -> u64) -> Option<u64> {
        let attempts = match self {
            Self::Off => return None,
            Self::Sdk2 { attempts, .. }
            | Self::Documented { attempts, .. }
            | Self::RetryAfter { attempts, .. }
            | Self::FullJitter { attempts, .. } => attempts,
        };
        if failed.attempt >= u64::from(attempts.get()) {
            return None;
        }
        match self {
            Self::Off => None,
            Self::Sdk2 { longest_retry_after_s, .. } => failed.is_for_the_sdk().then(|| {
                let backoff_ms = failed.doubled_ms(SDK_BASE_MS, SDK_MAX_MS);
                let longest_ms = longest_retry_after_s.saturating_mul(1000);
                let for_ever = failed.outcome.hints.asks_for_ever.then_some(u64::MAX);
                match failed.requested_ms().or(for_ever) {
                    Some(requested_ms) if (1..=longest_ms).contains(&requested_ms) => requested_ms,
                    Some(1..) if *longest_retry_after_s > a_minute() => longest_ms,
                    _ => draw(backoff_ms - backoff_ms / 4, backoff_ms),
                }
            }),
            Self::Documented { base_ms, max_ms, statuses, .. } => {
                failed.is_for_the_documents(statuses).then(|| failed.doubled_ms(*base_ms, *max_ms))
            }
            Self::RetryAfter { base_ms, max_ms, statuses, .. } => {
                let worth_it = failed.is_for_the_documents(statuses) && !failed.is_hopeless();
                worth_it.then(|| {
                    failed.doubled_ms(*base_ms, *max_ms).max(failed.requested_ms().unwrap_or(0))
                })
            }
            Self::FullJitter { base_ms, max_ms, .. } => failed.may_go_better().then(|| {
                // On top of what the server says, so that those with the same request do not meet
                // again.
                failed.requested_ms().unwrap_or(0) + draw(0, failed.doubled_ms(*base_ms, *max_ms))
            }),
        }
    }
}

impl Failed<'_> {
    /// The wait that doubles with each attempt.
    fn doubled_ms(&self, base_ms: u64, max_ms: u64) -> u64 {
        let earlier = u32::try_from(self.attempt - 1).unwrap_or(u32::MAX);
        base_ms.saturating_mul(2_u64.saturating_pow(earlier)).min(max_ms)
    }

    /// What the server asks to wait.
    fn requested_ms(&self) -> Option<u64> {
        let retry_after = self.outcome.hints.retry_after?;
        Some(retry_after.wait_ms(self.now_epoch_ms))
    }

    /// The status of a refusal; a failure under status 200 is none.
    fn status(&self) -> Option<u16> {
        self.outcome.status.filter(|status| *status != 200)
    }

    /// Whether the server says that no retry helps, or none within reason, or its announced limit
    /// is smaller than the request.
    fn is_hopeless(&self) -> bool {
        self.outcome.hints.should_retry == Some(false)
            || matches!(self.cause, Cause::SpendLimit | Cause::RequestOverLimit)
            || self.requested_ms().is_some_and(|requested_ms| requested_ms > MAX_REQUESTED_MS)
    }

    fn is_for_the_sdk(&self) -> bool {
        match (self.outcome.broke, self.status()) {
            // Once a stream has begun, the SDK leaves it to its caller.
            (Some(_), _) => !(self.streamed && self.outcome.status == Some(200)),
            (None, Some(_)) if self.cause == Cause::SpendLimit => false,
            (None, Some(status)) => {
                self.outcome.hints.should_retry.unwrap_or_else(|| is_passing(status))
            }
            (None, None) => self.cause == Cause::CallTimeout,
        }
    }

    fn is_for_the_documents(&self, statuses: &[u16]) -> bool {
        match (self.outcome.broke, self.status()) {
            // `httpx` names a reset `ReadError` or `WriteError`, which are not on the list.
            (Some(broke), _) => broke != Break::Transfer,
            (None, Some(status)) => statuses.contains(&status),
            (None, None) => self.cause == Cause::CallTimeout,
        }
    }

    fn may_go_better(&self) -> bool {
        if self.is_hopeless() {
            return false;
        }
        match (self.outcome.broke, self.status()) {
            (None, Some(status)) => {
                self.outcome.hints.should_retry.unwrap_or_else(|| is_passing(status))
            }
            (Some(_), _) => true,
            (None, None) => matches!(
                self.cause,
                Cause::CallTimeout
                    | Cause::MalformedReply
                    | Cause::RateLimited
                    | Cause::Overloaded
                    | Cause::ServerError
            ),
        }
    }
}

/// Whether a status says that the same request may succeed later.
const fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 409 | 429 | 500..)
}

#[cfg(test)]
mod tests;

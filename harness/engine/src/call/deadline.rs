//! How long anything may take: what a pipeline says, and what is left of it for one part.

use std::num::NonZeroU64;
use std::time::Duration;

use reports::Cause;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout};

use crate::client::answer::Failure;

/// The `[deadline]` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadlineConfig {
    /// Milliseconds for one call; no limit without it.
    #[serde(default)]
    pub call_ms: Option<NonZeroU64>,
    /// Milliseconds for one part of a file: all attempts, the waits between them and the wait in
    /// line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_ms: Option<NonZeroU64>,
    /// Milliseconds for one file, all calls and waits included: the platform's own limit.
    #[serde(default)]
    pub job_ms: Option<NonZeroU64>,
}

/// When the time of a part is over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    limit: Option<Duration>,
    begun: Instant,
}

impl Deadline {
    pub(crate) fn begin(limit_ms: Option<NonZeroU64>) -> Self {
        let limit = limit_ms.map(|limit_ms| Duration::from_millis(limit_ms.get()));
        Self { limit, begun: Instant::now() }
    }

    /// What is left of it; none where there is no limit.
    pub(crate) fn left(&self) -> Option<Duration> {
        Some(self.limit?.saturating_sub(self.begun.elapsed()))
    }

    /// Whether there is more time than this.
    pub(crate) fn has(&self, wait: Duration) -> bool {
        self.left().is_none_or(|left| left > wait)
    }

    /// What a future gives, if it ends in time.
    pub(crate) async fn bound<F: Future>(&self, future: F) -> Option<F::Output> {
        match self.left() {
            None => Some(future.await),
            Some(left) => timeout(left, future).await.ok(),
        }
    }

    pub(crate) fn is_over(&self, state: &str) -> Failure {
        let limit_s = self.limit.unwrap_or_default().as_secs_f64();
        let detail = format!("no answer within {limit_s} s: {state}");
        Failure { cause: Cause::CallTimeout, detail }
    }
}

//! The run's time: tokio's clock, counted from the run's start. A run that goes on after a crash
//! goes on counting from its first start.

use std::time::Duration;

use tokio::time::Instant;

/// Time since a run began, and the calendar time of that beginning.
#[derive(Debug, Clone, Copy)]
pub struct RunClock {
    started: Instant,
    epoch_ms: i64,
    /// What had passed before this process began to count.
    passed: Duration,
}

impl RunClock {
    /// A clock that starts now, at `epoch_ms` milliseconds after the Unix epoch.
    pub fn starting_at(epoch_ms: i64) -> Self {
        Self { started: Instant::now(), epoch_ms, passed: Duration::ZERO }
    }

    /// A clock that started at `epoch_ms` milliseconds after the Unix epoch, and it is `now_ms`.
    pub fn started_at(epoch_ms: i64, now_ms: i64) -> Self {
        let passed = u64::try_from(now_ms.saturating_sub(epoch_ms)).unwrap_or(0);
        Self { passed: Duration::from_millis(passed), ..Self::starting_at(epoch_ms) }
    }

    /// The moment at which this much time has passed since the run began; now, if it has.
    pub fn moment(&self, since_start: Duration) -> Instant {
        self.started + since_start.saturating_sub(self.passed)
    }

    /// Microseconds since the run began.
    pub fn now_us(&self) -> u64 {
        let elapsed = self.started.elapsed() + self.passed;
        u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX)
    }

    /// Milliseconds since the Unix epoch.
    pub fn epoch_ms(&self) -> u64 {
        u64::try_from(self.epoch_ms).unwrap_or(0) + self.now_us() / 1000
    }
}

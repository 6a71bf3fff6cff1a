//! The run's time: tokio's clock, counted from the run's start.

use tokio::time::Instant;

/// Time since a run began, and the calendar time of that beginning.
#[derive(Debug, Clone, Copy)]
pub struct RunClock {
    started: Instant,
    epoch_ms: i64,
}

impl RunClock {
    /// A clock that starts now, at `epoch_ms` milliseconds after the Unix epoch.
    pub fn starting_at(epoch_ms: i64) -> Self {
        Self { started: Instant::now(), epoch_ms }
    }

    /// When the run began.
    pub const fn started(&self) -> Instant {
        self.started
    }

    /// Microseconds since the run began.
    pub fn now_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Milliseconds since the Unix epoch.
    pub fn epoch_ms(&self) -> u64 {
        u64::try_from(self.epoch_ms).unwrap_or(0) + self.now_us() / 1000
    }
}

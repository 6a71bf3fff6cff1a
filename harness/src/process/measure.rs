//! The only place that looks at the machine: its clock, its calendar, and this process's memory.
//!
//! What is read here goes to the screen and to `measured.json`, never into the records of a
//! simulated run.

#![expect(clippy::disallowed_methods, reason = "this is the one module that may")]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A stopwatch on the machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts counting.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Microseconds since the start.
    pub fn elapsed_us(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// Milliseconds since the Unix epoch by the machine's calendar.
pub fn epoch_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Makes [`peak_rss_kb`] count from now on. Whether it did: only Linux can, and not everywhere.
///
/// The system counts what no allocator of ours would see: a parser written in C keeps its tree
/// outside Rust's heap, and that tree is most of what chunking a large file takes.
pub fn forget_peak_rss() -> bool {
    std::fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// The most memory that this process has held, in kilobytes, where the system reports it.
pub fn peak_rss_kb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

//! The only place that looks at the machine: its clock, its calendar, and this process's memory.
//!
//! What is read here goes to the screen and to `measured.json`, never into the records of a
//! simulated run.

#![expect(clippy::disallowed_methods, reason = "this is the one module that may")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reports::measured::Warped;
use warp::figures::{Figures, figures};

/// A stopwatch on the machine's clock, whatever the run's own clock does.
#[derive(Debug, Clone)]
pub struct Stopwatch {
    started: Instant,
    /// Where this process follows a clock that is warped, how that stood.
    warped: Option<Figures>,
}

impl Stopwatch {
    /// Starts counting.
    pub fn start() -> Self {
        Self { started: Instant::now(), warped: figures() }
    }

    /// Microseconds since the start.
    pub fn elapsed_us(&self) -> u64 {
        match (&self.warped, figures()) {
            (Some(before), Some(now)) => now.real_us.saturating_sub(before.real_us),
            _ => self.passed_us(),
        }
    }

    /// How time was warped since the start, where it was.
    pub fn warped(&self) -> Option<Warped> {
        let (before, now) = (self.warped.as_ref()?, figures()?);
        Some(Warped {
            speed: now.speed,
            passed_us: self.passed_us(),
            computing_us: now.computing_us.saturating_sub(before.computing_us),
            strangers: now.stranger.map(|name| (now.strangers, name)),
        })
    }

    /// By the clock that this process has.
    fn passed_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// Milliseconds since the Unix epoch by the machine's calendar.
pub fn epoch_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The day by the machine's calendar, in universal time: `2026-11-30`.
pub fn today() -> String {
    let now = jiff::Timestamp::from_millisecond(epoch_ms()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    now.strftime("%Y-%m-%d").to_string()
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
    figure_kb(&status, "VmHWM:")
}

/// A figure of a file below `/proc` in kilobytes, by what its line begins with.
pub(super) fn figure_kb(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Rests for this long by the machine's clock, on a thread that has nothing else to do.
pub fn rest(time: Duration) {
    warp::real::rest(time);
}

/// The resident memory of every process group, in kilobytes; nothing where the system does not say.
pub fn resident_kb_by_group() -> BTreeMap<i32, u64> {
    let mut groups = BTreeMap::new();
    let Ok(all) = std::fs::read_dir("/proc") else { return groups };
    let page_kb = u64::try_from(rustix::param::page_size() / 1024).unwrap_or(4);
    for process in all.flatten() {
        if !process.file_name().as_encoded_bytes().first().is_some_and(u8::is_ascii_digit) {
            continue;
        }
        // Gone meanwhile, it holds nothing.
        let stat = std::fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        if let Some((group, pages)) = group_and_pages(&stat) {
            *groups.entry(group).or_default() += pages * page_kb;
        }
    }
    groups
}

/// The process group and the resident pages, from the text of `/proc/PID/stat`.
fn group_and_pages(stat: &str) -> Option<(i32, u64)> {
    // The name of a program may have spaces and brackets.
    let mut fields = stat[stat.rfind(')')? + 1..].split_ascii_whitespace();
    let group = fields.nth(2)?.parse().ok()?;
    let pages = fields.nth(18)?.parse().ok()?;
    Some((group, pages))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_and_its_pages_are_read_whatever_the_program_is_called() {
        let stat = "12 (a) b) S 1 34 34 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 100 4096 77 18446";
        assert_eq!(group_and_pages(stat), Some((34, 77)));
        assert_eq!(group_and_pages(""), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_in_some_group_that_holds_memory() {
        assert!(resident_kb_by_group().values().any(|kb| *kb > 100));
    }
}

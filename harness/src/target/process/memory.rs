//! What the processes of each job hold in memory, by looking at all of them every few
//! milliseconds: the most that there was, and who is over its limit.
//!
//! A limit of the system's own (`RLIMIT_AS`) bounds addresses, of which some runtimes reserve
//! gigabytes that they never touch. So resident memory is summed over the group, and pages that
//! its processes share are counted for each of them. Only Linux says how much that is.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::process::measure;

/// How long it rests between two looks, at least.
const REST: Duration = Duration::from_millis(20);

/// It rests this many times as long as a look takes, so that it never becomes the load.
const SHARE: u32 = 10;

/// What is known of every group that is alive.
#[derive(Debug, Default)]
pub(in crate::target) struct Memory {
    groups: Mutex<BTreeMap<i32, Arc<Watched>>>,
}

/// One group's memory.
#[derive(Debug)]
pub(in crate::target) struct Watched {
    limit_kb: Option<u64>,
    peak_kb: Mutex<u64>,
    over: Notify,
}

impl Watched {
    /// The most that the group held at once, in kilobytes, as far as it was seen.
    pub(in crate::target) fn peak_kb(&self) -> u64 {
        *self.peak_kb.lock()
    }

    /// Waits until the group holds more than it may.
    pub(super) async fn over(&self) {
        self.over.notified().await;
    }

    fn see(&self, resident_kb: u64) {
        let mut peak_kb = self.peak_kb.lock();
        *peak_kb = resident_kb.max(*peak_kb);
        if self.limit_kb.is_some_and(|limit_kb| resident_kb > limit_kb) {
            self.over.notify_one();
        }
    }
}

impl Memory {
    /// Begins to look; ends with the last who asks.
    pub(in crate::target) fn watch() -> Arc<Self> {
        let memory = Arc::new(Self::default());
        let weak = Arc::downgrade(&memory);
        // A thread of its own: reading of thousands of processes must not delay anybody's answer.
        let looking = std::thread::Builder::new().name("memory".to_owned()).spawn(move || {
            while let Some(memory) = weak.upgrade() {
                let watch = measure::Stopwatch::start();
                // Looking is no part of what the run does: a warped clock may run fast meanwhile.
                warp::real::aside(|| memory.look());
                drop(memory);
                let took = Duration::from_micros(watch.elapsed_us());
                measure::rest((took * SHARE).max(REST));
            }
        });
        if let Err(error) = looking {
            tracing::warn!(%error, "the memory of jobs is not watched");
        }
        memory
    }

    /// Watches a group from now on.
    pub(super) fn of_group(&self, group: i32, limit_mb: Option<NonZeroU64>) -> Arc<Watched> {
        let most_kb = limit_mb.map(|limit| limit.get().saturating_mul(1024));
        let watched = Watched { limit_kb: most_kb, peak_kb: Mutex::default(), over: Notify::new() };
        let watched = Arc::new(watched);
        self.groups.lock().insert(group, Arc::clone(&watched));
        watched
    }

    /// Forgets a group that has ended.
    pub(super) fn forget(&self, group: i32) {
        self.groups.lock().remove(&group);
    }

    fn look(&self) {
        if self.groups.lock().is_empty() {
            return;
        }
        let resident = measure::resident_kb_by_group();
        for (group, watched) in &*self.groups.lock() {
            if let Some(kb) = resident.get(group) {
                watched.see(*kb);
            }
        }
    }
}

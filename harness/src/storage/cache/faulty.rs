//! A scenario's faults before a backend: errors, latency, damage, stale reads, throttling.
//!
//! Chance is keyed by seed, fault, content and attempt, so two pipelines that ask for the same
//! meet the same. Every fault that happens is seen, whether or not the pipeline notices it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use engine::cache::{Backend, BackendError, CacheEntry, Key};
use engine::outside::RunClock;
use futures_util::future::{BoxFuture, FutureExt};
use mock_claude::internals::chance::{Chance, MILLION, RequestKey};
use parking_lot::{Mutex, MutexGuard};
use scenarios::cache_fault::{CacheFault, CacheOperation};
use tokio::time::sleep;

/// Sees each fault as it happens, by its name and its key.
type Observer = Box<dyn Fn(&str, &Key) + Send + Sync>;

/// A backend with a scenario's faults before it.
pub struct Faulty {
    inner: Box<dyn Backend>,
    faults: Vec<CacheFault>,
    chance: Chance,
    clock: RunClock,
    observer: Observer,
    history: Mutex<History>,
}

#[derive(Debug, Default)]
struct History {
    /// Operations so far, by what they were about.
    attempts: BTreeMap<(CacheOperation, u64), u32>,
    /// When an entry was written last, and what was there before.
    written: BTreeMap<Key, (u64, Option<CacheEntry>)>,
    /// The second of the last write, and the writes in it.
    second: (u64, u64),
}

/// What happens to one operation.
#[derive(Debug, Default)]
struct Effect {
    latency_ms: u64,
    error: Option<&'static str>,
    /// The place at which what is read ends, in parts per million of its length.
    cut: Option<u64>,
    stale_ms: Option<u64>,
}

impl Faulty {
    /// Puts `faults` before a backend.
    pub fn new(
        inner: Box<dyn Backend>,
        faults: Vec<CacheFault>,
        seed: u64,
        clock: RunClock,
        observer: impl Fn(&str, &Key) + Send + Sync + 'static,
    ) -> Self {
        let (chance, observer) = (Chance::new(seed), Box::new(observer));
        Self { inner, faults, chance, clock, observer, history: Mutex::default() }
    }

    fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock()
    }

    /// Decides what happens to an operation, and shows it to the observer.
    fn decide(&self, operation: CacheOperation, key: &Key) -> Effect {
        let now_us = self.clock.now_us();
        let request = self.history().next(operation, key);
        let beyond = match operation {
            CacheOperation::Read => 0,
            CacheOperation::Write => self.history().write_in_second(now_us / 1_000_000),
        };
        let mut effect = Effect::default();
        for (index, fault) in self.faults.iter().enumerate() {
            let decision = format!("{} {index}", fault.name());
            let when = fault.when();
            let hit = when.includes(now_us)
                && fault.concerns(operation)
                && when.share.is_none_or(|share| self.chance.happens(&decision, request, share));
            if !hit {
                continue;
            }
            let place = || self.chance.between(&decision, request, 0, MILLION - 1);
            match fault {
                CacheFault::Error { .. } => effect.error = Some("the cache is down"),
                CacheFault::Latency { ms, .. } => effect.latency_ms += ms,
                // Seen only where there is something to damage, or to be stale.
                CacheFault::Corruption { .. } => effect.cut = Some(place()),
                CacheFault::StaleRead { within_ms, .. } => effect.stale_ms = Some(within_ms.get()),
                CacheFault::WriteThrottle { writes_per_second, .. } => {
                    if beyond <= writes_per_second.get() {
                        continue;
                    }
                    effect.error = Some("too many writes in this second");
                }
            }
            if !matches!(fault, CacheFault::Corruption { .. } | CacheFault::StaleRead { .. }) {
                (self.observer)(fault.name(), key);
            }
        }
        effect
    }

    /// What a read gives that may come too soon after the write.
    fn stale(&self, key: &Key, found: Option<CacheEntry>, within_ms: u64) -> Option<CacheEntry> {
        let now_us = self.clock.now_us();
        match self.history().written.get(key) {
            Some((written_us, before))
                if now_us - written_us < within_ms.saturating_mul(1000) && *before != found =>
            {
                (self.observer)("cache stale read", key);
                before.clone()
            }
            _ => found,
        }
    }

    async fn faulty_read(&self, key: &Key) -> Result<Option<CacheEntry>, BackendError> {
        let effect = self.decide(CacheOperation::Read, key);
        effect.apply().await?;
        let mut found = self.inner.read(key).await?;
        if let Some(within_ms) = effect.stale_ms {
            found = self.stale(key, found, within_ms);
        }
        if let (Some(cut), Some(entry)) = (effect.cut, &mut found) {
            (self.observer)("cache corruption", key);
            let end = entry.text.len() as u64 * cut / MILLION;
            let end = usize::try_from(end).unwrap_or(0);
            entry.text.truncate(entry.text.floor_char_boundary(end));
        }
        Ok(found)
    }

    async fn faulty_write(&self, key: &Key, entry: CacheEntry) -> Result<(), BackendError> {
        self.decide(CacheOperation::Write, key).apply().await?;
        if self.faults.iter().any(|fault| matches!(fault, CacheFault::StaleRead { .. })) {
            let before = self.inner.read(key).await?;
            self.history().written.insert(*key, (self.clock.now_us(), before));
        }
        self.inner.write(key, entry).await
    }
}

impl History {
    /// Counts an operation about something.
    fn next(&mut self, operation: CacheOperation, key: &Key) -> RequestKey {
        let count = self.attempts.entry((operation, key.subject())).or_default();
        let attempt = *count;
        *count = count.saturating_add(1);
        RequestKey { subject: key.subject(), attempt }
    }

    /// Counts a write; gives its number in its second, from 1.
    fn write_in_second(&mut self, second: u64) -> u64 {
        let (last, writes) = &mut self.second;
        if *last != second {
            (*last, *writes) = (second, 0);
        }
        *writes += 1;
        *writes
    }
}

impl Effect {
    /// Waits and fails, as was decided.
    async fn apply(&self) -> Result<(), BackendError> {
        if self.latency_ms > 0 {
            sleep(Duration::from_millis(self.latency_ms)).await;
        }
        self.error.map_or(Ok(()), |words| Err(BackendError::new(words)))
    }
}

impl Backend for Faulty {
    fn read<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<CacheEntry>, BackendError>> {
        self.faulty_read(key).boxed()
    }

    fn write<'a>(
        &'a self,
        key: &'a Key,
        entry: CacheEntry,
    ) -> BoxFuture<'a, Result<(), BackendError>> {
        self.faulty_write(key, entry).boxed()
    }
}

impl fmt::Debug for Faulty {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Faulty");
        shown.field("inner", &self.inner).field("faults", &self.faults).finish_non_exhaustive()
    }
}

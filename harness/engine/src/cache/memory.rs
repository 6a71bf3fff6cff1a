//! Entries in this process, gone with the run.

use std::collections::BTreeMap;

use futures_util::future::{BoxFuture, FutureExt, ready};
use parking_lot::{Mutex, MutexGuard};

use super::{Backend, BackendError, CacheEntry, Key};

/// Entries in this process.
#[derive(Debug, Default)]
pub struct Memory {
    entries: Mutex<BTreeMap<Key, CacheEntry>>,
}

impl Memory {
    fn entries(&self) -> MutexGuard<'_, BTreeMap<Key, CacheEntry>> {
        self.entries.lock()
    }
}

impl Backend for Memory {
    fn read<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<CacheEntry>, BackendError>> {
        ready(Ok(self.entries().get(key).cloned())).boxed()
    }

    fn write<'a>(
        &'a self,
        key: &'a Key,
        entry: CacheEntry,
    ) -> BoxFuture<'a, Result<(), BackendError>> {
        self.entries().insert(*key, entry);
        ready(Ok(())).boxed()
    }
}

//! Entries in this process, gone with the run.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::{BoxFuture, FutureExt, ready};

use super::{Backend, BackendError, Entry, Key};

/// Entries in this process.
#[derive(Debug, Default)]
pub struct Memory {
    entries: Mutex<BTreeMap<Key, Entry>>,
}

impl Memory {
    fn entries(&self) -> MutexGuard<'_, BTreeMap<Key, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for Memory {
    fn read<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Entry>, BackendError>> {
        ready(Ok(self.entries().get(key).cloned())).boxed()
    }

    fn write<'a>(&'a self, key: &'a Key, entry: Entry) -> BoxFuture<'a, Result<(), BackendError>> {
        self.entries().insert(*key, entry);
        ready(Ok(())).boxed()
    }
}

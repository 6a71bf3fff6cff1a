//! Entries in a file that outlives the run.
//!
//! Reads and writes are done at once, on the thread that asks: they take microseconds, and a
//! thread of their own would let simulated time run ahead of them.

use std::path::Path;

use engine::cache::{Backend, BackendError, CacheEntry, Key};
use futures_util::future::{BoxFuture, FutureExt, ready};
use redb::TableDefinition;

use crate::storage::database::{Store, StoreError};

/// Why a cache file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot use cache `{path}`: {reason}\n\
     hint: name a file that does not exist yet, or one that `--cache` made"
)]
pub struct FileError {
    path: String,
    reason: String,
}

/// Entries in a file.
#[derive(Debug)]
pub struct Disk {
    store: Store,
}

/// Earlier formats stay in the file, unread: their entries have no checksum.
const ANSWERS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("answers, format 2");

impl Disk {
    /// Opens a file, or makes it if it is not there.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        Self::of(path, Store::open(path))
    }

    /// Whether a file can be opened and is whole; it is made if it is not there.
    pub fn check(path: &Path) -> Result<(), FileError> {
        Self::of(path, Store::open_whole(path)).map(drop)
    }

    fn of(path: &Path, store: Result<Store, StoreError>) -> Result<Self, FileError> {
        let store = store.map_err(|error| FileError {
            path: path.display().to_string(),
            reason: error.to_string(),
        })?;
        Ok(Self { store })
    }

    fn get(&self, key: &Key) -> Result<Option<CacheEntry>, StoreError> {
        self.store.read(|transaction| {
            let table = match transaction.open_table(ANSWERS) {
                Ok(table) => table,
                Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            let Some(bytes) = table.get(key.bytes())? else { return Ok(None) };
            Ok(Some(serde_json::from_slice(bytes.value())?))
        })
    }

    fn put(&self, key: &Key, entry: &CacheEntry) -> Result<(), StoreError> {
        let bytes = serde_json::to_vec(entry)?;
        self.store.write(|transaction| {
            transaction.open_table(ANSWERS)?.insert(key.bytes(), bytes.as_slice())?;
            Ok(())
        })
    }
}

impl Backend for Disk {
    fn read<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<CacheEntry>, BackendError>> {
        ready(self.get(key).map_err(BackendError::new)).boxed()
    }

    fn write<'a>(
        &'a self,
        key: &'a Key,
        entry: CacheEntry,
    ) -> BoxFuture<'a, Result<(), BackendError>> {
        ready(self.put(key, &entry).map_err(BackendError::new)).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_cache_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        std::fs::write(&path, "my notes").unwrap();
        assert!(Disk::open(&path).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "my notes");
    }
}

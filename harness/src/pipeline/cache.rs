//! The cache stage: answers kept by the hash of what was asked, in memory or in a file.
//!
//! Keys are as documented for phase 3: the content alone for a whole file, so that equal files
//! share an answer; path, number and content for a part. An entry older than its time to live is
//! not served. Both stores behave alike; a file outlives the run.

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use redb::{Database, ReadableDatabase, TableDefinition};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::merge::Answer;

/// The `[cache]` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "policy", rename_all = "snake_case", deny_unknown_fields)]
pub enum CachePolicy {
    /// Every answer is paid for.
    Off,
    /// An answer is found again by the hash of what was asked: the content of a whole file, or
    /// path, number and content of a part.
    Content {
        /// Seconds for which an answer is good.
        ttl_s: NonZeroU64,
    },
}

/// What identifies an answer.
pub type Key = [u8; 32];

/// The key of a whole file.
pub fn key_of_file(content: &str) -> Key {
    Sha256::digest(content).into()
}

/// The key of a part of a file; `number` counts from 1.
pub fn key_of_part(path: &str, number: u64, content: &str) -> Key {
    Sha256::digest(format!("{path}::{number}::{content}")).into()
}

/// Why a cache file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot use cache `{path}`: {reason}\n\
     hint: name a file that does not exist yet, or one that `--cache` made"
)]
pub struct CacheError {
    path: String,
    reason: String,
}

/// Answers by key.
#[derive(Debug)]
pub struct Cache {
    store: Store,
    ttl_ms: u64,
}

#[derive(Debug)]
enum Store {
    Memory(Mutex<BTreeMap<Key, Entry>>),
    Disk(Database),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    created_ms: u64,
    text: String,
    truncated: bool,
}

const ANSWERS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("answers, format 1");

impl Cache {
    /// A cache that ends with the run.
    pub const fn in_memory(ttl_s: u64) -> Self {
        let store = Store::Memory(Mutex::new(BTreeMap::new()));
        Self { store, ttl_ms: ttl_s.saturating_mul(1000) }
    }

    /// A cache in a file, made if it is not there.
    pub fn on_disk(path: &Path, ttl_s: u64) -> Result<Self, CacheError> {
        let database = Database::create(path).map_err(|error| CacheError {
            path: path.display().to_string(),
            reason: error.to_string(),
        })?;
        Ok(Self { store: Store::Disk(database), ttl_ms: ttl_s.saturating_mul(1000) })
    }

    /// The answer under a key, unless it is older than its time to live. Times are milliseconds
    /// since the Unix epoch, simulated or real.
    pub fn get(&self, key: &Key, now_ms: u64) -> Option<Answer> {
        let entry = match &self.store {
            Store::Memory(entries) => {
                entries.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
            }
            Store::Disk(database) => match read(database, key) {
                Ok(entry) => entry,
                Err(error) => {
                    tracing::warn!(%error, "the cache cannot be read; the answer is paid for");
                    None
                }
            },
        }?;
        let age_ms = now_ms.saturating_sub(entry.created_ms);
        (age_ms < self.ttl_ms).then_some(Answer { text: entry.text, truncated: entry.truncated })
    }

    /// Keeps an answer. A cache that cannot write loses money, not work: the run goes on.
    pub fn put(&self, key: Key, answer: &Answer, now_ms: u64) {
        let Answer { text, truncated } = answer.clone();
        let entry = Entry { created_ms: now_ms, text, truncated };
        match &self.store {
            Store::Memory(entries) => {
                entries.lock().unwrap_or_else(PoisonError::into_inner).insert(key, entry);
            }
            Store::Disk(database) => {
                if let Err(error) = write(database, &key, &entry) {
                    tracing::warn!(%error, "the cache cannot be written; the answer is not kept");
                }
            }
        }
    }
}

type StoreError = Box<dyn std::error::Error + Send + Sync>;

fn read(database: &Database, key: &Key) -> Result<Option<Entry>, StoreError> {
    let transaction = database.begin_read()?;
    let table = match transaction.open_table(ANSWERS) {
        Ok(table) => table,
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let Some(bytes) = table.get(key.as_slice())? else { return Ok(None) };
    Ok(Some(serde_json::from_slice(bytes.value())?))
}

fn write(database: &Database, key: &Key, entry: &Entry) -> Result<(), StoreError> {
    let bytes = serde_json::to_vec(entry)?;
    let transaction = database.begin_write()?;
    transaction.open_table(ANSWERS)?.insert(key.as_slice(), bytes.as_slice())?;
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Answer {
        Answer { text: "Über alles".into(), truncated: false }
    }

    fn check(cache: &Cache) {
        let key = key_of_file("x = 1");
        assert_eq!(cache.get(&key, 0), None);
        cache.put(key, &answer(), 1_000);
        assert_eq!(cache.get(&key, 1_000), Some(answer()));
        assert_eq!(cache.get(&key, 60_999), Some(answer()), "good for 60 s");
        assert_eq!(cache.get(&key, 61_000), None, "and no longer");
        assert_eq!(cache.get(&key_of_part("x.py", 1, "x = 1"), 1_000), None);
    }

    #[test]
    fn an_answer_is_served_until_its_time_to_live_is_over() {
        check(&Cache::in_memory(60));
        let folder = tempfile::tempdir().unwrap();
        check(&Cache::on_disk(&folder.path().join("cache.redb"), 60).unwrap());
    }

    #[test]
    fn an_answer_on_disk_outlives_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.redb");
        let key = key_of_part("x.py", 2, "x = 1");
        Cache::on_disk(&path, 60).unwrap().put(key, &answer(), 0);
        assert_eq!(Cache::on_disk(&path, 60).unwrap().get(&key, 0), Some(answer()));
    }

    #[test]
    fn a_file_that_is_no_cache_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        std::fs::write(&path, "my notes").unwrap();
        assert!(Cache::on_disk(&path, 60).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "my notes");
    }
}

//! Opens the files in which answers outlive a process, also when one died while it made them, and
//! whatever has happened to them since.
//!
//! `redb` writes the name of its format last, so a process that dies before that leaves a file that
//! is no database and never becomes one. It holds nothing but a header and zeros, and is made
//! again. Whatever else is no database is somebody's file: it is refused and left as it is.
//!
//! `redb` takes for granted that its pages are as it wrote them, and panics where one is not. Every
//! use of a database therefore goes through a [`Store`], for which that is an error: the disk's
//! fault is not a bug of this program. What has panicked once is not used again.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::{
    CommitError, Database, DatabaseError, ReadTransaction, ReadableDatabase, StorageError,
    TableError, TransactionError, WriteTransaction,
};

/// Why a database cannot be read or written.
pub type StoreError = Box<dyn std::error::Error + Send + Sync>;

/// The file is a database, and something in it is not as it was written.
#[derive(Debug, thiserror::Error)]
#[error("the file is damaged")]
struct Damaged;

thread_local! {
    /// Whether a panic on this thread is expected, and nobody has to hear of it.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Does something with a database; where it finds a page that is none, that is an error.
fn guarded<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                others(info);
            }
        }));
    });
    let before = QUIET.replace(true);
    // What a panic leaves behind is never used: see `Store`.
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    QUIET.set(before);
    done.unwrap_or_else(|_| Err(Damaged.into()))
}

/// Whether the system refuses to read or write; otherwise what the file holds is at fault.
pub fn is_of_the_system(error: &StoreError) -> bool {
    let storage = if let Some(error) = error.downcast_ref::<StorageError>() {
        error
    } else if let Some(DatabaseError::Storage(error)) = error.downcast_ref() {
        error
    } else if let Some(TransactionError::Storage(error)) = error.downcast_ref() {
        error
    } else if let Some(TableError::Storage(error)) = error.downcast_ref() {
        error
    } else if let Some(CommitError::Storage(error)) = error.downcast_ref() {
        error
    } else {
        return false;
    };
    let of_content = [io::ErrorKind::InvalidData, io::ErrorKind::UnexpectedEof];
    matches!(storage, StorageError::Io(error) if !of_content.contains(&error.kind()))
}

/// Whether another process has the database open.
pub fn is_in_use(error: &StoreError) -> bool {
    matches!(error.downcast_ref(), Some(DatabaseError::DatabaseAlreadyOpen))
}

/// A database that is open.
#[derive(Debug)]
pub struct Store {
    /// None only while it is dropped.
    database: Option<Database>,
    /// Whether it has panicked: what it says after that is not believed.
    damaged: AtomicBool,
}

impl Store {
    /// Opens a database, or makes it if there is none.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        guarded(|| Ok(open(path)?)).map(Self::of)
    }

    /// A database that somebody has opened.
    pub(super) const fn of(database: Database) -> Self {
        Self { database: Some(database), damaged: AtomicBool::new(false) }
    }

    /// The same, and reads all of it: what is damaged anywhere is refused.
    pub fn open_whole(path: &Path) -> Result<Self, StoreError> {
        Self::open(path)?.whole()
    }

    /// The same of a database that has to be there.
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        guarded(|| Ok(Database::open(path)?)).map(Self::of)?.whole()
    }

    fn whole(self) -> Result<Self, StoreError> {
        let mut store = self;
        let database = store.database.as_mut().ok_or(Damaged)?;
        match guarded(|| Ok(database.check_integrity()?)) {
            Ok(true) => Ok(store),
            // Made whole again, it has lost something, and nobody knows what.
            Ok(false) => Err(Damaged.into()),
            Err(error) => {
                store.damaged.store(true, Ordering::Relaxed);
                Err(if is_of_the_system(&error) { error } else { Damaged.into() })
            }
        }
    }

    /// Reads.
    pub fn read<T>(
        &self,
        work: impl FnOnce(&ReadTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.attempt(|database| work(&database.begin_read()?))
    }

    /// Writes: all of it or nothing, and what is written is on the disk.
    pub fn write<T>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.attempt(|database| {
            let transaction = database.begin_write()?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })
    }

    fn attempt<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let sound = self.database.as_ref().filter(|_| !self.damaged.load(Ordering::Relaxed));
        let database = sound.ok_or(Damaged)?;
        let done = guarded(|| work(database));
        if done.as_ref().is_err_and(|error| error.is::<Damaged>()) {
            self.damaged.store(true, Ordering::Relaxed);
        }
        done
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let database = self.database.take();
        // Nothing is lost with what cannot be written at the end: it was committed before.
        let _ = guarded(|| {
            drop(database);
            Ok(())
        });
    }
}

/// The length of the name of the format, with which a database begins.
const NAME_BYTES: u64 = 9;

/// The length of the header, the name included.
const HEADER_BYTES: u64 = 512;

/// The largest file that can be half made: a new database takes less than two megabytes.
const MAX_BYTES: u64 = 2 * 1024 * 1024;

/// A database is a whole number of pages, also while it is made.
const PAGE_BYTES: u64 = 4096;

/// Opens a database, or makes it if there is none.
fn open(path: &Path) -> Result<Database, DatabaseError> {
    match Database::create(path) {
        // Another process may be making it at this moment.
        Err(error @ DatabaseError::DatabaseAlreadyOpen) => Err(error),
        Err(error) if is_half_made(path).unwrap_or(false) => match fs::remove_file(path) {
            Ok(()) => Database::create(path),
            Err(_) => Err(error),
        },
        opened => opened,
    }
}

/// Whether there is nothing in a file but a header without its name.
fn is_half_made(path: &Path) -> io::Result<bool> {
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    if bytes > MAX_BYTES || !bytes.is_multiple_of(PAGE_BYTES) {
        return Ok(false);
    }
    for (at, byte) in (0..).zip(BufReader::new(file).bytes()) {
        let in_header = (NAME_BYTES..HEADER_BYTES).contains(&at);
        if byte? != 0 && !in_header {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with these contents, and what is in it after somebody wanted it as a database.
    fn check(contents: &[u8]) -> (bool, bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, contents).unwrap();
        let opened = open(&path).is_ok();
        (opened, fs::read(&path).unwrap() == contents)
    }

    fn new_database() -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        drop(open(&path).unwrap());
        fs::read(&path).unwrap()
    }

    #[test]
    fn a_file_that_a_process_died_over_is_made_again() {
        assert_eq!(check(&vec![0; 389 * 4096]), (true, false), "resized and nothing more");
        // As it is when the header is written, before it gets its name.
        let mut nameless = new_database();
        nameless[..9].fill(0);
        nameless[512..].fill(0);
        assert_eq!(check(&nameless), (true, false));
    }

    #[test]
    fn whatever_else_is_no_database_is_left_as_it_is() {
        assert_eq!(check(b"years of work"), (false, true));
        assert_eq!(check(&[0; 10_000]), (false, true), "zeros of a length that no database has");
        assert_eq!(check(&vec![0; 3 << 20]), (false, true), "more zeros than a new one has");
        let mut data = vec![0; 10_000];
        data[9_000] = 1;
        assert_eq!(check(&data), (false, true), "zeros, and one byte that somebody wrote");
        let mut damaged = new_database();
        damaged.truncate(64);
        assert_eq!(check(&damaged), (false, true), "a database that lost its end");
    }
}

//! Opens the files in which answers outlive a process, also when one died while it made them.
//!
//! `redb` writes the name of its format last, so a process that dies before that leaves a file that
//! is no database and never becomes one. It holds nothing but a header and zeros, and is made
//! again. Whatever else is no database is somebody's file: it is refused and left as it is.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::Path;

use redb::{Database, DatabaseError};

/// The length of the name of the format, with which a database begins.
const NAME_BYTES: u64 = 9;

/// The length of the header, the name included.
const HEADER_BYTES: u64 = 512;

/// The largest file that can be half made: a new database takes less than two megabytes.
const MAX_BYTES: u64 = 2 * 1024 * 1024;

/// A database is a whole number of pages, also while it is made.
const PAGE_BYTES: u64 = 4096;

/// Opens a database, or makes it if there is none.
pub fn open(path: &Path) -> Result<Database, DatabaseError> {
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

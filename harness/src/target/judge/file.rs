//! A file that has to be there when the job has ended.

use std::fs;
use std::io;

use super::work::{Work, Wrong, matches, refused};
use crate::target::template;

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Checks that a file is there, is not empty and matches.
pub(super) fn check(path: &str, expression: Option<&str>, work: &Work<'_>) -> Result<(), Wrong> {
    let bytes = read(path, work)?;
    if bytes.is_empty() {
        return Err(refused(format!("`{path}` is empty")));
    }
    match expression {
        Some(expression) if !matches(expression, &String::from_utf8_lossy(&bytes)) => {
            Err(refused(format!("`{path}` has no match for `{expression}`")))
        }
        _ => Ok(()),
    }
}

/// The bytes of a file that the job was to leave behind.
pub(super) fn read(path: &str, work: &Work<'_>) -> Result<Vec<u8>, Wrong> {
    let place = template::fill(path, work.given);
    let place = work.folder.map_or_else(|| place.clone().into(), |folder| folder.join(&place));
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => refused(format!("left no file `{path}`")),
        _ => refused(format!("`{path}` cannot be read: {error}")),
    };
    let about = fs::metadata(&place).map_err(unreadable)?;
    if !about.is_file() {
        return Err(refused(format!("`{path}` is no file")));
    }
    if about.len() > MAX_BYTES {
        return Err(refused(format!("`{path}` is larger than {} MB", MAX_BYTES >> 20)));
    }
    fs::read(&place).map_err(unreadable)
}

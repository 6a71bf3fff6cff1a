//! What is known of every file, and how much of it is kept.
//!
//! Metadata is kept for every file, content only of small ones and only as long as all of it
//! together stays under a limit; the oldest content goes first.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::api::error::ApiError;

/// The largest file, as documented: 500 MB.
pub const MAX_FILE_BYTES: u64 = 500 * 1024 * 1024;

/// The largest content that is kept for download.
pub const KEPT_CONTENT_BYTES: usize = 1024 * 1024;

/// Content that is kept of all files together, in bytes.
const ALL_CONTENT_BYTES: usize = 64 * 1024 * 1024;

/// Files at a time, at most.
const MAX_FILES: usize = 10_000;

/// One file.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) id: String,
    pub(crate) filename: String,
    pub(crate) mime_type: String,
    pub(crate) size_bytes: u64,
    pub(crate) created_us: u64,
    pub(crate) expires_us: Option<u64>,
    pub(crate) content: Option<Bytes>,
}

impl File {
    /// A small text file, for an id that nobody was given.
    pub(crate) fn made_up(id: &str, now_us: u64) -> Self {
        let content = Bytes::from_static(b"content");
        Self {
            id: id.to_owned(),
            filename: "file.txt".to_owned(),
            mime_type: "text/plain".to_owned(),
            size_bytes: content.len() as u64,
            created_us: now_us,
            expires_us: None,
            content: Some(content),
        }
    }
}

/// Every file of one mock.
#[derive(Debug, Default)]
pub(crate) struct Files {
    held: Mutex<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    /// In order of creation.
    files: BTreeMap<u64, File>,
    number_of: BTreeMap<String, u64>,
    created: u64,
    /// The files that have content.
    full: BTreeSet<u64>,
    content_bytes: usize,
}

impl Files {
    /// Takes a file in, unless there are too many.
    pub(crate) fn put(&self, file: File) -> Result<(), ApiError> {
        let mut held = self.held.lock();
        if held.files.len() >= MAX_FILES {
            held.forget_expired(file.created_us);
        }
        if held.files.len() >= MAX_FILES {
            let message = format!("Storage limit exceeded: at most {MAX_FILES} files are stored.");
            return Err(ApiError::of_status(403, message));
        }
        let number = held.created;
        held.created += 1;
        if let Some(content) = &file.content {
            held.content_bytes += content.len();
            held.full.insert(number);
        }
        held.number_of.insert(file.id.clone(), number);
        held.files.insert(number, file);
        while held.content_bytes > ALL_CONTENT_BYTES {
            held.empty_the_oldest();
        }
        Ok(())
    }

    /// The file of this id, unless it has expired.
    pub(crate) fn get(&self, id: &str, now_us: u64) -> Option<File> {
        let held = self.held.lock();
        let file = held.files.get(held.number_of.get(id)?)?;
        lives(file, now_us).then(|| file.clone())
    }

    /// Whether there was a file to delete.
    pub(crate) fn delete(&self, id: &str) -> bool {
        self.held.lock().forget(id)
    }

    /// Files older than the one of number `before`, the newest first, and where the next page
    /// begins.
    pub(crate) fn page(
        &self,
        before: Option<u64>,
        limit: usize,
        now_us: u64,
    ) -> (Vec<File>, Option<u64>) {
        let held = self.held.lock();
        let older = held.files.range(..before.unwrap_or(u64::MAX)).rev();
        let mut living = older.filter(|(_, file)| lives(file, now_us)).peekable();
        let mut last = None;
        let mut files = Vec::new();
        while files.len() < limit
            && let Some((number, file)) = living.next()
        {
            last = Some(*number);
            files.push(file.clone());
        }
        (files, last.filter(|_| living.peek().is_some()))
    }
}

impl Shelf {
    fn forget(&mut self, id: &str) -> bool {
        let Some(number) = self.number_of.remove(id) else {
            return false;
        };
        let file = self.files.remove(&number);
        self.full.remove(&number);
        let content = file.and_then(|file| file.content);
        self.content_bytes -= content.map_or(0, |content| content.len());
        true
    }

    fn forget_expired(&mut self, now_us: u64) {
        let expired = self.files.values().filter(|file| !lives(file, now_us));
        let ids: Vec<String> = expired.map(|file| file.id.clone()).collect();
        for id in ids {
            self.forget(&id);
        }
    }

    fn empty_the_oldest(&mut self) {
        let oldest = self.full.pop_first().and_then(|number| self.files.get_mut(&number));
        let content = oldest.and_then(|file| file.content.take());
        // Nothing left to empty means nothing left to count.
        self.content_bytes =
            content.map_or(0, |content| self.content_bytes.saturating_sub(content.len()));
    }
}

fn lives(file: &File, now_us: u64) -> bool {
    file.expires_us.is_none_or(|expires_us| now_us < expires_us)
}

/// 404 for an id that no file has.
pub(crate) fn unknown(id: &str) -> ApiError {
    ApiError::of_status(404, format!("File not found: {id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(id: usize, bytes: usize) -> File {
        let content = Some(Bytes::from(vec![0; bytes]));
        File { id: id.to_string(), content, ..File::made_up("", 0) }
    }

    #[test]
    fn the_oldest_content_goes_first_and_its_metadata_stays() {
        let store = Files::default();
        let fit = ALL_CONTENT_BYTES / KEPT_CONTENT_BYTES;
        for id in 0..=fit {
            store.put(file(id, KEPT_CONTENT_BYTES)).unwrap();
        }
        assert_eq!(store.get("0", 0).unwrap().content, None);
        assert!(store.get("1", 0).unwrap().content.is_some());
        assert!(store.delete("1") && !store.delete("1"));
        store.put(file(fit + 1, KEPT_CONTENT_BYTES)).unwrap();
        assert!(store.get("2", 0).unwrap().content.is_some(), "the deleted file made room");
    }

    #[test]
    fn the_number_of_files_is_bounded_and_expired_ones_make_room() {
        let store = Files::default();
        for id in 0..MAX_FILES {
            store.put(File { expires_us: Some(10), ..file(id, 1) }).unwrap();
        }
        assert_eq!(store.put(file(MAX_FILES, 1)).unwrap_err().status, 403);
        store.put(File { created_us: 10, ..file(MAX_FILES, 1) }).unwrap();
    }
}

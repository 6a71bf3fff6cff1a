//! Where files come from: a generator, or a folder of the user's.
//!
//! A file is described when the run is planned and read when its turn comes, so that a large tree
//! is never in memory as a whole.

pub mod tree;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use generators::{Edit, GeneratedFile};
use sha2::{Digest, Sha256};

/// One file that a run will meet.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The path relative to the input's root, with `/` between folders.
    pub path: Arc<str>,
    /// Where the text comes from.
    pub origin: Origin,
}

/// Where the text of a file comes from.
#[derive(Debug, Clone)]
pub enum Origin {
    /// Made when it is needed.
    Generated(Arc<GeneratedFile>),
    /// Read when it is needed.
    Disk(PathBuf),
    /// Never read, for this reason.
    Skipped(Arc<str>),
    /// A file after some rounds of changes.
    Revised(Arc<Revision>),
    /// Every file of the load at once; it has no text of its own.
    Whole,
}

/// A file that was changed.
#[derive(Debug, Clone)]
pub struct Revision {
    /// The file as it was.
    before: SourceFile,
    /// What was done to it.
    edit: Edit,
    /// The rounds in which it was done.
    rounds: Vec<u64>,
}

/// Why a file has no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoText {
    /// It is not something to document; the reason in words.
    Skipped(String),
    /// It should be there and cannot be read; the reason in words.
    Unreadable(String),
}

/// The largest file that is read, in bytes: twice what the API takes as a request.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

impl SourceFile {
    /// What decides the file's part in a run: its text, or the reason why it has none.
    pub fn add_to(&self, hash: &mut Sha256) {
        hash.update(self.path.as_bytes());
        match self.text() {
            Ok(text) => hash.update(Sha256::digest(text)),
            Err(NoText::Skipped(reason) | NoText::Unreadable(reason)) => hash.update(reason),
        }
        hash.update(b"\n");
    }

    /// The file as it is in a round after the first; `item` tells it apart from the others.
    #[must_use]
    pub fn revised(&self, edit: &Edit, seed: u64, item: u64, round: u64) -> Self {
        let rounds: Vec<u64> = edit.rounds(seed, item, round).collect();
        if rounds.is_empty() || matches!(self.origin, Origin::Skipped(_)) {
            return self.clone();
        }
        let path = edit.path(&self.path, &rounds).into();
        let revision = Revision { before: self.clone(), edit: edit.clone(), rounds };
        Self { path, origin: Origin::Revised(Arc::new(revision)) }
    }

    /// The text of the file.
    pub fn text(&self) -> Result<String, NoText> {
        match &self.origin {
            Origin::Generated(file) => Ok(file.text()),
            Origin::Whole => Ok(String::new()),
            Origin::Skipped(reason) => Err(NoText::Skipped(reason.to_string())),
            Origin::Revised(revision) => {
                let Revision { before, edit, rounds } = &**revision;
                Ok(edit.text(&before.path, before.text()?, rounds))
            }
            Origin::Disk(path) => {
                let unreadable = |error: std::io::Error| NoText::Unreadable(error.to_string());
                let bytes = fs::metadata(path).map_err(unreadable)?.len();
                if bytes > MAX_BYTES {
                    return Err(NoText::Skipped(format!("larger than {} MB", MAX_BYTES >> 20)));
                }
                documentable(fs::read(path).map_err(unreadable)?)
            }
        }
    }
}

/// The bytes of a file as text, where it is text and there is any.
fn documentable(bytes: Vec<u8>) -> Result<String, NoText> {
    let skipped = |reason: &str| Err(NoText::Skipped(reason.to_owned()));
    if bytes.contains(&0) {
        return skipped("binary");
    }
    match String::from_utf8(bytes) {
        Err(_) => skipped("not UTF-8"),
        Ok(text) if text.trim().is_empty() => skipped("empty"),
        Ok(text) => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_text_is_skipped_with_its_reason() {
        let reason = |bytes: &[u8]| documentable(bytes.to_vec()).unwrap_err();
        assert_eq!(reason(b"a\0b"), NoText::Skipped("binary".into()));
        assert_eq!(reason(b"caf\xe9 = 1"), NoText::Skipped("not UTF-8".into()));
        assert_eq!(reason(b" \n\n"), NoText::Skipped("empty".into()));
        assert_eq!(documentable(b"a = 1".to_vec()).unwrap(), "a = 1");
    }

    #[test]
    fn a_file_that_is_gone_is_unreadable_and_not_skipped() {
        let file = SourceFile { path: "x.py".into(), origin: Origin::Disk("/nowhere/x.py".into()) };
        assert!(matches!(file.text(), Err(NoText::Unreadable(_))));
    }
}

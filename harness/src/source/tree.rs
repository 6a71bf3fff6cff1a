//! Finds the files of a folder as ripgrep would: ignore files respected, hidden files left out,
//! links not followed but named, in the order of their paths.
//!
//! Every file that is found is kept, the ones in no known language with the reason why they are
//! not sent, so that a report can account for all of them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use engine::source::Language;
use ignore::{WalkBuilder, WalkState};

use super::{Origin, SourceFile};

/// Why a folder cannot be used as input.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// Nothing is there, or it cannot be opened.
    #[error("cannot read input `{path}`: {reason}\nhint: name a folder or a file that is there")]
    Unreadable {
        /// The path as it was given.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// No file is inside.
    #[error(
        "input `{path}` holds no file\n\
         hint: hidden files and files named in ignore files are left out, as by ripgrep"
    )]
    Empty {
        /// The path as it was given.
        path: PathBuf,
    },
}

/// The files below `root`, or `root` itself where it is a file.
pub fn files(root: &Path) -> Result<Vec<SourceFile>, TreeError> {
    let unreadable = |reason: String| TreeError::Unreadable { path: root.to_owned(), reason };
    let metadata = std::fs::metadata(root).map_err(|error| unreadable(error.to_string()))?;
    if metadata.is_file() {
        let name = shown(Path::new(root.file_name().unwrap_or(root.as_os_str())));
        return Ok(vec![describe(name, root.to_owned())]);
    }
    std::fs::read_dir(root).map_err(|error| unreadable(error.to_string()))?;
    let mut found = walk(root);
    // By both: two names that are not UTF-8 may be shown alike.
    found.sort();
    let files: Vec<SourceFile> =
        found.into_iter().map(|(relative, path)| describe(relative, path)).collect();
    if files.is_empty() { Err(TreeError::Empty { path: root.to_owned() }) } else { Ok(files) }
}

/// Relative and full path of every file; folders that cannot be opened are entries too.
fn walk(root: &Path) -> Vec<(String, PathBuf)> {
    let (sender, receiver) = std::sync::mpsc::channel();
    WalkBuilder::new(root).build_parallel().run(|| {
        let sender = sender.clone();
        Box::new(move |entry| {
            let path = match entry {
                Ok(entry) if entry.file_type().is_some_and(|kind| !kind.is_dir()) => {
                    Some(entry.into_path())
                }
                Ok(_) => None,
                Err(error) => path_of(&error).map(Path::to_owned),
            };
            if let Some(path) = path {
                let relative = shown(path.strip_prefix(root).unwrap_or(&path));
                let relative = relative.replace(std::path::MAIN_SEPARATOR, "/");
                // The receiver outlives the walk.
                let _ = sender.send((relative, path));
            }
            WalkState::Continue
        })
    });
    drop(sender);
    receiver.into_iter().collect()
}

/// A path as text. Of a name that is not UTF-8, each byte that is none is shown by its number, so
/// that two names never become one.
fn shown(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// The path that a walk stumbled over.
fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            path_of(err)
        }
        _ => None,
    }
}

fn describe(relative: String, path: PathBuf) -> SourceFile {
    // What cannot be asked about is kept: reading it will say why.
    let kind = std::fs::symlink_metadata(&path).map(|metadata| metadata.file_type()).ok();
    let origin = if kind.is_some_and(|kind| kind.is_symlink()) {
        Origin::Skipped("a symbolic link".into())
    } else if kind.is_some_and(|kind| !kind.is_file() && !kind.is_dir()) {
        Origin::Skipped("not a regular file".into())
    } else if kind.is_some_and(|kind| kind.is_file()) && Language::known(&relative).is_none() {
        Origin::Skipped("not in a known language".into())
    } else {
        Origin::Disk(path)
    };
    SourceFile { path: relative.into(), origin }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn two_names_that_are_not_utf_8_stay_two_names() {
        use std::os::unix::ffi::OsStrExt as _;

        let path = |bytes: &'static [u8]| shown(Path::new(std::ffi::OsStr::from_bytes(bytes)));
        assert_eq!(path(b"a/caf\xe9.py"), "a/caf\\xe9.py");
        assert_ne!(path(b"\xff.py"), path(b"\xfe.py"));
        assert_eq!(path("é.py".as_bytes()), "é.py");
    }

    #[test]
    fn a_tree_is_walked_as_ripgrep_walks_it_and_in_the_order_of_its_paths() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("b/two.py", "x = 2");
        write("a.py", "x = 1");
        write("b/notes.md", "# notes");
        write("b/page.tsx", "let x = 1;");
        write("ignored.py", "x = 3");
        write(".hidden.py", "x = 4");
        write(".ignore", "ignored.py\n");
        let found: Vec<(String, bool)> = files(folder.path())
            .unwrap()
            .iter()
            .map(|file| (file.path.to_string(), matches!(file.origin, Origin::Disk(_))))
            .collect();
        let expected =
            [("a.py", true), ("b/notes.md", false), ("b/page.tsx", true), ("b/two.py", true)]
                .map(|(path, sent)| (path.to_owned(), sent));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_missing_and_an_empty_folder_each_have_their_message() {
        let missing = files(Path::new("/nowhere")).unwrap_err().to_string();
        assert!(missing.starts_with("cannot read input `/nowhere`"), "{missing}");
        let folder = tempfile::tempdir().unwrap();
        let empty = files(folder.path()).unwrap_err().to_string();
        assert!(empty.contains("holds no file"), "{empty}");
    }
}

//! The documentation itself, as one Markdown file for each source file, written when it is wanted.
//!
//! Below the folder that the user named, no link is followed and no file is replaced that is not
//! documentation of the same source file: both may lead to what is not ours.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::files::write_atomically;
use crate::Failure;

/// The folder of one pipeline, where documentation is wanted at all.
pub fn folder(root: Option<&Path>, pipeline: &str) -> Option<PathBuf> {
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    Some(root?.join(pipeline.chars().map(plain).collect::<String>()))
}

/// Why the documentation of a file was not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unwritten {
    /// Something stands in the way of this file alone, in words.
    InTheWay(String),
    /// Nothing can be written any more.
    Nothing(Failure),
}

/// The longest name of a file that file systems take, in bytes.
const LONGEST_NAME: usize = 255;

/// Writes the documentation of the source file at `path`, whole or not at all.
pub fn write(folder: &Path, path: &str, text: &str) -> Result<(), Unwritten> {
    let target = folder.join(format!("{path}.md"));
    let parent = target.parent().unwrap_or(folder);
    in_the_way(folder, path, &target).map_or(Ok(()), |words| Err(Unwritten::InTheWay(words)))?;
    match fs::create_dir_all(parent) {
        Err(error) if is_taken(&error) => {
            let words = format!("a part of `{}` is a file", parent.display());
            return Err(Unwritten::InTheWay(words));
        }
        made => made.map_err(|error| Unwritten::Nothing(Failure::unwritable(parent, &error)))?,
    }
    let replaceable = is_replaceable(&target, text);
    if !replaceable.map_err(|error| Unwritten::Nothing(Failure::unwritable(&target, &error)))? {
        let target = target.display();
        let words = format!("`{target}` is not documentation of `{path}`, and is left as it is");
        return Err(Unwritten::InTheWay(words));
    }
    write_atomically(&target, text).map_err(Unwritten::Nothing)
}

/// What keeps a file from being written, as far as its name and the folders around it tell.
fn in_the_way(folder: &Path, path: &str, target: &Path) -> Option<String> {
    // A path of a source file never leads out of its tree; one that did would be written to.
    if !Path::new(path).components().all(|part| matches!(part, Component::Normal(_))) {
        return Some(format!("`{path}` leads out of the folder of `--docs`"));
    }
    let name = target.file_name().unwrap_or_default();
    if name.len() > LONGEST_NAME {
        let length = name.len();
        return Some(format!("with `.md` its name has {length} bytes, and {LONGEST_NAME} will do"));
    }
    let root = folder.parent().unwrap_or(folder);
    let below = target.ancestors().take_while(|ancestor| *ancestor != root);
    let link = below.into_iter().find(|path| is_link(path))?;
    Some(format!("`{}` is a link, and `--docs` follows none", link.display()))
}

/// Whether a folder cannot be made because a file has its name.
fn is_taken(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory)
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink())
}

/// Whether nothing is at a path, or a file that begins as this text does: with its title, the path
/// of the source file.
fn is_replaceable(target: &Path, text: &str) -> io::Result<bool> {
    let mut file = match File::open(target) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    if !file.metadata()?.is_file() {
        return Ok(false);
    }
    let title = text.split_inclusive('\n').next().unwrap_or_default();
    let mut there = vec![0; title.len()];
    match file.read_exact(&mut there) {
        Ok(()) => Ok(there == title.as_bytes()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folders_of_the_source_are_those_of_its_documentation() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["# `a/b.py`\nfirst", "# `a/b.py`\nsecond"] {
            write(folder.path(), "a/b.py", text).unwrap();
            assert_eq!(fs::read_to_string(folder.path().join("a/b.py.md")).unwrap(), text);
        }
        assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 1);
    }

    /// Why a file is not written, where that is its own affair.
    fn in_the_way_of(folder: &Path, path: &str) -> String {
        match write(folder, path, "# text") {
            Err(Unwritten::InTheWay(words)) => words,
            other => panic!("{path}: {other:?}"),
        }
    }

    #[test]
    fn a_name_that_is_taken_or_too_long_fails_its_own_file_alone() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "a.py", "# `a.py`").unwrap();
        let words = in_the_way_of(folder.path(), "a.py.md/b.py");
        assert!(words.contains("is a file"), "{words}");
        write(folder.path(), "c.py.md/d.py", "# `c.py.md/d.py`").unwrap();
        let words = in_the_way_of(folder.path(), "c.py");
        assert!(words.contains("is not documentation"), "{words}");
        write(folder.path(), &"x".repeat(252), "# long").unwrap();
        let words = in_the_way_of(folder.path(), &"x".repeat(253));
        assert!(words.contains("256 bytes"), "{words}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_below_the_folder_is_not_followed() {
        use std::os::unix::fs::symlink;

        let root = tempfile::tempdir().unwrap();
        let (elsewhere, docs) = (root.path().join("elsewhere"), root.path().join("docs/phase1"));
        fs::create_dir_all(&elsewhere).unwrap();
        fs::create_dir_all(&docs).unwrap();
        fs::write(elsewhere.join("b.py.md"), "years of work").unwrap();
        symlink(&elsewhere, docs.join("a")).unwrap();
        symlink(elsewhere.join("b.py.md"), docs.join("b.py.md")).unwrap();
        symlink(root.path().join("nowhere"), docs.join("c.py.md")).unwrap();
        symlink(&docs, root.path().join("docs/phase3")).unwrap();
        for (folder, path) in [
            (&docs, "a/b.py"),
            (&docs, "b.py"),
            (&docs, "c.py"),
            (&root.path().join("docs/phase3"), "d.py"),
        ] {
            let words = in_the_way_of(folder, path);
            assert!(words.contains("is a link"), "{path}: {words}");
        }
        assert_eq!(fs::read_to_string(elsewhere.join("b.py.md")).unwrap(), "years of work");
        assert!(!root.path().join("nowhere").exists());
    }

    #[test]
    fn a_file_that_is_not_documentation_of_the_same_source_stays() {
        let folder = tempfile::tempdir().unwrap();
        let mine = folder.path().join("a.py.md");
        fs::create_dir(folder.path().join("b.py.md")).unwrap();
        for text in ["", "# my notes", "# `a.py` and much more"] {
            fs::write(&mine, text).unwrap();
            assert!(write(folder.path(), "a.py", "# `a.py`\nnew").is_err(), "{text}");
            assert_eq!(fs::read_to_string(&mine).unwrap(), text);
        }
        assert!(write(folder.path(), "b.py", "# `b.py`\nnew").is_err());
    }

    #[test]
    fn nothing_is_written_outside_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["../b.py", "/b.py", "a/../../b.py"] {
            assert!(write(folder.path(), path, "text").is_err(), "{path}");
        }
    }
}

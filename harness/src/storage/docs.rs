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

/// Writes the documentation of the source file at `path`, whole or not at all.
pub fn write(folder: &Path, path: &str, text: &str) -> Result<(), Failure> {
    // A path of a source file never leads out of its tree; one that did would be written to.
    let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    if !inside {
        return Err(Failure::internal(format!("`{path}` leads out of the folder of `--docs`")));
    }
    let target = folder.join(format!("{path}.md"));
    let parent = target.parent().unwrap_or(folder);
    let root = folder.parent().unwrap_or(folder);
    let below = target.ancestors().take_while(|ancestor| *ancestor != root);
    if let Some(link) = below.into_iter().find(|path| is_link(path)) {
        return Err(Failure::usage(format!(
            "`{}` is a link, and `--docs` follows none\n\
             hint: move it away, or name another folder with `--docs`",
            link.display()
        )));
    }
    fs::create_dir_all(parent).map_err(|error| Failure::unwritable(parent, &error))?;
    if !is_replaceable(&target, text).map_err(|error| Failure::unwritable(&target, &error))? {
        return Err(Failure::usage(format!(
            "`{}` is not documentation of `{path}`, and is left as it is\n\
             hint: move it away, or name another folder with `--docs`",
            target.display()
        )));
    }
    write_atomically(&target, text)
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
            let failure = write(folder, path, "# text").unwrap_err();
            assert!(failure.message.contains("is a link"), "{path}: {failure}");
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

//! The documentation itself, as one Markdown file for each source file, written when it is wanted.

use std::fs;
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
    fs::create_dir_all(parent).map_err(|error| Failure::unwritable(parent, &error))?;
    write_atomically(&target, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folders_of_the_source_are_those_of_its_documentation() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["first", "second"] {
            write(folder.path(), "a/b.py", text).unwrap();
            assert_eq!(fs::read_to_string(folder.path().join("a/b.py.md")).unwrap(), text);
        }
        assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 1);
    }

    #[test]
    fn nothing_is_written_outside_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["../b.py", "/b.py", "a/../../b.py"] {
            assert!(write(folder.path(), path, "text").is_err(), "{path}");
        }
    }
}

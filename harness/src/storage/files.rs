//! Writes files so that a reader never sees half of one.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::Failure;

/// Writes a text as [`write_piecewise`] does.
pub fn write_atomically(path: &Path, text: &str) -> Result<(), Failure> {
    write_piecewise(path, |out| out.write_all(text.as_bytes()))
}

/// Writes a file, whole or not at all. A link leads to what is written, a device or a pipe takes
/// the text as it comes, and a file that was there keeps its mode.
pub fn write_piecewise(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let there = fs::metadata(path).ok();
    let content = |file: &mut File| {
        let mut out = BufWriter::new(file);
        content(&mut out)?;
        out.flush()
    };
    let write = || -> io::Result<()> {
        if there.as_ref().is_some_and(|there| !there.is_file()) {
            return content(&mut File::options().write(true).open(path)?);
        }
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut file = tempfile::Builder::new().permissions(permissions()).tempfile_in(folder)?;
        content(file.as_file_mut())?;
        if let Some(there) = &there {
            file.as_file().set_permissions(there.permissions())?;
        }
        file.persist(&target).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error| Failure::unwritable(path, &error))
}

/// A report may be read by everyone that the user's own mask allows.
#[cfg(unix)]
pub(super) fn permissions() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o666)
}

/// A report may be read by everyone.
#[cfg(not(unix))]
pub(super) fn permissions() -> fs::Permissions {
    fs::metadata(".").map(|metadata| metadata.permissions()).expect("this folder exists")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_link_leads_to_what_is_written_and_a_mode_stays() {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

        let root = tempfile::tempdir().unwrap();
        let (file, link) = (root.path().join("file"), root.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&file, &link).unwrap();
        write_atomically(&link, "new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_takes_the_text_and_stays_a_pipe() {
        use std::os::unix::fs::FileTypeExt as _;

        let root = tempfile::tempdir().unwrap();
        let pipe = root.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let reader = {
            let pipe = pipe.clone();
            std::thread::spawn(move || fs::read_to_string(pipe).unwrap())
        };
        write_atomically(&pipe, "text").unwrap();
        assert_eq!(reader.join().unwrap(), "text");
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    }

    #[test]
    fn a_path_that_leads_nowhere_is_for_the_user_to_mend() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("no/such/file");
        let failure = write_atomically(&path, "x").unwrap_err();
        assert_eq!(failure.exit, crate::Exit::Usage);
        let said = format!("cannot write `{}`: there is no such folder\n", path.display());
        assert!(failure.message.starts_with(&said), "{failure}");
    }
}

//! The files of jobs as a process can open them: the user's own where they are, generated ones in
//! a folder that goes with the run.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempDir};

use crate::source::{NoText, Origin, SourceFile};

/// The files of one run, and where its processes may leave what they made.
#[derive(Debug)]
pub(super) struct Files {
    all: Vec<SourceFile>,
    /// The folder that they are in: the user's own, or one in `made`.
    dir: PathBuf,
    made: TempDir,
}

impl Files {
    /// Makes room for files; those that are generated are written when they are wanted.
    pub(super) fn new(all: &[SourceFile]) -> io::Result<Self> {
        let made = tempfile::Builder::new().prefix("chaos-").tempdir()?;
        for folder in ["in", "out"] {
            fs::create_dir(made.path().join(folder))?;
        }
        let own = all.iter().find_map(root_of);
        let dir = own.unwrap_or_else(|| made.path().join("in"));
        Ok(Self { all: all.to_vec(), dir, made })
    }

    /// The folder that goes with the run, whatever is in it.
    pub(super) fn made(&self) -> &Path {
        self.made.path()
    }

    /// The folder that all files are in.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// A place for the output of a job, which is not there yet.
    pub(super) fn out(&self, job: u64) -> PathBuf {
        self.made.path().join("out").join(job.to_string())
    }

    /// Every file that is not skipped.
    pub(super) fn all(&self) -> io::Result<Vec<PathBuf>> {
        let sent = |file: &&SourceFile| !matches!(file.origin, Origin::Skipped(_));
        let place = |file: &SourceFile| match &file.origin {
            Origin::Disk(path) => fs::canonicalize(path),
            _ => self.of_job(file, &file.text().map_err(unreadable)?),
        };
        self.all.iter().filter(sent).map(place).collect()
    }

    /// Where a file is. Written under the same name in every round, because a client that keeps
    /// answers knows a file by its path; whole at any moment, because an earlier round may read it.
    pub(super) fn of_job(&self, file: &SourceFile, text: &str) -> io::Result<PathBuf> {
        if let Origin::Disk(path) = &file.origin {
            return fs::canonicalize(path);
        }
        let path = self.made.path().join("in").join(&*file.path);
        if fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
            return Ok(path);
        }
        let folder = path.parent().unwrap_or(self.made.path());
        fs::create_dir_all(folder)?;
        let mut whole = NamedTempFile::new_in(folder)?;
        whole.write_all(text.as_bytes())?;
        whole.persist(&path).map_err(|error| error.error)?;
        Ok(path)
    }
}

fn unreadable(error: NoText) -> io::Error {
    match error {
        NoText::Skipped(reason) | NoText::Unreadable(reason) => io::Error::other(reason),
    }
}

/// The folder that a file of the user's was found in.
fn root_of(file: &SourceFile) -> Option<PathBuf> {
    let Origin::Disk(path) = &file.origin else { return None };
    let below = Path::new(&*file.path).components().count();
    let whole = fs::canonicalize(path).ok()?;
    whole.ancestors().nth(below).map(Path::to_owned)
}

//! The folder of one run: opened before the run, never one that holds something else.
//!
//! Without `--out`, a run takes the next free number below `chaos-out`, so that two runs started at
//! once never meet. With `--out`, an earlier run in that folder is kept under a number beside it
//! unless `--force` says that it may go. Reports are written to a temporary name and renamed, so
//! that a reader never sees half of one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use reports::Measured;

use super::checkpoint::{self, CHECKPOINT, Checkpoint};
use super::files::write_atomically;
use crate::Failure;

/// The records of a run.
pub const RECORDS: &str = "run.jsonl";

/// What depended on the machine.
pub const MEASURED: &str = "measured.json";

/// Where runs go that were not told where to go.
pub const DEFAULT_ROOT: &str = "chaos-out";

/// An open folder for one run.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    kept: Option<PathBuf>,
    /// Whether a run was in it that is to go on.
    resumed: bool,
}

impl RunFolder {
    /// The next free folder below [`DEFAULT_ROOT`] for a scenario.
    pub fn numbered(scenario: &str) -> Result<Self, Failure> {
        let root = Path::new(DEFAULT_ROOT);
        fs::create_dir_all(root).map_err(|error| cannot_create(root, &error))?;
        let mut number = 1_u64;
        loop {
            let path = root.join(format!("{scenario}-{number:03}"));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path, kept: None, resumed: false }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(cannot_create(&path, &error)),
            }
        }
    }

    /// A folder of the user's choice.
    pub fn at(path: &Path, force: bool) -> Result<Self, Failure> {
        // Without the final slash of `out/`, which would put `out.1` inside the folder itself.
        let path = path.components().as_path();
        let kept = match fs::read_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                return Err(Failure::usage(format!(
                    "output `{}` is a file\nhint: name a folder that does not exist yet",
                    path.display()
                )));
            }
            Err(error) => return Err(cannot_create(path, &error)),
            Ok(mut entries) => match entries.next() {
                None => None,
                Some(_) => make_room(path, force)?,
            },
        };
        fs::create_dir_all(path).map_err(|error| cannot_create(path, &error))?;
        Ok(Self { path: path.to_owned(), kept, resumed: false })
    }

    /// The folder of a run that is to go on; a new one, where there is none.
    pub fn resumed(path: &Path) -> Result<Self, Failure> {
        let path = path.components().as_path();
        if path.join(RECORDS).exists() {
            return Ok(Self { path: path.to_owned(), kept: None, resumed: true });
        }
        Self::at(path, false)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the run went that was in the folder before.
    pub fn kept(&self) -> Option<&Path> {
        self.kept.as_deref()
    }

    /// Opens the record file; that of a run that goes on is as it was left.
    pub fn records(&self) -> Result<File, Failure> {
        let path = self.path.join(RECORDS);
        let mut options = File::options();
        options.write(true).create_new(!self.resumed);
        let file = options.open(&path).map_err(|error| cannot_create(&path, &error))?;
        // Another run that wants this folder sees that it is in use; the lock ends with the file.
        if file.try_lock().is_err() && self.resumed {
            return Err(in_use(&self.path));
        }
        Ok(file)
    }

    /// Opens the checkpoint next to the record file, or begins one.
    pub fn checkpoint(&self, records: &File) -> Result<Checkpoint, Failure> {
        let path = self.path.join(CHECKPOINT);
        let blank = records.metadata().is_ok_and(|metadata| metadata.len() == 0);
        if self.resumed && !blank && !path.exists() {
            return Err(Failure::usage(format!(
                "the run in `{}` kept no checkpoints, so it cannot go on\n\
                 hint: run it again without `--resume`",
                self.path.display()
            )));
        }
        Checkpoint::open(&path).map_err(|error| checkpoint::unreadable(&error))
    }

    /// Removes the checkpoint of a run that is whole: there is nothing to go on with.
    pub fn close_checkpoint(&self) -> Result<(), Failure> {
        let path = self.path.join(CHECKPOINT);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Failure::unwritable(&path, &error))
            }
            _ => Ok(()),
        }
    }

    /// What the run took, where that is known: a run without its measurements is still a run.
    pub fn measured(&self) -> Option<Measured> {
        let text = fs::read_to_string(self.path.join(MEASURED)).ok()?;
        Measured::read(&text).ok()
    }

    /// Writes one report, whole or not at all.
    pub fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        write_atomically(&self.path.join(name), text)
    }
}

/// Moves the run in a folder out of the way, or removes it where that was asked for.
fn make_room(path: &Path, force: bool) -> Result<Option<PathBuf>, Failure> {
    let records = path.join(RECORDS);
    let Ok(file) = File::open(&records) else {
        return Err(Failure::usage(format!(
            "output folder `{}` holds something that is not a run\n\
             hint: name a folder that does not exist yet; nothing was changed",
            path.display()
        )));
    };
    if file.try_lock().is_err() {
        return Err(in_use(path));
    }
    if force {
        fs::remove_dir_all(path).map_err(|error| cannot_create(path, &error))?;
        return Ok(None);
    }
    let mut number = 1_u64;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{number}"));
        let kept = PathBuf::from(name);
        if !kept.exists() {
            fs::rename(path, &kept).map_err(|error| cannot_create(path, &error))?;
            return Ok(Some(kept));
        }
        number += 1;
    }
}

fn in_use(path: &Path) -> Failure {
    Failure::usage(format!(
        "output folder `{}` is in use by another run\nhint: name another folder with `--out`",
        path.display()
    ))
}

fn cannot_create(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!(
        "cannot create `{}`: {error}\nhint: choose a folder that can be written with `--out DIR`",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_in(path: &Path, force: bool) -> RunFolder {
        let folder = RunFolder::at(path, force).unwrap();
        drop(folder.records().unwrap());
        folder
    }

    #[test]
    fn an_earlier_run_is_kept_under_a_number() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("out");
        assert_eq!(run_in(&path, false).kept(), None);
        fs::write(path.join("mark"), "first").unwrap();
        let second = run_in(&path, false);
        assert_eq!(second.kept(), Some(root.path().join("out.1").as_path()));
        assert!(root.path().join("out.1/mark").exists() && !path.join("mark").exists());
        run_in(&path, true);
        assert!(!root.path().join("out.2").exists(), "replaced, as asked");
    }

    #[test]
    fn a_final_slash_changes_nothing() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("out/");
        run_in(&path, false);
        let second = run_in(&path, false);
        assert_eq!(second.kept(), Some(root.path().join("out.1").as_path()));
    }

    #[test]
    fn what_is_not_a_run_is_never_touched() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("thesis.txt"), "years of work").unwrap();
        for force in [false, true] {
            let failure = RunFolder::at(root.path(), force).unwrap_err();
            assert!(failure.message.contains("not a run"), "{failure}");
        }
        assert!(root.path().join("thesis.txt").exists());
    }

    #[test]
    fn a_run_that_goes_on_is_left_alone_and_one_that_is_over_goes_on_as_it_was_left() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("out");
        let open = RunFolder::resumed(&path).unwrap().records().unwrap();
        let second = RunFolder::resumed(&path).unwrap();
        let failure = second.records().unwrap_err();
        assert!(failure.message.contains("in use"), "{failure}");
        drop(open);
        fs::write(path.join(RECORDS), "as it was left").unwrap();
        assert_eq!(second.records().unwrap().metadata().unwrap().len(), 14);
        let failure = second.checkpoint(&second.records().unwrap()).unwrap_err();
        assert!(failure.message.contains("no checkpoints"), "{failure}");
    }

    #[test]
    fn a_run_that_is_still_going_on_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("out");
        let folder = RunFolder::at(&path, false).unwrap();
        let _open = folder.records().unwrap();
        let failure = RunFolder::at(&path, true).unwrap_err();
        assert!(failure.message.contains("in use"), "{failure}");
    }
}

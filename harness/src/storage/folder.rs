//! The folder of one run: opened before the run, never one that holds something else.
//!
//! Without `--out`, a run takes the next free number below `chaos-out`, so that two runs started at
//! once never meet. With `--out`, an earlier run in that folder is kept under a number alongside it
//! unless `--force` says that it may go. `--force` removes the files that a run writes, one by one
//! and by name: whatever else is in the folder stays. Reports are written to a temporary name and
//! renamed, so that a reader never sees half of one.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use reports::Measured;
use reports::record::Record;
use reports::render::{RUNS, ReportFile};

use super::checkpoint::{self, CHECKPOINT, Checkpoint};
use super::files::{write_atomically, write_piecewise};
use crate::Failure;

/// The records of a run.
pub const RECORDS: &str = "run.jsonl";

/// What depended on the machine.
pub const MEASURED: &str = "measured.json";

/// What failed jobs of commands and services printed last.
pub const OUTPUT: &str = "output.txt";

/// Where runs go without `--out`.
pub const DEFAULT_ROOT: &str = "chaos-out";

/// Every file that a run writes into its folder, and all that `--force` removes from it; the
/// records last.
pub fn written() -> impl Iterator<Item = &'static str> {
    // Also those that are written only where they are asked for.
    let reports = RUNS.iter().map(|format| format.format().file);
    reports.chain(["ablation.txt", OUTPUT, MEASURED, CHECKPOINT, RECORDS])
}

/// The longest header that is read to tell a run from anything else, in bytes.
const MAX_HEADER_BYTES: u64 = 1024 * 1024;

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

    /// Writes one file, whole or not at all.
    pub fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        write_atomically(&self.path.join(name), text)
    }

    /// Writes one report, whole or not at all.
    pub fn report(&self, file: &ReportFile<'_>) -> Result<(), Failure> {
        write_piecewise(&self.path.join(&file.name), |out| file.write_to(out))
    }
}

/// Moves the run in a folder out of the way, or removes it where that was asked for.
fn make_room(path: &Path, force: bool) -> Result<Option<PathBuf>, Failure> {
    if holds_the_current_folder(path) {
        return Err(Failure::usage(format!(
            "output folder `{}` is the folder you are in, or one around it\n\
             hint: name a folder that does not exist yet; nothing was changed",
            path.display()
        )));
    }
    let records = File::open(path.join(RECORDS)).ok().filter(begins_with_a_header);
    let Some(records) = records else {
        return Err(Failure::usage(format!(
            "output folder `{}` holds something that is not a run\n\
             hint: name a folder that does not exist yet; nothing was changed",
            path.display()
        )));
    };
    if records.try_lock().is_err() {
        return Err(in_use(path));
    }
    if force {
        remove_run(path)?;
        return Ok(None);
    }
    let mut number = 1_u64;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{number}"));
        let kept = PathBuf::from(name);
        // A link that leads nowhere is there as well.
        if fs::symlink_metadata(&kept).is_err() {
            fs::rename(path, &kept).map_err(|error| cannot_create(path, &error))?;
            return Ok(Some(kept));
        }
        number += 1;
    }
}

/// Whether moving a folder would pull the ground from under this process.
fn holds_the_current_folder(path: &Path) -> bool {
    match (fs::canonicalize(path), std::env::current_dir().and_then(fs::canonicalize)) {
        (Ok(path), Ok(current)) => current.starts_with(path),
        _ => false,
    }
}

/// Whether a record file is one of ours: only a run's header can stand on its first line.
fn begins_with_a_header(records: &File) -> bool {
    let mut line = Vec::new();
    let read = BufReader::new(records).take(MAX_HEADER_BYTES).read_until(b'\n', &mut line);
    read.is_ok() && matches!(serde_json::from_slice(&line), Ok(Record::Header(_)))
}

/// Whether a path is a run: its folder, or its records under any name.
pub fn is_run(path: &Path) -> bool {
    let is_named = |path: &Path| path.file_name().is_some_and(|name| name == RECORDS);
    if path.is_dir() {
        return path.join(RECORDS).is_file();
    }
    is_named(path) || File::open(path).is_ok_and(|file| begins_with_a_header(&file))
}

/// Removes what a run wrote, the records last: a folder that was left half way is still a run.
/// A link is removed, never what it leads to.
fn remove_run(path: &Path) -> Result<(), Failure> {
    for name in written() {
        let file = path.join(name);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Failure::usage(format!(
                    "cannot remove `{}`: {error}\n\
                     hint: move it away, or name another folder with `--out`",
                    file.display()
                )));
            }
            _ => {}
        }
    }
    Ok(())
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
    use std::io::Write as _;

    use super::*;

    const HEADER: &str = r#"{"record":"header","format":1,"tool":"0.1.0","scenario":"s",
        "scenario_sha256":"","title":"","question":"","seed":7,"clock":"simulated",
        "pipelines":[],"input":"generated","expect":{},
        "currency":{"code":"INR","symbol":"","milli_per_usd":83000}}"#;

    fn begin(folder: &RunFolder) -> File {
        let mut file = folder.records().unwrap();
        writeln!(file, "{}", HEADER.replace('\n', "")).unwrap();
        file
    }

    fn run_in(path: &Path, force: bool) -> RunFolder {
        let folder = RunFolder::at(path, force).unwrap();
        drop(begin(&folder));
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
        // The second is somebody else's file under the name of ours.
        for foreign in [None, Some(""), Some("{\"step\":1}\n"), Some("{\"record\":\"footer\"}\n")] {
            let root = tempfile::tempdir().unwrap();
            fs::write(root.path().join("thesis.txt"), "years of work").unwrap();
            if let Some(text) = foreign {
                fs::write(root.path().join(RECORDS), text).unwrap();
            }
            for force in [false, true] {
                let failure = RunFolder::at(root.path(), force).unwrap_err();
                assert!(failure.message.contains("not a run"), "{failure}");
            }
            assert!(root.path().join("thesis.txt").exists());
            let records = fs::read_to_string(root.path().join(RECORDS)).ok();
            assert_eq!(records.as_deref(), foreign);
        }
    }

    #[test]
    fn force_removes_what_a_run_wrote_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("out");
        run_in(&path, false);
        fs::write(path.join("report.html"), "of the earlier run").unwrap();
        fs::create_dir(path.join("notes")).unwrap();
        for mine in ["thesis.txt", "notes/more.txt"] {
            fs::write(path.join(mine), "years of work").unwrap();
        }
        assert_eq!(run_in(&path, true).kept(), None);
        for mine in ["thesis.txt", "notes/more.txt"] {
            assert_eq!(fs::read_to_string(path.join(mine)).unwrap(), "years of work", "{mine}");
        }
        assert!(!path.join("report.html").exists());
    }

    #[cfg(unix)]
    #[test]
    fn force_removes_a_link_and_not_what_it_leads_to() {
        let root = tempfile::tempdir().unwrap();
        let (path, thesis) = (root.path().join("out"), root.path().join("thesis.html"));
        run_in(&path, false);
        fs::write(&thesis, "years of work").unwrap();
        std::os::unix::fs::symlink(&thesis, path.join("report.html")).unwrap();
        run_in(&path, true);
        assert!(fs::symlink_metadata(path.join("report.html")).is_err());
        assert_eq!(fs::read_to_string(&thesis).unwrap(), "years of work");
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
        let _open = begin(&folder);
        let failure = RunFolder::at(&path, true).unwrap_err();
        assert!(failure.message.contains("in use"), "{failure}");
    }
}

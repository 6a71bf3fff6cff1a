//! The file of a history: what was added to it, in one database.
//!
//! Invariants: it is made whole, under another name, and only then gets its own, so that a file
//! which cannot be read was damaged or is not ours: it is refused and never begun anew. An addition
//! is all there or not at all. Two processes take turns.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use redb::{ReadableTable, TableDefinition, TableHandle as _};
use reports::history::{Entry, Mark};

use super::database::{Store, StoreError, is_in_use, is_of_the_system};
use super::files::permissions;
use crate::process::{measure, terminal};
use crate::{Exit, Failure};

/// The version of the format that this version of `chaos` writes, and the only one that it reads.
const FORMAT: u64 = 1;

/// What the file is. Every version of the format has this table.
const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("chaos history");
const VERSION: &str = "format";

/// What was added, by its number.
const ENTRIES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("entries, format 1");

/// The number of an entry by the hash of what it was made of.
const SOURCES: TableDefinition<'_, &[u8], u64> = TableDefinition::new("sources, format 1");

/// How often another process is waited for, and how long each time: a minute in all.
const TRIES: u32 = 600;
const REST: Duration = Duration::from_millis(100);

/// The hash of what an entry was made of: the same run twice is one entry.
pub type Source = [u8; 32];

/// An open history.
#[derive(Debug)]
pub struct HistoryFile<'a> {
    path: &'a Path,
    store: Store,
}

impl<'a> HistoryFile<'a> {
    /// Opens a history that is there.
    pub fn open(path: &'a Path) -> Result<Self, Failure> {
        let there = path.metadata().map_err(|error| {
            let mut failure = Failure::unreadable(path, &error);
            failure.message.push_str("\nhint: `chaos history add` makes one");
            failure
        })?;
        if !there.is_file() {
            return Err(Failure::usage(format!("cannot read `{}`: no file", path.display())));
        }
        let mut store = Store::open_existing(path);
        for attempt in 0..TRIES {
            if !store.as_ref().is_err_and(is_in_use) {
                break;
            }
            if attempt == 0 {
                let path = path.display();
                terminal::say(&format!("waiting for `{path}`: another process uses it"));
            }
            measure::rest(REST);
            store = Store::open_existing(path);
        }
        let file = Self { path, store: store.map_err(|error| unusable(path, &error))? };
        file.check_format()?;
        Ok(file)
    }

    /// Opens a history, or makes it if there is none.
    pub fn open_or_make(path: &'a Path) -> Result<Self, Failure> {
        if path.metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            make(path)?;
        }
        Self::open(path)
    }

    /// Every entry, by day, and those of one day in the order in which they were added.
    pub fn entries(&self) -> Result<Vec<Entry>, Failure> {
        let entries = self.store.read(|transaction| {
            let table = transaction.open_table(ENTRIES)?;
            let rows = table.iter()?.map(|row| Ok(serde_json::from_slice(row?.1.value())?));
            rows.collect::<Result<Vec<Entry>, StoreError>>()
        });
        let mut entries = entries.map_err(|error| unusable(self.path, &error))?;
        entries.sort_by(|a, b| a.mark.day.cmp(&b.mark.day));
        Ok(entries)
    }

    /// Adds entries, all or none; what is there already stays as it is. Gives for each the mark
    /// under which it was there before.
    pub fn add(&self, new: &[(Source, Entry)]) -> Result<Vec<Option<Mark>>, Failure> {
        let added = self.store.write(|transaction| {
            let mut entries = transaction.open_table(ENTRIES)?;
            let mut sources = transaction.open_table(SOURCES)?;
            let mut number = entries.last()?.map_or(0, |(last, _)| last.value() + 1);
            let mut before = Vec::new();
            for (source, entry) in new {
                let earlier = sources.get(source.as_slice())?.map(|number| number.value());
                if let Some(earlier) = earlier {
                    let entry = entries.get(earlier)?.ok_or("an entry is missing")?;
                    let Entry { mark, .. } = serde_json::from_slice(entry.value())?;
                    before.push(Some(mark));
                    continue;
                }
                entries.insert(number, serde_json::to_vec(entry)?.as_slice())?;
                sources.insert(source.as_slice(), number)?;
                number += 1;
                before.push(None);
            }
            Ok(before)
        });
        added.map_err(|error| unusable(self.path, &error))
    }

    fn check_format(&self) -> Result<(), Failure> {
        let found = self.store.read(|transaction| {
            if !transaction.list_tables()?.any(|table| table.name() == ABOUT.name()) {
                return Ok(None);
            }
            Ok(transaction.open_table(ABOUT)?.get(VERSION)?.map(|version| version.value()))
        });
        let path = self.path.display();
        match found.map_err(|error| unusable(self.path, &error))? {
            Some(FORMAT) => Ok(()),
            Some(other) => Err(Failure::new(
                Exit::Invalid,
                format!(
                    "cannot use history `{path}`: format {other} is unknown: \
                     this version reads format {FORMAT}\n\
                     hint: use the version of chaos that wrote it, or another `--file`"
                ),
            )),
            None => Err(Failure::new(
                Exit::Invalid,
                format!(
                    "cannot use history `{path}`: it is another program's database, or a cache\n\
                     hint: name a file that does not exist yet, or one that `chaos history` made"
                ),
            )),
        }
    }
}

/// Makes an empty history. Where another process makes it at the same time, one of them wins.
fn make(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let unwritable = |error: &std::io::Error| Failure::unwritable(path, error);
    let file = tempfile::Builder::new()
        .permissions(permissions())
        .tempfile_in(folder)
        .map_err(|error| unwritable(&error))?;
    let store = Store::open(file.path()).map_err(|error| unusable(path, &error))?;
    let made = store.write(|transaction| {
        transaction.open_table(ABOUT)?.insert(VERSION, FORMAT)?;
        transaction.open_table(ENTRIES)?;
        transaction.open_table(SOURCES)?;
        Ok(())
    });
    made.map_err(|error| unusable(path, &error))?;
    // Closed before it has its name: nobody finds it in use, or half closed.
    drop(store);
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != ErrorKind::AlreadyExists => {
            Err(unwritable(&error.error))
        }
        _ => Ok(()),
    }
}

fn unusable(path: &Path, error: &StoreError) -> Failure {
    let shown = path.display();
    if is_in_use(error) {
        return Failure::usage(format!(
            "history `{shown}` is in use by another process\nhint: try again when that has ended"
        ));
    }
    if is_of_the_system(error) {
        return Failure::usage(format!(
            "cannot use history `{shown}`: {error}\n\
             hint: name a file that can be read and written with `--file`"
        ));
    }
    Failure::new(
        Exit::Invalid,
        format!(
            "cannot use history `{shown}`: {error}\n\
             hint: put a copy in its place, or begin another one with `--file`; \
             nothing was changed"
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use reports::history::{Kept, KeptTests};

    use super::*;

    fn entry(day: &str, tests: u64) -> Entry {
        let kept = KeptTests {
            suite: "tests".to_owned(),
            complete: true,
            tests,
            passed: tests,
            names_passes: false,
            failures: Vec::new(),
            gone: Vec::new(),
            mute: 0,
        };
        Entry { mark: Mark { day: day.to_owned(), label: None }, kept: Kept::Tests(kept) }
    }

    fn refused(contents: &[u8]) -> Failure {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.redb");
        fs::write(&path, contents).unwrap();
        let failure = HistoryFile::open_or_make(&path).unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), contents, "it is left as it is");
        failure
    }

    #[test]
    fn what_is_there_already_is_not_added_again_and_days_come_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.redb");
        let file = HistoryFile::open_or_make(&path).unwrap();
        assert_eq!(file.entries().unwrap(), []);
        let (one, two) = (entry("2026-11-02", 1), entry("2026-11-01", 2));
        let added = file.add(&[([1; 32], one.clone()), ([2; 32], two.clone())]).unwrap();
        assert_eq!(added, [None, None]);
        drop(file);
        let file = HistoryFile::open(&path).unwrap();
        let again = file.add(&[([1; 32], entry("2026-11-09", 3))]).unwrap();
        assert_eq!(again, [Some(one.mark.clone())]);
        assert_eq!(file.entries().unwrap(), [two, one]);
    }

    #[test]
    fn an_empty_zeroed_or_foreign_file_is_refused_and_never_begun_anew() {
        for contents in [&b""[..], b"years of work", &vec![0; 389 * 4096]] {
            assert_eq!(refused(contents).exit, Exit::Invalid);
        }
    }

    #[test]
    fn another_database_and_a_later_version_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.redb");
        drop(Store::open(&path).unwrap());
        let failure = HistoryFile::open_or_make(&path).unwrap_err();
        assert!(failure.message.contains("another program's database"), "{failure}");
        let path = folder.path().join("later.redb");
        make(&path).unwrap();
        let store = Store::open(&path).unwrap();
        let later = store.write(|transaction| {
            transaction.open_table(ABOUT)?.insert(VERSION, FORMAT + 1)?;
            Ok(())
        });
        later.unwrap();
        drop(store);
        let failure = HistoryFile::open(&path).unwrap_err();
        assert!(failure.message.contains("format 2 is unknown"), "{failure}");
        assert_eq!(failure.exit, Exit::Invalid);
    }

    #[test]
    fn the_second_of_two_waits_until_the_first_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.redb");
        let first = HistoryFile::open_or_make(&path).unwrap();
        std::thread::scope(|scope| {
            let second = scope.spawn(|| HistoryFile::open(&path).map(|file| file.entries()));
            first.add(&[([1; 32], entry("2026-11-02", 1))]).unwrap();
            drop(first);
            let found = second.join().unwrap().unwrap().unwrap();
            assert_eq!(found.len(), 1);
        });
    }
}

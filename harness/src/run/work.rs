//! What each target is given to do: the files of a run, as often as the load repeats them.

use std::borrow::Cow;

use generators::Edit;

use crate::source::{Origin, SourceFile};

/// The files of a run, as often as the load repeats them.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// The files.
    pub files: &'a [SourceFile],
    /// How often.
    pub repeat: u64,
    /// What is done to them before each round after the first.
    pub edit: Option<&'a Edit>,
    /// The seed of its schedule, and of which file is changed.
    pub seed: u64,
}

impl Work<'_> {
    /// All jobs, skipped files included.
    pub const fn jobs(&self) -> u64 {
        self.files.len() as u64 * self.repeat
    }

    /// The jobs that take a place in the schedule.
    pub(super) fn scheduled(&self) -> u64 {
        self.files.iter().filter(|file| !is_skipped(file)).count() as u64 * self.repeat
    }

    /// Every job by its number, with its file as it is in its round.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, Cow<'_, SourceFile>)> {
        let rounds =
            (0..self.repeat).flat_map(|round| (0..).zip(self.files).map(move |file| (round, file)));
        let files = rounds.map(|(round, (item, file))| match self.edit {
            Some(edit) if round > 0 => Cow::Owned(file.revised(edit, self.seed, item, round)),
            _ => Cow::Borrowed(file),
        });
        (1..).zip(files)
    }

    /// Whether the job is the first of a round that follows another one.
    pub(super) fn begins_round(&self, number: u64) -> bool {
        number > 1 && (number - 1).is_multiple_of(self.files.len() as u64)
    }
}

/// Whether a file is never sent, and takes no place in the schedule.
pub(super) fn is_skipped(file: &SourceFile) -> bool {
    matches!(file.origin, Origin::Skipped(_))
}

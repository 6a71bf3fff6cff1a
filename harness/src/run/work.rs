//! What each target is given to do: the files of a run, as often as the load repeats them.

use std::borrow::Cow;

use generators::Edit;

use crate::source::{Origin, SourceFile};

/// The files of a run, in the order in which they are given out.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// The files.
    pub files: &'a [SourceFile],
    /// How many jobs there are: the files are run through again and again until then.
    pub jobs: u64,
    /// Which file each job is about, where they are not simply run through.
    pub order: Option<&'a [usize]>,
    /// What is done to them before each round after the first.
    pub edit: Option<&'a Edit>,
    /// The seed of its schedule, and of which file is changed.
    pub seed: u64,
}

impl Work<'_> {
    /// All jobs, skipped files included.
    pub const fn jobs(&self) -> u64 {
        self.jobs
    }

    /// The jobs that take a place in the schedule.
    pub(super) fn scheduled(&self) -> u64 {
        if let Some(order) = self.order {
            return order.iter().filter(|item| !is_skipped(&self.files[**item])).count() as u64;
        }
        let Some(rounds) = self.jobs.checked_div(self.files.len() as u64) else { return 0 };
        let rest = usize::try_from(self.jobs % self.files.len() as u64).unwrap_or(usize::MAX);
        rounds * sent(self.files) + sent(&self.files[..rest])
    }

    /// Every job by its number, with its file as it is in its round.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, Cow<'_, SourceFile>)> {
        let files = (0..self.jobs).map(|index| {
            let (round, item) = match self.order {
                Some(order) => (0, order[usize::try_from(index).unwrap_or(usize::MAX)] as u64),
                None => (index / self.files.len() as u64, index % self.files.len() as u64),
            };
            let file = &self.files[usize::try_from(item).unwrap_or(usize::MAX)];
            match self.edit {
                Some(edit) if round > 0 => Cow::Owned(file.revised(edit, self.seed, item, round)),
                _ => Cow::Borrowed(file),
            }
        });
        (1..).zip(files)
    }

    /// Whether the job is the first of a round that follows another one.
    pub(super) fn begins_round(&self, number: u64) -> bool {
        number > 1 && (number - 1).is_multiple_of(self.files.len() as u64)
    }
}

/// How many jobs it takes to give out the files until this many of them have been sent: skipped
/// files are jobs as well.
pub fn jobs_until(files: &[SourceFile], arriving: u64) -> u64 {
    let all = files.len() as u64;
    let Some(rounds) = arriving.checked_div(sent(files)) else { return all };
    let rest = arriving % sent(files);
    let is_sent = |(_, file): &(u64, &SourceFile)| !is_skipped(file);
    let last = (1..).zip(files).filter(is_sent).zip(1..).find(|(_, count)| *count == rest);
    rounds * all + last.map_or(0, |((place, _), _)| place)
}

/// How many of these files are sent.
fn sent(files: &[SourceFile]) -> u64 {
    files.iter().filter(|file| !is_skipped(file)).count() as u64
}

/// Whether a file is never sent, and takes no place in the schedule.
pub fn is_skipped(file: &SourceFile) -> bool {
    matches!(file.origin, Origin::Skipped(_))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// Two files that are sent, and one that is not between them.
    fn files() -> [SourceFile; 3] {
        let file = |path: &str, origin| SourceFile { path: path.into(), origin };
        [
            file("a.py", Origin::Disk(PathBuf::new())),
            file("b.bin", Origin::Skipped("binary".into())),
            file("c.py", Origin::Disk(PathBuf::new())),
        ]
    }

    fn paths(work: &Work<'_>) -> Vec<String> {
        work.iter().map(|(_, file)| file.path.to_string()).collect()
    }

    #[test]
    fn files_are_run_through_until_enough_of_them_are_sent() {
        let files = files();
        let jobs = |arriving| jobs_until(&files, arriving);
        assert_eq!([0, 1, 2, 3, 4, 5].map(jobs), [0, 1, 3, 4, 6, 7]);
        assert_eq!(jobs_until(&files[1..2], 5), 1, "what is never sent is listed once");
        let work = Work { files: &files, jobs: jobs(3), order: None, edit: None, seed: 7 };
        assert_eq!(paths(&work), ["a.py", "b.bin", "c.py", "a.py"]);
        assert_eq!(work.scheduled(), 3);
    }

    #[test]
    fn an_order_says_which_file_each_job_is_about() {
        let files = files();
        let work = Work { files: &files, jobs: 3, order: Some(&[2, 0, 2]), edit: None, seed: 7 };
        assert_eq!(paths(&work), ["c.py", "a.py", "c.py"]);
        assert_eq!(work.scheduled(), 3);
    }
}

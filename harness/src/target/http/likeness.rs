//! Which job a call belongs to, where nothing but the prompt tells: by the lines of the job's file
//! that are found in it.
//!
//! A line that stands in the files of few jobs says more than one that is everywhere, so each line
//! of a prompt gives its jobs one vote among them. A call belongs to the job with the most votes
//! where no other has as many; otherwise it belongs to none.

use std::collections::{BTreeMap, HashMap};

use parking_lot::Mutex;
use xxhash_rust::xxh3::xxh3_64;

/// Shorter lines are found anywhere.
const SHORTEST: usize = 8;

/// A vote, in parts that can be divided.
const VOTE: u64 = 1 << 20;

/// The files of the jobs under way.
#[derive(Debug, Default)]
pub(super) struct Likeness {
    // Only ever asked for one line at a time, so that their order cannot be seen.
    jobs_of_line: Mutex<HashMap<u64, Vec<u64>>>,
}

impl Likeness {
    /// A job has begun with this text.
    pub(super) fn begin(&self, job: u64, text: &str) {
        let mut jobs_of_line = self.jobs_of_line.lock();
        for line in lines(text) {
            let jobs = jobs_of_line.entry(line).or_default();
            if jobs.last() != Some(&job) {
                jobs.push(job);
            }
        }
    }

    /// The job has ended.
    pub(super) fn end(&self, job: u64, text: &str) {
        let mut jobs_of_line = self.jobs_of_line.lock();
        for line in lines(text) {
            if let Some(jobs) = jobs_of_line.get_mut(&line) {
                jobs.retain(|known| *known != job);
                if jobs.is_empty() {
                    jobs_of_line.remove(&line);
                }
            }
        }
    }

    /// The job whose file is in a prompt, where that is beyond doubt.
    pub(super) fn job_of(&self, prompt: &str) -> Option<u64> {
        let jobs_of_line = self.jobs_of_line.lock();
        let mut votes: BTreeMap<u64, u64> = BTreeMap::new();
        for line in lines(prompt) {
            for job in jobs_of_line.get(&line).into_iter().flatten() {
                let among = jobs_of_line[&line].len() as u64;
                *votes.entry(*job).or_default() += VOTE / among;
            }
        }
        let (job, most) = votes.iter().max_by_key(|(_, votes)| **votes)?;
        let rivals = votes.values().filter(|votes| *votes == most).count();
        (rivals == 1).then_some(*job)
    }
}

/// The lines of a text that tell something, by their hashes.
fn lines(text: &str) -> impl Iterator<Item = u64> {
    let told = text.lines().map(str::trim).filter(|line| line.len() >= SHORTEST);
    told.map(|line| xxh3_64(line.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_file_belongs_to_the_job_of_the_file() {
        let likeness = Likeness::default();
        likeness.begin(1, "import os, sys\n\ndef the_first_one():\n    return 1\n");
        likeness.begin(2, "import os, sys\n\ndef the_second_one():\n    return 2\n");
        let first = "Document this:\n```python\n    def the_first_one():\n```";
        assert_eq!(likeness.job_of(first), Some(1));
        assert_eq!(likeness.job_of("import os, sys"), None, "both files have it");
        assert_eq!(likeness.job_of("something else altogether"), None);
        likeness.end(2, "import os, sys\n\ndef the_second_one():\n    return 2\n");
        assert_eq!(likeness.job_of("import os, sys"), Some(1));
        assert_eq!(likeness.job_of("def the_second_one():"), None, "it has ended");
    }

    #[test]
    fn two_jobs_of_one_file_cannot_be_told_apart() {
        let likeness = Likeness::default();
        likeness.begin(1, "def the_same_one():");
        likeness.begin(2, "def the_same_one():");
        assert_eq!(likeness.job_of("def the_same_one():"), None);
    }
}

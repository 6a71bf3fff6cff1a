//! What each job was charged: the part of the ledger that the requests under `/job/NAME` add up to.
//!
//! The journal forgets old requests; these sums do not. So they are bounded by the number of jobs:
//! those that come after the last place was taken are not kept at all, rather than some of their
//! requests, and whoever asks for one of them is told.

use std::collections::BTreeMap;

use super::record::Ledger;

/// Jobs whose ledgers are kept, at most.
pub const MAX_JOBS: usize = 10_000;

/// The sums of all jobs that have a place.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    by_name: BTreeMap<String, Sum>,
    is_exceeded: bool,
}

/// What one job did.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    pub(super) ledger: Ledger,
    /// Requests that were written, those included that no decision was made about.
    pub(super) written: u64,
}

impl Jobs {
    /// The sum to add to, where the job has a place.
    pub(super) fn of(&mut self, job: &str) -> Option<&mut Sum> {
        if self.by_name.len() == MAX_JOBS && !self.by_name.contains_key(job) {
            self.is_exceeded = true;
            return None;
        }
        Some(self.by_name.entry(job.to_owned()).or_default())
    }

    /// The sum of a job: of one that never called as well, but of none that got no place.
    pub(super) fn sum(&self, job: &str) -> Option<Sum> {
        let sum = self.by_name.get(job).copied();
        sum.or_else(|| (!self.is_exceeded).then(Sum::default))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_without_a_place_are_told_from_jobs_that_never_called() {
        let mut jobs = Jobs::default();
        for number in 0..MAX_JOBS {
            jobs.of(&number.to_string()).expect("there is room").written += 1;
        }
        assert_eq!(jobs.sum("never").map(|sum| sum.written), Some(0));
        assert!(jobs.of("one more").is_none());
        assert!(jobs.sum("one more").is_none() && jobs.sum("never").is_none());
        jobs.of("7").expect("it has its place").written += 1;
        assert_eq!(jobs.sum("7").map(|sum| sum.written), Some(2));
        assert_eq!(jobs.by_name.len(), MAX_JOBS);
    }
}

//! How many requests there were, in all and about each subject, in bounded memory.
//!
//! Subjects are kept in two generations. A subject that comes again moves to the younger one; when
//! that is full, the older one is forgotten. So a subject is remembered as long as fewer than
//! `GENERATION` other subjects came since its last request, and attempts are counted exactly in
//! any run of fewer subjects than that, in whatever order they arrive. Beyond it, a forgotten
//! subject counts from 0 again.

use std::collections::HashMap;

/// Subjects in one generation, at most. Both together take about 20 MB.
const GENERATION: usize = 262_144;

/// The counts.
#[derive(Debug, Default)]
pub(super) struct AttemptCounts {
    requests: u64,
    // Only ever asked for one key, so that their order cannot be attempts.
    young: HashMap<u64, u32>,
    old: HashMap<u64, u32>,
}

impl AttemptCounts {
    /// Counts a request: how many came before it, and how many of them about the same subject.
    pub(super) fn count(&mut self, subject: u64) -> (u64, u32) {
        let earlier = self.requests;
        self.requests += 1;
        if let Some(count) = self.young.get_mut(&subject) {
            let attempt = *count;
            *count = count.saturating_add(1);
            return (earlier, attempt);
        }
        let attempt = self.old.remove(&subject).unwrap_or(0);
        if self.young.len() == GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(subject, attempt.saturating_add(1));
        (earlier, attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_counted_by_subject_and_requests_over_all() {
        let mut attempts = AttemptCounts::default();
        let counts: Vec<(u64, u32)> = [7, 8, 7, 7].map(|subject| attempts.count(subject)).to_vec();
        assert_eq!(counts, [(0, 0), (1, 0), (2, 1), (3, 2)]);
    }

    #[test]
    fn a_subject_is_remembered_over_a_generation_and_memory_is_bounded() {
        let mut attempts = AttemptCounts::default();
        attempts.count(u64::MAX);
        for subject in 0..GENERATION as u64 {
            attempts.count(subject);
        }
        assert_eq!(attempts.count(u64::MAX).1, 1, "remembered");
        for subject in 0..3 * GENERATION as u64 {
            attempts.count(1_000_000 + subject);
        }
        assert_eq!(attempts.count(u64::MAX).1, 0, "forgotten after this many others");
        assert!(attempts.young.len() + attempts.old.len() <= 2 * GENERATION);
    }
}

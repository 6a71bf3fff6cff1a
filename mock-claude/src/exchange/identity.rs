//! Who asks for what, and which attempt at it this is: the key of every decision, and the ids that
//! follow from it.

use std::collections::HashMap;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::core::Core;
use super::settings::Settings;
use crate::api::headers::{Known, as_text};
use crate::api::request::MessagesRequest;
use crate::api::secrets;
use crate::basis::chance::{Chance, RequestKey};
use crate::fault::when::{Arrival, InJob};
use crate::limits::Account;
use crate::model::definitions;

/// The longest tag that is kept, in characters.
const MAX_TAG: usize = 200;

/// Subjects in one generation, at most. Both together take about 20 MB.
const GENERATION: usize = 262_144;

/// A request's number among all, and its key.
pub(super) struct Identity {
    pub(super) arrival: Arrival,
    pub(super) request_id: String,
    pub(super) tag: Option<String>,
    pub(super) account: Account,
    /// Whose prompt cache it is.
    pub(super) scope: u64,
    /// Its job, and its key and number among the requests of it.
    job: Option<(String, Arrival)>,
}

impl Identity {
    /// The next attempt at what `subject` stands for, by a client that works for `job`.
    pub(super) fn of(
        core: &Core,
        settings: &Settings,
        known: &Known<'_>,
        subject: u64,
        job: Option<String>,
    ) -> Self {
        let (earlier, attempt) = core.attempts.lock().count(subject);
        let at_us = core.clock.now_us();
        let account = settings.limits.as_ref().map(|limits| limits.account(known));
        let key = RequestKey { subject, attempt };
        let tag = as_text(known.tag).map(|tag| secrets::name(tag, known.credential()));
        Self {
            arrival: Arrival { key, earlier, at_us },
            request_id: request_id(core.chance, key),
            tag: tag.map(|tag| tag.chars().take(MAX_TAG).collect()),
            account: account.unwrap_or_default(),
            scope: scope(known),
            job: job.map(|job| {
                let (key, earlier) = core.attempts_of_jobs.lock().count_in(&job, subject);
                (job, Arrival { key, earlier, at_us })
            }),
        }
    }

    /// The request among those of its job.
    pub(super) fn in_job(&self) -> Option<InJob<'_>> {
        self.job.as_ref().map(|(name, arrival)| InJob { name, arrival: *arrival })
    }
}

/// What a request is about: its code, and whatever besides it decides the shape of the reply.
pub(super) fn subject(request: &MessagesRequest) -> u64 {
    let code = xxh3_64(definitions::code(&request.text).as_bytes());
    request.shape().map_or(code, |shape| code ^ xxh3_64(shape.as_bytes()))
}

/// Whose prompt cache a request uses: its workspace's, or its key's where it names none.
pub(super) fn scope(known: &Known<'_>) -> u64 {
    let owner = known.workspace.or(known.api_key).or(known.authorization);
    owner.map_or(0, |owner| {
        let owner = owner.as_bytes();
        xxh3_64(owner.strip_prefix(b"Bearer ").unwrap_or(owner))
    })
}

/// `req_011C` and twenty letters and digits that follow from the seed and the request.
fn request_id(chance: Chance, key: RequestKey) -> String {
    const LETTERS: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    const TEN_LETTERS: u128 = 58_u128.pow(10);
    let low = chance.bits("request id", key);
    let high = chance.bits("request id, upper half", key);
    let bits = (u128::from(high) << 64) | u128::from(low);
    let mut id = String::with_capacity(28);
    id.push_str("req_011C");
    // Ten letters at a time, because dividing 128 bits twenty times is most of the work.
    for part in [bits % TEN_LETTERS, bits / TEN_LETTERS % TEN_LETTERS] {
        let mut part = u64::try_from(part).unwrap_or(0);
        for _ in 0..10 {
            id.push(char::from(LETTERS[usize::try_from(part % 58).unwrap_or(0)]));
            part /= 58;
        }
    }
    id
}

/// How many requests there were, in all and about each subject, in bounded memory.
///
/// Subjects are kept in two generations. A subject that comes again moves to the younger one; when
/// that is full, the older one is forgotten. So a subject is remembered as long as fewer than
/// `GENERATION` other subjects came since its last request, and attempts are counted exactly in
/// any run of fewer subjects than that, in whatever order they arrive. Beyond it, a forgotten
/// subject counts from 0 again.
#[derive(Debug, Default)]
pub(super) struct AttemptCounts {
    requests: u64,
    // Only ever asked for one key, so that their order cannot be seen.
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

    /// How many requests there were.
    pub(super) const fn requests(&self) -> u64 {
        self.requests
    }

    /// How many of a job there were, in what [`Self::count_in`] has counted.
    pub(super) fn requests_of(&self, job: &str) -> u64 {
        let subject = xxh3_64(job.as_bytes());
        let count = self.young.get(&subject).or_else(|| self.old.get(&subject));
        count.copied().map_or(0, u64::from)
    }

    /// Counts a request among those of a job: its key there, and how many came before it.
    fn count_in(&mut self, job: &str, subject: u64) -> (RequestKey, u64) {
        let (_, earlier) = self.count(xxh3_64(job.as_bytes()));
        let subject = xxh3_64_with_seed(job.as_bytes(), subject);
        let (_, attempt) = self.count(subject);
        (RequestKey { subject, attempt }, u64::from(earlier))
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
    fn a_job_counts_its_own_requests_and_its_own_attempts() {
        let mut attempts = AttemptCounts::default();
        let counts = [("a", 7), ("b", 7), ("a", 8), ("a", 7)].map(|(job, subject)| {
            let (key, earlier) = attempts.count_in(job, subject);
            (earlier, key.attempt)
        });
        assert_eq!(counts, [(0, 0), (0, 0), (1, 0), (2, 1)]);
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

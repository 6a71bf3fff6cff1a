//! Which questions a client asked for several users at the same time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Asked, Attempt};

/// What is known of the calls about one question.
#[derive(Default)]
struct Seen {
    /// The latest end of a request.
    until_us: u64,
    /// When calls began, by the SDK's count of their latest attempt.
    counted: BTreeMap<u32, VecDeque<u64>>,
    /// When each retry's call began, and when the retry did.
    spans: Vec<(u64, u64)>,
    crowded: bool,
}

/// The questions that were asked for many users: more than once at the same time. The attempts are
/// in the order of their beginning.
pub(super) fn crowds<'a>(attempts: &[Attempt<'a>]) -> BTreeSet<Asked<'a>> {
    let mut questions: BTreeMap<Asked<'a>, Seen> = BTreeMap::new();
    for attempt in attempts {
        questions.entry(attempt.asked()).or_default().see(*attempt);
    }
    let crowded = questions.into_iter().filter(|(_, seen)| seen.crowded || seen.overlaps());
    crowded.map(|(asked, _)| asked).collect()
}

impl Seen {
    fn see(&mut self, attempt: Attempt<'_>) {
        let started_us = attempt.began_us();
        self.crowded |= self.until_us > started_us;
        self.until_us = self.until_us.max(attempt.over_us());
        let Some(count) = attempt.0.trace.retry_count else { return };
        // The retry of the call that waits longest for it.
        let waiting = count.checked_sub(1).and_then(|before| self.counted.get_mut(&before));
        let began_us = waiting.and_then(VecDeque::pop_front).unwrap_or(started_us);
        if count > 0 {
            self.spans.push((began_us, started_us));
        }
        self.counted.entry(count).or_default().push_back(began_us);
    }

    /// Whether a call began while another waited for its retry.
    fn overlaps(&self) -> bool {
        let mut begun: Vec<u64> = self.spans.iter().map(|span| span.0).collect();
        begun.sort_unstable();
        begun.dedup();
        self.spans.iter().any(|(began_us, ended_us)| {
            let after = begun.partition_point(|us| us <= began_us);
            begun.get(after).is_some_and(|us| us < ended_us)
        })
    }
}

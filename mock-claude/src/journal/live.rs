//! The last minute, second by second, for whoever watches the mock live: how many requests ended
//! and how, what they cost, how long they took.
//!
//! It is kept only once somebody has asked for it, and it is a fixed amount of memory however many
//! requests there are. Whoever looks gets sums, never a list that grows with the rate.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use serde::Serialize;

use super::bodies::Bodies;
use super::record::Entry;
use super::trace::Trace;
use crate::basis::clock::SECOND_US;

/// Whole seconds that are looked back on.
const WINDOW_S: u64 = 60;

/// The seconds of the window and the one that is not over yet.
const SLOTS: usize = 61;

/// Buckets of a histogram: eight for each doubling of a duration, up to 38 hours.
const BUCKETS: usize = 280;

/// The longest duration that has a bucket of its own, in microseconds.
const MAX_US: u64 = (1 << 37) - 1;

/// What is kept for whoever watches.
#[derive(Debug, Default)]
pub(crate) struct Live {
    pulse: Mutex<Pulse>,
    /// The bodies of the latest requests, while somebody wants them.
    pub(crate) bodies: Bodies,
}

#[derive(Debug, Default)]
struct Pulse {
    /// By second, each at its number modulo [`SLOTS`].
    slots: Vec<Slot>,
    /// Requests by status, since the beginning or the last reset.
    statuses: BTreeMap<u16, u64>,
    /// Those among them whose answer a fault cut.
    cut: u64,
}

#[derive(Debug, Clone, Default)]
struct Slot {
    second: u64,
    sum: Second,
    took: Histogram,
    first_token: Histogram,
}

/// What ended in one second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Second {
    /// Requests that ended.
    pub(crate) ended: u64,
    /// Those among them that failed, or got no answer.
    pub(crate) failed: u64,
    pub(crate) tokens_in: u64,
    pub(crate) tokens_out: u64,
    pub(crate) cost_microusd: u64,
}

/// Durations, from the shortest to the longest, in microseconds. None without a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Took {
    /// How many there were.
    pub(crate) n: u64,
    pub(crate) p50_us: u64,
    pub(crate) p95_us: u64,
    pub(crate) p99_us: u64,
}

/// The last minute.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Minute {
    /// The whole seconds of it, the latest last. The second that is under way is not among them.
    pub(crate) seconds: Vec<Second>,
    pub(crate) latency: Option<Took>,
    pub(crate) first_token: Option<Took>,
    /// Requests by status, since the beginning or the last reset; 0 had no answer.
    pub(crate) statuses: BTreeMap<u16, u64>,
    /// Those among them whose answer a fault cut.
    pub(crate) cut: u64,
}

impl Live {
    /// Counts a request that has ended.
    pub(super) fn count(&self, entry: &Entry, trace: &Trace) {
        let ended_us = trace.ended_us.unwrap_or(trace.started_us);
        let mut pulse = self.pulse.lock();
        *pulse.statuses.entry(entry.status).or_default() += 1;
        pulse.cut += u64::from(trace.cut);
        let slot = pulse.slot(ended_us / SECOND_US);
        slot.sum.ended += 1;
        slot.sum.failed += u64::from(entry.status >= 400 || entry.status == 0);
        slot.sum.tokens_in += entry.tokens_in;
        slot.sum.tokens_out += entry.tokens_out;
        slot.sum.cost_microusd += entry.cost_microusd;
        slot.took.add(ended_us.saturating_sub(trace.started_us));
        if let Some(first_us) = trace.first_token_us {
            slot.first_token.add(first_us.saturating_sub(trace.started_us));
        }
    }

    /// The last minute, as it is now.
    pub(crate) fn minute(&self, now_us: u64) -> Minute {
        let now = now_us / SECOND_US;
        let (mut took, mut first_token) = (Histogram::default(), Histogram::default());
        let pulse = self.pulse.lock();
        for slot in pulse.slots.iter().filter(|slot| slot.second + WINDOW_S >= now) {
            took.merge(&slot.took);
            first_token.merge(&slot.first_token);
        }
        let second = |number: u64| {
            let slot = pulse.slots.get(place(number)).filter(|slot| slot.second == number);
            slot.map_or_else(Second::default, |slot| slot.sum)
        };
        Minute {
            seconds: (now.saturating_sub(WINDOW_S)..now).map(second).collect(),
            latency: took.summary(),
            first_token: first_token.summary(),
            statuses: pulse.statuses.clone(),
            cut: pulse.cut,
        }
    }

    /// Forgets everything.
    pub(super) fn reset(&self) {
        *self.pulse.lock() = Pulse::default();
        self.bodies.clear();
    }
}

impl Pulse {
    fn slot(&mut self, second: u64) -> &mut Slot {
        self.slots.resize_with(SLOTS, Slot::default);
        let slot = &mut self.slots[place(second)];
        if slot.second != second {
            *slot = Slot { second, ..Slot::default() };
        }
        slot
    }
}

fn place(second: u64) -> usize {
    usize::try_from(second % SLOTS as u64).unwrap_or(0)
}

/// How often something took how long, within about six percent.
#[derive(Debug, Clone, Default)]
struct Histogram {
    buckets: Vec<u32>,
    count: u64,
}

impl Histogram {
    fn add(&mut self, took_us: u64) {
        self.buckets.resize(BUCKETS, 0);
        self.buckets[bucket(took_us)] += 1;
        self.count += 1;
    }

    fn merge(&mut self, other: &Self) {
        if other.count > 0 {
            self.buckets.resize(BUCKETS, 0);
            for (sum, count) in self.buckets.iter_mut().zip(&other.buckets) {
                *sum += count;
            }
            self.count += other.count;
        }
    }

    fn summary(&self) -> Option<Took> {
        (self.count > 0).then(|| Took {
            n: self.count,
            p50_us: self.percentile(50),
            p95_us: self.percentile(95),
            p99_us: self.percentile(99),
        })
    }

    /// The duration that this share of all did not exceed.
    fn percentile(&self, percent: u64) -> u64 {
        let wanted = (self.count * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let found = self.buckets.iter().position(|count| {
            seen += u64::from(*count);
            seen >= wanted
        });
        found.map_or(0, middle_us)
    }
}

/// The bucket of a duration.
fn bucket(took_us: u64) -> usize {
    let took_us = took_us.min(MAX_US);
    let bucket = if took_us < 8 {
        took_us
    } else {
        let power = u64::from(took_us.ilog2());
        (power - 2) * 8 + ((took_us >> (power - 3)) & 7)
    };
    usize::try_from(bucket).unwrap_or(0)
}

/// The middle of a bucket.
fn middle_us(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 8 {
        return bucket;
    }
    let (power, eighth) = (bucket / 8 + 2, bucket % 8);
    let width = 1 << (power - 3);
    (8 + eighth) * width + width / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(live: &Live, at_us: u64, took_us: u64, status: u16) {
        let entry = Entry { status, tokens_in: 2, ..Entry::undecided(0) };
        let started_us = at_us - took_us;
        let trace = Trace { started_us, ended_us: Some(at_us), ..Trace::default() };
        live.count(&entry, &trace);
    }

    #[test]
    fn a_minute_has_its_whole_seconds_and_forgets_older_ones() {
        let live = Live::default();
        ended(&live, SECOND_US, 1_000, 200);
        for second in 5..=100 {
            ended(&live, second * SECOND_US, 1_000, if second % 2 == 0 { 529 } else { 200 });
        }
        let minute = live.minute(100 * SECOND_US + 1);
        assert_eq!(minute.seconds.len(), 60);
        assert!(minute.seconds.iter().all(|second| second.ended == 1 && second.tokens_in == 2));
        assert_eq!(minute.seconds.iter().map(|second| second.failed).sum::<u64>(), 30);
        assert_eq!(minute.statuses, BTreeMap::from([(200, 49), (529, 48)]), "all of them");
        let quiet = live.minute(300 * SECOND_US);
        assert_eq!((quiet.seconds[59].ended, quiet.latency), (0, None));
        live.reset();
        assert!(live.minute(100 * SECOND_US).statuses.is_empty());
    }

    #[test]
    fn a_percentile_is_within_seven_percent() {
        for took_us in [1, 7, 8, 9, 1_000, 47_123, 1_000_000, 3_599_999_999] {
            let live = Live::default();
            ended(&live, 4_000_000_000, took_us, 200);
            let found = live.minute(4_000_000_000).latency.unwrap().p99_us;
            assert!(found.abs_diff(took_us) * 100 <= took_us * 7, "{took_us}: {found}");
        }
        assert!(bucket(u64::MAX) < BUCKETS);
    }

    #[test]
    fn percentiles_are_taken_over_all_requests_of_the_minute() {
        let live = Live::default();
        for number in 1..=100 {
            ended(&live, 10 * SECOND_US + number, number * 1_000, 200);
        }
        let took = live.minute(11 * SECOND_US).latency.unwrap();
        assert_eq!(took.n, 100);
        assert!(took.p50_us.abs_diff(50_000) < 4_000, "{took:?}");
        assert!(took.p99_us.abs_diff(99_000) < 8_000, "{took:?}");
    }
}

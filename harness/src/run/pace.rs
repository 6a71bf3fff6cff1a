//! How well a schedule of arrivals is kept.
//!
//! A job that begins late is a job all the same, and its latency counts from when it was due. But a
//! rate that was not kept was not tried, so the figures of the generator itself are part of a run.

use reports::measured::Generator;
use reports::{Latency, Quantile};

/// The arrivals so far.
#[derive(Debug)]
pub(super) struct Pace {
    /// Arrivals that are still to come.
    left: u64,
    lag: Latency,
    /// The first and the last arrival as scheduled, and as they began.
    due_us: Option<(u64, u64)>,
    began_us: Option<(u64, u64)>,
}

impl Pace {
    /// Of a schedule of this many arrivals.
    pub(super) fn of(arrivals: u64) -> Self {
        Self { left: arrivals, lag: Latency::default(), due_us: None, began_us: None }
    }

    /// An arrival began.
    pub(super) fn began(&mut self, due_us: u64, now_us: u64) {
        self.left = self.left.saturating_sub(1);
        self.lag.record(now_us.saturating_sub(due_us));
        let first = self.due_us.map_or(due_us, |(first, _)| first);
        self.due_us = Some((first, due_us));
        let first = self.began_us.map_or(now_us, |(first, _)| first);
        self.began_us = Some((first, now_us));
    }

    /// A job was done in an earlier life of the run; it takes its place in the schedule, if any.
    pub(super) fn was_done(&mut self, due_us: Option<u64>) {
        self.left = self.left.saturating_sub(u64::from(due_us.is_some()));
    }

    /// The figures.
    pub(super) fn measured(self) -> Generator {
        let span = |span: Option<(u64, u64)>| span.map_or(0, |(first, last)| last - first);
        let lag = |quantile| self.lag.quantile_us(quantile).unwrap_or(0);
        Generator {
            started: self.lag.count(),
            dropped: self.left,
            offered_us: span(self.due_us),
            achieved_us: span(self.began_us),
            lag_p50_us: lag(Quantile::P50),
            lag_p99_us: lag(Quantile::P99),
            lag_max_us: lag(Quantile::Max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lag_of_each_arrival_and_both_spans_are_measured() {
        let mut pace = Pace::of(4);
        pace.began(1_000, 1_200);
        pace.began(2_000, 2_100);
        pace.began(3_000, 8_000);
        let measured = pace.measured();
        assert_eq!((measured.started, measured.dropped), (3, 1));
        assert_eq!((measured.offered_us, measured.achieved_us), (2_000, 6_800));
        assert_eq!((measured.lag_p50_us, measured.lag_max_us), (200, 5_000));
    }

    #[test]
    fn what_an_earlier_life_has_done_is_neither_late_nor_dropped() {
        let mut pace = Pace::of(3);
        pace.was_done(Some(1_000));
        pace.was_done(None);
        pace.began(2_000, 2_000);
        pace.began(3_000, 3_000);
        let measured = pace.measured();
        assert_eq!((measured.started, measured.dropped, measured.lag_max_us), (2, 0, 0));
    }
}

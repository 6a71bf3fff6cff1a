//! From numbers to places on a drawing: axes, their ticks, and time in buckets.
//!
//! Invariant: whole numbers all the way, in tenths of a unit of the drawing, so that the same run
//! gives the same page on every machine.

use std::fmt;

use crate::text::{decimal, thousands};

/// A place or a length on a drawing, in tenths of its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tenths(pub(super) i64);

impl fmt::Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, tenth) = (self.0.unsigned_abs() / 10, self.0.unsigned_abs() % 10);
        if tenth == 0 { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{tenth}") }
    }
}

/// A linear axis from zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Axis {
    /// The value at its far end; never zero.
    pub(super) max: u64,
    /// Where zero is.
    pub(super) from: Tenths,
    /// Where the far end is.
    pub(super) to: Tenths,
    /// The values with a label, and the labels.
    pub(super) ticks: Vec<(u64, String)>,
}

/// What an axis counts, which decides its steps and the words of its labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Microseconds.
    Time,
    /// Micro-dollars.
    Money,
    /// Things.
    Count,
}

/// The most steps between ticks.
const STEPS: u64 = 5;

impl Axis {
    /// An axis that ends at the value, or at the next tick beyond it.
    pub(super) fn new(kind: Kind, max: u64, from: i64, to: i64, round_up: bool) -> Self {
        let step = step(kind, max.max(1));
        let max = if round_up { max.max(1).div_ceil(step) * step } else { max.max(1) };
        let values = (0..=max / step).map(|n| n * step);
        let ticks = values.map(|value| (value, label(kind, value, step))).collect();
        Self { max, from: Tenths(from * 10), to: Tenths(to * 10), ticks }
    }

    /// Where a value is; beyond the far end nothing is drawn.
    pub(super) fn at(&self, value: u64) -> Tenths {
        let span = i128::from(self.to.0 - self.from.0);
        let along = i128::from(value.min(self.max)) * span / i128::from(self.max);
        Tenths(self.from.0 + i64::try_from(along).unwrap_or(0))
    }
}

/// The distance of two ticks: the least round one that gives at most [`STEPS`] steps.
fn step(kind: Kind, max: u64) -> u64 {
    const MINUTE: u64 = 60_000_000;
    const LONG: [u64; 13] = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880];
    let fits = |step: &u64| max.div_ceil(*step) <= STEPS;
    if kind == Kind::Time && max > STEPS * MINUTE / 2 {
        let found = LONG.into_iter().map(|minutes| minutes * MINUTE).find(fits);
        return found.unwrap_or_else(|| max.div_ceil(STEPS));
    }
    if kind == Kind::Time && max > 30_000_000 {
        return [10_000_000, 15_000_000, 30_000_000].into_iter().find(fits).unwrap_or(MINUTE);
    }
    let powers = (0..20).map(|power| 10_u64.pow(power));
    let round = powers.flat_map(|power| [1, 2, 5].map(|digit| power.saturating_mul(digit)));
    round.into_iter().find(fits).unwrap_or(max)
}

fn label(kind: Kind, value: u64, step: u64) -> String {
    match kind {
        Kind::Count => thousands(value),
        Kind::Money => {
            let step = decimal(u128::from(step), 2);
            let places = step.split_once('.').map_or(2, |(_, places)| places.len());
            format!("${}", decimal(u128::from(value), places))
        }
        Kind::Time => time(value),
    }
}

/// A tick of time: `0`, `500 ms`, `20 s`, `1 m 30 s`, `2 h`.
pub(super) fn time(micros: u64) -> String {
    let (ms, s, m) = (micros / 1_000, micros / 1_000_000, micros / 60_000_000);
    match micros {
        0 => "0".to_owned(),
        _ if ms == 0 => format!("{micros} µs"),
        _ if s == 0 => format!("{ms} ms"),
        _ if m == 0 && ms % 1_000 == 0 => format!("{s} s"),
        _ if m == 0 => format!("{} s", decimal(u128::from(ms) * 1_000, 1)),
        _ if m < 60 && s % 60 == 0 => format!("{m} m"),
        _ if m < 60 => format!("{m} m {:02} s", s % 60),
        _ if m % 60 == 0 => format!("{} h", thousands(m / 60)),
        _ => format!("{} h {:02} m", thousands(m / 60), m % 60),
    }
}

/// Time cut into equal pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Buckets {
    /// The length of each, in microseconds.
    pub(super) width_us: u64,
    /// How many there are.
    pub(super) count: usize,
}

impl Buckets {
    /// At most this many buckets over a length of time.
    pub(super) fn over(end_us: u64, most: usize) -> Self {
        let width_us = end_us.max(1).div_ceil(most as u64);
        let count = usize::try_from(end_us / width_us + 1).unwrap_or(most).min(most);
        Self { width_us, count: count.max(1) }
    }

    /// The bucket of a moment.
    pub(super) fn index(self, at_us: u64) -> usize {
        let index = usize::try_from(at_us / self.width_us).unwrap_or(usize::MAX);
        index.min(self.count - 1)
    }

    /// Where a bucket begins.
    pub(super) fn start_us(self, index: usize) -> u64 {
        index as u64 * self.width_us
    }

    /// The middle of a bucket.
    pub(super) fn middle_us(self, index: usize) -> u64 {
        self.start_us(index) + self.width_us / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(kind: Kind, max: u64) -> Vec<String> {
        let axis = Axis::new(kind, max, 0, 100, true);
        axis.ticks.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round_in_the_unit_of_the_axis() {
        assert_eq!(labels(Kind::Time, 49_900_000), ["0", "10 s", "20 s", "30 s", "40 s", "50 s"]);
        assert_eq!(labels(Kind::Time, 3_000_000_000).last().unwrap(), "50 m");
        assert_eq!(
            labels(Kind::Time, 4_000_000_000),
            ["0", "15 m", "30 m", "45 m", "1 h", "1 h 15 m"]
        );
        assert_eq!(labels(Kind::Time, 850_000)[1], "200 ms");
        assert_eq!(labels(Kind::Count, 10), ["0", "2", "4", "6", "8", "10"]);
        assert_eq!(labels(Kind::Money, 520_000)[1], "$0.20");
        assert_eq!(labels(Kind::Money, 5_200)[1], "$0.002");
        assert_eq!(labels(Kind::Money, 7_000_000)[1], "$2.00");
    }

    #[test]
    fn no_axis_is_empty_and_none_is_left_by_its_values() {
        for kind in [Kind::Time, Kind::Money, Kind::Count] {
            for max in [0, 1, 7, 999_999, 1_000_000, 123_456_789_012, u64::MAX / 4] {
                let axis = Axis::new(kind, max, 60, 460, true);
                assert!(axis.ticks.len() >= 2 && axis.ticks.len() <= 7, "{kind:?} {max}");
                assert_eq!((axis.at(0), axis.at(u64::MAX)), (Tenths(600), Tenths(4_600)));
            }
        }
    }

    #[test]
    fn every_moment_has_a_bucket_and_every_bucket_its_moments() {
        for end_us in [0, 1, 47, 48, 1_000_003] {
            let buckets = Buckets::over(end_us, 48);
            assert!(buckets.count <= 48);
            assert_eq!(buckets.index(0), 0);
            assert!(buckets.index(end_us) < buckets.count);
            assert!(buckets.start_us(buckets.index(end_us)) <= end_us);
        }
    }

    #[test]
    fn tenths_are_written_as_decimals() {
        let words = [Tenths(0), Tenths(15), Tenths(-5), Tenths(120)].map(|t| t.to_string());
        assert_eq!(words, ["0", "1.5", "-0.5", "12"]);
    }
}

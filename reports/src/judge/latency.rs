//! Distributions of job latency, in microseconds with three significant digits.
//!
//! Invariants: distributions are merged, never averaged, because the mean of two 99th
//! percentiles is no percentile of anything; the greatest value is exact. A quantile always
//! travels with its number of samples, and how many it needs is [`Quantile::needs`]: in real time
//! the values are a sample of what could have been; in simulated time they are all there is and
//! every one of them is exact, but of too few a quantile is nothing else than their greatest.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};

use crate::record::Clock;

/// The longest latency that a distribution holds: 35 years.
const LIMIT_US: u64 = 1 << 50;

/// A distribution of latencies.
#[derive(Debug, Clone, PartialEq)]
pub struct Latency {
    histogram: Histogram<u64>,
    max_us: u64,
}

/// A point of the distribution that reports show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantile {
    /// The median.
    P50,
    /// Nineteen of twenty are below.
    P95,
    /// Ninety-nine of a hundred are below.
    P99,
    /// The slowest of all.
    Max,
}

impl Quantile {
    /// Every quantile that reports show, in order.
    pub const ALL: [Self; 4] = [Self::P50, Self::P95, Self::P99, Self::Max];

    /// The name, for example `p95`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Max => "max",
        }
    }

    /// The least number of samples that gives the quantile a 95 % upper bound: ln 0.05 / ln q.
    pub const fn floor(self) -> u64 {
        match self {
            Self::P50 => 5,
            Self::P95 => 59,
            Self::P99 => 299,
            Self::Max => 1,
        }
    }

    /// The least number of values of which it is not simply the greatest.
    pub const fn least(self) -> u64 {
        match self {
            Self::P50 => 2,
            Self::P95 => 20,
            Self::P99 => 100,
            Self::Max => 1,
        }
    }

    /// Whether so many samples carry it, so that it can be shown as what it is. Of a single value
    /// of simulated time, its n says that it is all there is.
    pub const fn is_carried_by(self, samples: u64, clock: Clock) -> bool {
        samples >= self.needs(clock) || (samples == 1 && matches!(clock, Clock::Simulated))
    }

    /// The least number of samples that a clock asks for.
    pub const fn needs(self, clock: Clock) -> u64 {
        match clock {
            Clock::Simulated => self.least(),
            Clock::Wall => self.floor(),
        }
    }

    const fn share(self) -> f64 {
        match self {
            Self::P50 => 0.50,
            Self::P95 => 0.95,
            Self::P99 => 0.99,
            Self::Max => 1.0,
        }
    }
}

impl Default for Latency {
    fn default() -> Self {
        let histogram = Histogram::new(3).expect("three digits are within what the crate offers");
        Self { histogram, max_us: 0 }
    }
}

impl Latency {
    /// Adds one latency.
    pub fn record(&mut self, latency_us: u64) {
        self.histogram
            .record(latency_us.min(LIMIT_US))
            .expect("a histogram that resizes itself holds every value up to the limit");
        self.max_us = self.max_us.max(latency_us);
    }

    /// Adds every latency of another distribution.
    pub fn merge(&mut self, other: &Self) {
        self.histogram
            .add(&other.histogram)
            .expect("a histogram that resizes itself holds what another one holds");
        self.max_us = self.max_us.max(other.max_us);
    }

    /// The number of latencies.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// A quantile in microseconds; `None` where there is nothing to measure.
    pub fn quantile_us(&self, quantile: Quantile) -> Option<u64> {
        match (self.count(), quantile) {
            (0, _) => None,
            (_, Quantile::Max) => Some(self.max_us),
            // The histogram answers with the upper edge of a cell, which can be above the
            // greatest value that is in it.
            _ => Some(self.histogram.value_at_quantile(quantile.share()).min(self.max_us)),
        }
    }

    /// The greatest of all; `None` where there is nothing to measure.
    pub fn max_us(&self) -> Option<u64> {
        self.quantile_us(Quantile::Max)
    }

    /// The distribution in steps, from the least value on: how many are below the step, how many
    /// are below or on it, and its value in microseconds.
    pub fn steps(&self) -> impl Iterator<Item = (u64, u64, u64)> + '_ {
        let mut below = 0;
        self.histogram.iter_recorded().map(move |step| {
            let up_to = below + step.count_at_value();
            let found = (below, up_to, step.value_iterated_to().min(self.max_us));
            below = up_to;
            found
        })
    }

    /// The points of a percentile distribution as HDR histograms print it, with five steps for
    /// each halving of what is left: the value, the share up to it, and how many that are.
    pub fn percentile_points(&self) -> impl Iterator<Item = (u64, f64, u64)> + '_ {
        let mut up_to = 0;
        self.histogram.iter_quantiles(5).map(move |point| {
            up_to += point.count_since_last_iteration();
            (point.value_iterated_to().min(self.max_us), point.quantile_iterated_to(), up_to)
        })
    }

    /// The mean and the standard deviation in microseconds.
    pub fn mean_and_deviation_us(&self) -> (f64, f64) {
        (self.histogram.mean(), self.histogram.stdev())
    }

    /// The distribution as HDR tools exchange it: version 2, deflated, in base64. `None` where
    /// there is nothing in it.
    pub fn to_base64(&self) -> Option<String> {
        let mut bytes = Vec::new();
        let written = V2DeflateSerializer::new().serialize(&self.histogram, &mut bytes);
        written.expect("a histogram is written into memory");
        (self.count() > 0).then(|| STANDARD.encode(bytes))
    }

    /// Reads such a distribution, whose greatest value is known besides.
    pub fn from_base64(text: &str, max_us: u64) -> Result<Self, String> {
        let bytes = STANDARD.decode(text).map_err(|error| error.to_string())?;
        let histogram: Histogram<u64> = Deserializer::new()
            .deserialize(&mut bytes.as_slice())
            .map_err(|error| format!("not a histogram: {error}"))?;
        Ok(Self { histogram, max_us })
    }

    /// The value below which so many of a thousand are; `None` where there is nothing to measure.
    pub fn per_mille_us(&self, per_mille: u32) -> Option<u64> {
        let value = self.histogram.value_at_quantile(f64::from(per_mille) / 1000.0);
        (self.count() > 0).then(|| value.min(self.max_us))
    }

    /// Whether there are enough samples of real time for a quantile to mean something.
    pub fn enough_for(&self, quantile: Quantile) -> bool {
        self.count() >= quantile.floor()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[u64]) -> Latency {
        let mut latency = Latency::default();
        for value in values {
            latency.record(*value);
        }
        latency
    }

    #[test]
    fn nothing_measured_has_no_quantiles() {
        assert_eq!(Quantile::ALL.map(|q| Latency::default().quantile_us(q)), [None; 4]);
    }

    #[test]
    fn the_greatest_value_is_exact_and_no_quantile_is_above_it() {
        let latency = of(&[28_712_345]);
        assert_eq!(Quantile::ALL.map(|q| latency.quantile_us(q)), [Some(28_712_345); 4]);
    }

    /// The example of the facts: the mean of the two 99th percentiles would be 10.1 s.
    #[test]
    fn merging_is_not_averaging() {
        let mut fast = of(&vec![200_000; 9_900]);
        let slow = of(&[20_000_000; 50]);
        fast.merge(&slow);
        assert!(fast.quantile_us(Quantile::P99).unwrap() < 201_000);
    }

    #[test]
    fn a_distribution_is_read_back_as_it_was_written() {
        let latency = of(&[3, 40_000, 28_712_345]);
        let text = latency.to_base64().unwrap();
        assert_eq!(Latency::from_base64(&text, 28_712_345), Ok(latency.clone()));
        assert_eq!(latency.per_mille_us(500), latency.quantile_us(Quantile::P50));
        assert_eq!(Latency::default().to_base64(), None);
        assert!(Latency::from_base64("!", 1).is_err());
        assert!(Latency::from_base64("AAAA", 1).is_err());
    }

    #[test]
    fn a_quantile_of_real_time_needs_its_floor_of_samples() {
        assert!(!of(&[1; 58]).enough_for(Quantile::P95));
        assert!(of(&[1; 59]).enough_for(Quantile::P95));
        assert!(!of(&[1; 298]).enough_for(Quantile::P99));
    }

    #[test]
    fn of_fewer_values_than_its_least_a_quantile_is_the_greatest() {
        for quantile in Quantile::ALL {
            let of = |count| of(&(1..=count).collect::<Vec<u64>>()).quantile_us(quantile);
            let least = quantile.least();
            for count in 1..least {
                assert_eq!(of(count), Some(count), "{quantile:?}");
            }
            let is_max = quantile == Quantile::Max;
            assert_eq!(of(least) == Some(least), is_max, "{quantile:?}");
        }
    }

    #[test]
    fn a_latency_beyond_the_limit_is_kept_as_the_greatest() {
        assert_eq!(of(&[u64::MAX]).quantile_us(Quantile::Max), Some(u64::MAX));
    }

    proptest! {
        #[test]
        fn merging_equals_recording_all_in_one(
            parts in prop::collection::vec(prop::collection::vec(0_u64..1 << 40, 0..40), 0..6)
        ) {
            let mut merged = Latency::default();
            for part in &parts {
                merged.merge(&of(part));
            }
            let all = of(&parts.concat());
            prop_assert_eq!(merged.count(), all.count());
            for quantile in Quantile::ALL {
                prop_assert_eq!(merged.quantile_us(quantile), all.quantile_us(quantile));
            }
            prop_assert_eq!(merged, all);
        }

        #[test]
        fn a_quantile_is_within_a_thousandth_of_the_sorted_value(
            mut values in prop::collection::vec(0_u64..1 << 40, 1..200)
        ) {
            let latency = of(&values);
            values.sort_unstable();
            let exact = values[(values.len() * 95).div_ceil(100) - 1];
            let measured = latency.quantile_us(Quantile::P95).unwrap();
            prop_assert!(measured >= exact && measured - exact <= exact / 1000 + 1);
        }
    }
}

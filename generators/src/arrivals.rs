//! When jobs arrive in an open model: offsets from the start, in whole milliseconds.
//!
//! All arithmetic is in integers, since the logarithm of a platform's own library differs in its
//! last bits. Offsets never fall and the first is 0. Closed models have no schedule: a job starts
//! there when another one has ended.

use std::time::Duration;

use crate::config::Load;
use crate::random::Stream;

/// Milliseconds in a minute.
const MINUTE_MS: u128 = 60_000;
/// Bits after the point in fixed-point numbers.
const FRACTION_BITS: u32 = 32;
/// The natural logarithm of 2, times 2^64.
const LN_2: u128 = 0xB172_17F7_D1CF_79AB;

impl Load {
    /// How often the list of files is run through.
    pub fn repeat(&self) -> u64 {
        match *self {
            Self::Burst { repeat }
            | Self::Sequential { repeat, .. }
            | Self::Batch { repeat, .. }
            | Self::Constant { repeat, .. }
            | Self::Poisson { repeat, .. } => repeat,
        }
    }

    /// How long a closed load rests between two rounds.
    pub fn pause(&self) -> Duration {
        match *self {
            Self::Sequential { pause_s, .. } | Self::Batch { pause_s, .. } => {
                Duration::from_secs(pause_s)
            }
            Self::Burst { .. } | Self::Constant { .. } | Self::Poisson { .. } => Duration::ZERO,
        }
    }

    /// When each of `jobs` jobs arrives, repeats included; nothing for the closed shapes.
    pub fn arrivals(&self, jobs: u64, seed: u64) -> Option<Arrivals> {
        let shape = match *self {
            Self::Burst { .. } => Shape::Burst,
            Self::Sequential { .. } | Self::Batch { .. } => return None,
            Self::Constant { rate_per_minute, .. } => {
                Shape::Constant { rate: u128::from(rate_per_minute.max(1)) }
            }
            Self::Poisson { rate_per_minute, .. } => Shape::Poisson {
                rate: u128::from(rate_per_minute.max(1)),
                stream: Box::new(Stream::new(seed, "arrivals", 0, 0)),
                now: 0,
            },
        };
        Some(Arrivals { shape, next: 0, jobs })
    }
}

/// The offsets of all jobs, in order.
#[derive(Debug, Clone)]
pub struct Arrivals {
    shape: Shape,
    next: u64,
    jobs: u64,
}

#[derive(Debug, Clone)]
enum Shape {
    Burst,
    Constant {
        rate: u128,
    },
    Poisson {
        rate: u128,
        stream: Box<Stream>,
        /// The last arrival, in fixed-point milliseconds: rounding must not add up.
        now: u128,
    },
}

impl Iterator for Arrivals {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        if self.next == self.jobs {
            return None;
        }
        let index = self.next;
        self.next += 1;
        let offset = match &mut self.shape {
            Shape::Burst => 0,
            // From the index, not from the offset before: rounding must not add up.
            Shape::Constant { rate } => u128::from(index) * MINUTE_MS / *rate,
            Shape::Poisson { rate, stream, now } => {
                if index > 0 {
                    *now += exponential(stream.any()) * MINUTE_MS / *rate;
                }
                *now >> FRACTION_BITS
            }
        };
        // 2^64 ms are 580 million years.
        Some(u64::try_from(offset).unwrap_or(u64::MAX))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.jobs - self.next);
        (left.unwrap_or(usize::MAX), left.ok())
    }
}

/// An exponentially distributed number with mean 1, in fixed point, from 64 even bits.
///
/// It is the natural logarithm of `2^64 / (bits + 1)`. The logarithm to base 2 comes bit by bit:
/// squaring a number between 1 and 2 doubles its logarithm, whose integer part is the next bit.
fn exponential(bits: u64) -> u128 {
    let number = u128::from(bits) + 1;
    let whole = number.ilog2();
    if whole == u64::BITS {
        return 0;
    }
    let mut mantissa = number << (63 - whole);
    let mut log_2 = u128::from(whole);
    for _ in 0..FRACTION_BITS {
        mantissa = (mantissa * mantissa) >> 63;
        let bit = mantissa >> 64;
        mantissa >>= bit;
        log_2 = (log_2 << 1) | bit;
    }
    let below_64 = (u128::from(u64::BITS) << FRACTION_BITS) - log_2;
    (below_64 * LN_2) >> 64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn offsets(load: &Load, jobs: u64) -> Vec<u64> {
        load.arrivals(jobs, 7).expect("an open shape").collect()
    }

    proptest! {
        #[test]
        fn open_shapes_start_at_zero_and_never_go_back(
            jobs in 1_u64..500,
            rate_per_minute in 1_u64..60_000_000,
        ) {
            for load in [
                Load::Burst { repeat: 1 },
                Load::Constant { repeat: 1, rate_per_minute },
                Load::Poisson { repeat: 1, rate_per_minute },
            ] {
                let offsets = offsets(&load, jobs);
                prop_assert_eq!(offsets.len() as u64, jobs);
                prop_assert_eq!(offsets[0], 0);
                prop_assert!(offsets.is_sorted());
            }
        }

        #[test]
        fn a_constant_rate_has_no_drift(rate_per_minute in 1_u64..100_000, minutes in 1_u64..50) {
            let load = Load::Constant { repeat: 1, rate_per_minute };
            let jobs = rate_per_minute.min(500) * minutes + 1;
            for (index, offset) in (0_u64..).zip(offsets(&load, jobs)) {
                prop_assert_eq!(offset, index * 60_000 / rate_per_minute);
            }
        }
    }

    #[test]
    fn the_mean_gap_of_a_poisson_load_is_that_of_its_rate() {
        for rate_per_minute in [1, 50, 7_000, 60_000_000] {
            let load = Load::Poisson { repeat: 1, rate_per_minute };
            let last = *offsets(&load, 100_001).last().expect("there are offsets");
            let expected = 100_000 * 60_000 / rate_per_minute;
            assert!(last.abs_diff(expected) <= expected / 50, "{last} is not about {expected}");
        }
    }

    /// A Poisson load has 1/e = 36.8 % of its gaps above the mean; a load with even gaps around
    /// the same mean would have half of them there.
    #[test]
    fn the_gaps_of_a_poisson_load_are_exponential() {
        let load = Load::Poisson { repeat: 1, rate_per_minute: 60 };
        let offsets = offsets(&load, 100_001);
        let long = offsets.windows(2).filter(|pair| pair[1] - pair[0] > 1_000).count();
        assert!((36_000..37_600).contains(&long), "{long} of 100000 gaps are above the mean");
    }

    /// The expected values are ln 2, 64 ln 2 and ln 10, times 2^32.
    #[test]
    fn the_logarithm_is_right_to_nine_digits() {
        assert_eq!(exponential(u64::MAX), 0);
        assert!(exponential(u64::MAX / 2).abs_diff(2_977_044_471) <= 4);
        assert!(exponential(0).abs_diff(190_530_846_196) <= 4);
        assert!(exponential(u64::MAX / 10).abs_diff(9_889_527_670) <= 4);
    }

    /// A schedule may never change for a seed.
    #[test]
    fn a_poisson_schedule_is_the_same_for_ever() {
        let load = Load::Poisson { repeat: 1, rate_per_minute: 60 };
        let golden = [0, 922, 1_771, 1_783, 2_450, 3_726, 4_591, 4_614, 5_147, 5_484];
        assert_eq!(offsets(&load, 10), golden);
    }

    #[test]
    fn closed_shapes_have_no_schedule() {
        assert!(Load::Batch { repeat: 1, pause_s: 0 }.arrivals(9, 7).is_none());
        assert!(Load::Sequential { repeat: 1, users: 2, pause_s: 0 }.arrivals(9, 7).is_none());
    }
}

//! Random arrivals around a mean rate: exponential gaps, from a stream of chance of their own.

use super::constant::MINUTE_MS;
use crate::random::Stream;

/// Bits after the point in fixed-point numbers.
const FRACTION_BITS: u32 = 32;
/// The natural logarithm of 2, times 2^64.
const LN_2: u128 = 0xB172_17F7_D1CF_79AB;

/// The arrivals so far.
#[derive(Debug, Clone)]
pub(super) struct Poisson {
    rate: u128,
    stream: Stream,
    /// The last arrival, in fixed-point milliseconds: rounding must not add up.
    now: u128,
    begun: bool,
}

impl Poisson {
    pub(super) fn new(rate_per_minute: u64, seed: u64) -> Self {
        let stream = Stream::new(seed, "arrivals", 0, 0);
        Self { rate: u128::from(rate_per_minute.max(1)), stream, now: 0, begun: false }
    }

    /// The next offset; the first is 0.
    pub(super) fn next_ms(&mut self) -> u128 {
        if self.begun {
            self.now += exponential(self.stream.any()) * MINUTE_MS / self.rate;
        }
        self.begun = true;
        self.now >> FRACTION_BITS
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

    fn offsets(rate_per_minute: u64, jobs: usize) -> Vec<u64> {
        let mut poisson = Poisson::new(rate_per_minute, 7);
        let all = std::iter::repeat_with(|| poisson.next_ms()).take(jobs);
        all.map(|offset| u64::try_from(offset).unwrap()).collect()
    }

    #[test]
    fn the_mean_gap_of_a_poisson_load_is_that_of_its_rate() {
        for rate_per_minute in [1, 50, 7_000, 60_000_000] {
            let last = *offsets(rate_per_minute, 100_001).last().expect("there are offsets");
            let expected = 100_000 * 60_000 / rate_per_minute;
            assert!(last.abs_diff(expected) <= expected / 50, "{last} is not about {expected}");
        }
    }

    /// A Poisson load has 1/e = 36.8 % of its gaps above the mean; a load with even gaps around
    /// the same mean would have half of them there.
    #[test]
    fn the_gaps_of_a_poisson_load_are_exponential() {
        let offsets = offsets(60, 100_001);
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
        let golden = [0, 922, 1_771, 1_783, 2_450, 3_726, 4_591, 4_614, 5_147, 5_484];
        assert_eq!(offsets(60, 10), golden);
    }
}

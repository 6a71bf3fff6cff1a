//! Chance: named streams of integers, each a pure function of its key.
//!
//! The key is written into the cipher as it is, never hashed, so no two streams can collide.
//! Sampling is our own and 64-bit everywhere: no float, no `usize`, no helper of a random number
//! library whose values may change with a release. There is no global source of chance here.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The longest name of a stream, in bytes.
const NAME_BYTES: usize = 16;

/// An endless stream of random integers.
///
/// ```
/// use generators::random::Stream;
///
/// let mut first = Stream::new(7, "example", 0, 0);
/// let mut again = Stream::new(7, "example", 0, 0);
/// assert_eq!(first.below(1_000), again.below(1_000));
/// ```
#[derive(Debug, Clone)]
pub struct Stream {
    chacha: ChaCha8Rng,
}

impl Stream {
    /// The stream of one purpose: `index` and `item` separate streams of the same name.
    ///
    /// A name has 1 to 16 bytes.
    pub fn new(seed: u64, name: &str, index: u64, item: u64) -> Self {
        assert!(
            (1..=NAME_BYTES).contains(&name.len()),
            "the stream name `{name}` does not have 1 to {NAME_BYTES} bytes"
        );
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&index.to_le_bytes());
        key[16..16 + name.len()].copy_from_slice(name.as_bytes());
        let mut chacha = ChaCha8Rng::from_seed(key);
        chacha.set_stream(item);
        Self { chacha }
    }

    /// Any 64-bit integer.
    pub fn any(&mut self) -> u64 {
        self.chacha.next_u64()
    }

    /// An integer from 0 up to, not including, `bound`; 0 for a bound of 0. Without bias.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound < 2 {
            return 0;
        }
        // Lemire's method: the high half of the product is the sample; low halves under
        // 2^64 mod bound would make some samples likelier, so they are drawn again.
        let reject_under = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.any()) * u128::from(bound);
            let (high, low) = split(product);
            if low >= reject_under {
                return high;
            }
        }
    }

    /// An integer from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        debug_assert!(low <= high, "an empty range has no sample");
        low + self.below(high - low + 1)
    }

    /// True once in `times`, on average.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of `choices`, which must not be empty.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[to_index(self.below(to_u64(choices.len())))]
    }

    /// Puts `items` into random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = to_index(self.below(to_u64(last) + 1));
            items.swap(last, other);
        }
    }
}

/// The high and the low half of a 128-bit number.
#[expect(clippy::cast_possible_truncation, reason = "taking halves is the purpose")]
const fn split(product: u128) -> (u64, u64) {
    ((product >> 64) as u64, product as u64)
}

/// A length as a sample bound. Lengths fit on every platform this compiles for.
pub(crate) fn to_u64(length: usize) -> u64 {
    u64::try_from(length).expect("a length has at most 64 bits")
}

/// A sample as an index. It was drawn below a length, so it fits.
pub(crate) fn to_index(sample: u64) -> usize {
    usize::try_from(sample).expect("a sample below a length is an index")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every generated file and schedule rests on these values: they may never change.
    #[test]
    fn values_are_the_same_for_ever() {
        let mut stream = Stream::new(7, "golden", 1, 2);
        let raw: Vec<u64> = (0..4).map(|_| stream.any()).collect();
        let small: Vec<u64> = (0..12).map(|_| stream.below(10)).collect();
        insta::assert_snapshot!(format!("{raw:?}\n{small:?}"), @r"
        [13037872986361732096, 11267828614502873268, 1397811475829551529, 1964846270171956095]
        [6, 3, 2, 9, 2, 1, 3, 7, 8, 5, 5, 1]
        ");
    }

    #[test]
    fn every_part_of_the_key_matters() {
        let first = |seed, name, index, item| Stream::new(seed, name, index, item).any();
        let base = first(1, "a", 1, 1);
        for other in [first(2, "a", 1, 1), first(1, "b", 1, 1), first(1, "a", 2, 1)] {
            assert_ne!(base, other);
        }
        assert_ne!(base, first(1, "a", 1, 2));
    }

    /// The largest bounds are where a modulo would be biased most: three quarters of the
    /// samples below 3 * 2^62 would fall into the lower half of the range.
    #[test]
    fn samples_are_even_at_a_bound_where_modulo_is_not() {
        let bound = 3 << 62;
        let mut stream = Stream::new(7, "bias", 0, 0);
        let low = (0..10_000).filter(|_| stream.below(bound) < bound / 2).count();
        assert!((4_800..5_200).contains(&low), "{low} of 10000 in the lower half");
    }

    #[test]
    fn a_shuffle_loses_nothing() {
        let mut items: Vec<u64> = (0..100).collect();
        Stream::new(7, "shuffle", 0, 0).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }

    #[test]
    #[should_panic(expected = "does not have 1 to 16 bytes")]
    fn a_name_that_does_not_fit_the_key_is_refused() {
        let _ = Stream::new(7, "a name of many bytes", 0, 0);
    }
}

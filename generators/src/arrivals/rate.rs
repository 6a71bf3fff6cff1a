//! Arrivals at a rate that changes with time: straight pieces, one after another.
//!
//! The integral of the rate says how many jobs have arrived; a job arrives when it reaches the
//! job's index. Everything is exact: with rates in jobs a minute and times in milliseconds, twice
//! the integral over a whole piece is a whole number of 120,000ths of a job, and the moment within
//! a piece is found by trying whole milliseconds, which needs no root and no division.

/// Twice the milliseconds of a minute: how much of twice an integral is one job.
const JOB: u128 = 120_000;

/// A time over which the rate changes evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// Jobs a minute at its beginning.
    pub(super) from: u64,
    /// Jobs a minute at its end.
    pub(super) to: u64,
    /// How long it is.
    pub(super) length_ms: u64,
}

impl Piece {
    pub(super) const fn of_seconds(from: u64, to: u64, seconds: u64) -> Self {
        Self { from, to, length_ms: seconds.saturating_mul(1_000) }
    }

    /// Twice the integral of its rate, in [`JOB`]s.
    fn area(self) -> u128 {
        (u128::from(self.from) + u128::from(self.to)) * u128::from(self.length_ms)
    }

    /// The last whole millisecond up to which twice the integral is at most `area`, which is less
    /// than the whole.
    fn reaches_ms(self, area: u128) -> u64 {
        let (from, length) = (u128::from(self.from), u128::from(self.length_ms));
        let target = area * length;
        // Twice the integral up to `ms`, times the length. It never falls: no rate is below zero.
        let up_to = |ms: u64| {
            let ms = u128::from(ms);
            let even = 2 * from * length * ms;
            let change = u128::from(self.from.abs_diff(self.to)) * ms * ms;
            if self.to >= self.from { even + change } else { even - change }
        };
        let (mut low, mut high) = (0, self.length_ms);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            if up_to(middle) <= target {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        low
    }
}

/// How many jobs arrive in all.
pub(super) fn jobs(pieces: &[Piece]) -> u64 {
    let area: u128 = pieces.iter().map(|piece| piece.area()).sum();
    u64::try_from(area.div_ceil(JOB)).unwrap_or(u64::MAX)
}

/// The arrivals so far.
#[derive(Debug, Clone)]
pub(super) struct Rated {
    pieces: Vec<Piece>,
    /// The piece that the last arrival was in, when it begins, and twice the integral before it.
    at: usize,
    start_ms: u64,
    before: u128,
}

impl Rated {
    pub(super) const fn new(pieces: Vec<Piece>) -> Self {
        Self { pieces, at: 0, start_ms: 0, before: 0 }
    }

    /// When the job with this index arrives; none after the last. Indices only grow.
    pub(super) fn offset_ms(&mut self, index: u64) -> Option<u128> {
        let wanted = u128::from(index) * JOB;
        loop {
            let piece = *self.pieces.get(self.at)?;
            let area = wanted - self.before;
            if area < piece.area() {
                return Some(u128::from(self.start_ms + piece.reaches_ms(area)));
            }
            self.before += piece.area();
            self.start_ms += piece.length_ms;
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pieces() -> impl Strategy<Value = Vec<Piece>> {
        let piece = (0_u64..5_000, 0_u64..5_000, 0_u64..20_000);
        let piece = piece.prop_map(|(from, to, length_ms)| Piece { from, to, length_ms });
        prop::collection::vec(piece, 1..6)
    }

    fn offsets(pieces: &[Piece]) -> Vec<u64> {
        let mut rated = Rated::new(pieces.to_vec());
        let all = (0..).map_while(|index| rated.offset_ms(index));
        all.map(|offset| u64::try_from(offset).unwrap()).collect()
    }

    /// Twice the integral up to a moment, in jobs, exactly: a numerator over each piece's length.
    fn arrived(pieces: &[Piece], until_ms: u64) -> f64 {
        let mut start_ms = 0;
        let mut sum = 0.0;
        for piece in pieces.iter().filter(|piece| piece.length_ms > 0) {
            let [from, to, length] = [piece.from, piece.to, piece.length_ms]
                .map(|n| f64::from(u32::try_from(n).unwrap()));
            let ms = until_ms.saturating_sub(start_ms).min(piece.length_ms);
            let ms = f64::from(u32::try_from(ms).unwrap());
            sum += (from + (to - from) * ms / length / 2.0) * ms / 60_000.0;
            start_ms += piece.length_ms;
        }
        sum
    }

    proptest! {
        #[test]
        fn arrivals_never_fall_and_their_number_is_the_integral_rounded_up(pieces in pieces()) {
            let offsets = offsets(&pieces);
            prop_assert!(offsets.is_sorted());
            prop_assert_eq!(offsets.len() as u64, jobs(&pieces));
            let length: u64 = pieces.iter().map(|piece| piece.length_ms).sum();
            prop_assert!(offsets.last().is_none_or(|last| *last < length));
        }

        /// At every arrival the integral has just reached the index, to the millisecond.
        #[test]
        fn the_integral_of_the_rate_is_right_at_every_arrival(pieces in pieces()) {
            for (index, offset) in (0_u32..).zip(offsets(&pieces)) {
                let index = f64::from(index);
                prop_assert!(arrived(&pieces, offset) <= index + 1e-6);
                prop_assert!(arrived(&pieces, offset + 1) > index - 1e-6);
            }
        }

        #[test]
        fn a_level_piece_is_a_constant_rate(rate in 1_u64..100_000, seconds in 1_u64..20) {
            let level = Piece::of_seconds(rate, rate, seconds);
            for (index, offset) in (0_u64..).zip(offsets(&[level])) {
                prop_assert_eq!(u128::from(offset), super::super::constant::offset_ms(index, rate));
            }
        }
    }

    #[test]
    fn nothing_arrives_while_the_rate_is_zero() {
        let quiet = Piece::of_seconds(0, 0, 10);
        let busy = Piece::of_seconds(60, 60, 2);
        assert_eq!(offsets(&[quiet, busy, quiet, busy]), [10_000, 11_000, 22_000, 23_000]);
        assert_eq!((offsets(&[quiet]), jobs(&[quiet])), (Vec::new(), 0));
    }

    #[test]
    fn the_greatest_rate_over_a_year_is_counted_exactly() {
        let year = Piece::of_seconds(0, 60_000_000, 31_536_000);
        assert_eq!(jobs(&[year]), 60_000_000 / 2 * 525_600);
        let mut rated = Rated::new(vec![year]);
        let last = rated.offset_ms(jobs(&[year]) - 1).unwrap();
        assert_eq!(last, 31_536_000_000 - 1);
    }
}

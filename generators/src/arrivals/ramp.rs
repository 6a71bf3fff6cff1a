//! A ramp: the rate changes evenly from one value to another, and then the load is over.

use super::rate::Piece;

/// The rate over time.
pub(super) fn pieces(from_per_minute: u64, to_per_minute: u64, over_s: u64) -> Vec<Piece> {
    vec![Piece::of_seconds(from_per_minute, to_per_minute, over_s)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrivals::rate::{Rated, jobs};

    #[test]
    fn a_ramp_from_nothing_gathers_speed() {
        // Two seconds up to 240 a minute: the integral is t^2, so job n comes at sqrt(n) seconds.
        let ramp = pieces(0, 240, 2);
        assert_eq!(jobs(&ramp), 4);
        let mut rated = Rated::new(ramp);
        let offsets: Vec<u128> = (0..).map_while(|index| rated.offset_ms(index)).collect();
        assert_eq!(offsets, [0, 1_000, 1_414, 1_732]);
    }

    #[test]
    fn a_ramp_may_fall() {
        let mut rated = Rated::new(pieces(240, 0, 2));
        let offsets: Vec<u128> = (0..).map_while(|index| rated.offset_ms(index)).collect();
        assert_eq!(offsets, [0, 267, 585, 1_000]);
    }
}

//! A spike: a base rate, and for some time in its midst another one.

use super::rate::Piece;

/// When the spike is, in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) at: u64,
    pub(super) length: u64,
    /// The length of the whole load.
    pub(super) of: u64,
}

/// The rate over time. What of the spike is beyond the load's end is not there.
pub(super) fn pieces(rate_per_minute: u64, spike_per_minute: u64, span: Span) -> Vec<Piece> {
    let begin = span.at.min(span.of);
    let end = span.at.saturating_add(span.length).min(span.of);
    let level = |rate, seconds| Piece::of_seconds(rate, rate, seconds);
    vec![
        level(rate_per_minute, begin),
        level(spike_per_minute, end - begin),
        level(rate_per_minute, span.of - end),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrivals::rate::{Rated, jobs};

    #[test]
    fn the_base_rate_goes_on_after_the_spike() {
        let spike = pieces(60, 240, Span { at: 2, length: 1, of: 5 });
        assert_eq!(jobs(&spike), 2 + 4 + 2);
        let mut rated = Rated::new(spike);
        let offsets: Vec<u128> = (0..).map_while(|index| rated.offset_ms(index)).collect();
        assert_eq!(offsets, [0, 1_000, 2_000, 2_250, 2_500, 2_750, 3_000, 4_000]);
    }
}

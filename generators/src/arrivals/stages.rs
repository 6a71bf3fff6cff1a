//! Stages, as k6 has them: from the rate at the end of one, the rate changes evenly to that of the
//! next. A stage that takes no time is a jump.

use super::rate::Piece;
use crate::config::Stage;

/// The rate over time.
pub(super) fn pieces(start_rate_per_minute: u64, stages: &[Stage]) -> Vec<Piece> {
    let mut from = start_rate_per_minute;
    let piece = |stage: &Stage| {
        let piece = Piece::of_seconds(from, stage.rate_per_minute, stage.duration_s);
        from = stage.rate_per_minute;
        piece
    };
    stages.iter().map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrivals::rate::{Rated, jobs};

    fn stage(duration_s: u64, rate_per_minute: u64) -> Stage {
        Stage { duration_s, rate_per_minute }
    }

    #[test]
    fn each_stage_begins_with_the_rate_of_the_one_before() {
        let up_and_down = pieces(0, &[stage(2, 240), stage(1, 240), stage(0, 60), stage(2, 60)]);
        assert_eq!(jobs(&up_and_down), 4 + 4 + 2);
        let mut rated = Rated::new(up_and_down);
        let offsets: Vec<u128> = (0..).map_while(|index| rated.offset_ms(index)).collect();
        let expected = [0, 1_000, 1_414, 1_732, 2_000, 2_250, 2_500, 2_750, 3_000, 4_000];
        assert_eq!(offsets, expected);
    }
}

//! What repeats in turns say: whether one side is worse by more than chance, and how large a
//! difference they would have shown.
//!
//! Invariant: a run of one side is held against the run of the other that came next to it, because
//! a machine that does something else as well slows both. Everything is one-sided at [`LEVEL`], so
//! that who runs fifty gates of unchanged code sees hardly one false alarm. Ranks need no shape of
//! distribution.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// The chance of a false alarm that is borne for each number.
pub(super) const LEVEL: f64 = 0.01;

/// The chance with which a difference is to be seen that is said to be seen.
const POWER: f64 = 0.8;

/// By how much the head is greater than the base in each pair, as a share of the base.
pub(super) fn changes(base: &[u64], head: &[u64]) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a share of it is shown with two digits")]
    let change = |(base, head): (&u64, &u64)| match (*base, *head) {
        (base, head) if base == head => 0.0,
        // From nothing, everything is the whole of it.
        (0, _) => 1.0,
        (base, head) => head as f64 / base as f64 - 1.0,
    };
    base.iter().zip(head).map(change).collect()
}

/// The change in the middle.
pub(super) fn median(changes: &[f64]) -> f64 {
    let mut sorted = changes.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        count if count % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// The chance that so many and so large changes are upwards by accident: the exact distribution of
/// Wilcoxon's sum of signed ranks. Pairs without a change say nothing, and ties have the mean of
/// their ranks.
pub(super) fn chance_of_greater(changes: &[f64]) -> f64 {
    let moved: Vec<f64> = changes.iter().copied().filter(|change| *change != 0.0).collect();
    // Twice the rank, so that a mean of two ranks is a whole number. A rise is as large as the
    // fall that undoes it: to double is to halve.
    let size = |change: f64| (1.0 + change).max(f64::MIN_POSITIVE).ln().abs();
    let rank = |change: f64| {
        let (own, others) = (size(change), || moved.iter().map(|other| size(*other)));
        let below = others().filter(|other| *other < own - 1e-12).count();
        let same = others().filter(|other| (*other - own).abs() <= 1e-12).count();
        2 * below + same + 1
    };
    let ranks: Vec<usize> = moved.iter().map(|change| rank(*change)).collect();
    let upwards = moved.iter().zip(&ranks).filter(|(change, _)| **change > 0.0);
    let seen: usize = upwards.map(|(_, rank)| rank).sum();
    // How many of all choices of signs give that sum.
    let mut ways = vec![0.0_f64; ranks.iter().sum::<usize>() + 1];
    ways[0] = 1.0;
    for rank in ranks {
        for sum in (rank..ways.len()).rev() {
            ways[sum] += ways[sum - rank];
        }
    }
    ways[seen..].iter().sum::<f64>() / ways.iter().sum::<f64>()
}

/// The least change that these pairs show with a chance of four in five, as a share of the base: it
/// has to pass the tolerance, and to be more than chance.
#[expect(clippy::cast_precision_loss, reason = "a share of it is shown with two digits")]
pub(super) fn detectable(changes: &[f64], tolerance: f64) -> Option<f64> {
    let count = changes.len() as f64;
    let student = StudentsT::new(0.0, 1.0, count - 1.0).ok()?;
    let mean = changes.iter().sum::<f64>() / count;
    let squares: f64 = changes.iter().map(|change| (change - mean).powi(2)).sum();
    let error = (squares / (count - 1.0) / count).sqrt();
    let power = student.inverse_cdf(POWER);
    // The median that is held against the tolerance scatters more than the mean.
    let passes = tolerance + power * error * (std::f64::consts::PI / 2.0).sqrt();
    Some(passes.max((student.inverse_cdf(1.0 - LEVEL) + power) * error))
}

/// A share: how many of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) part: u64,
    pub(super) of: u64,
}

impl Share {
    #[expect(clippy::cast_precision_loss, reason = "a share of it is shown with two digits")]
    fn value(self) -> f64 {
        self.part as f64 / self.of as f64
    }

    /// Wilson's interval at [`LEVEL`] on either side.
    #[expect(clippy::cast_precision_loss, reason = "a share of it is shown with two digits")]
    fn interval(self) -> (f64, f64) {
        let (share, count, z) = (self.value(), self.of as f64, z());
        let middle = share + z * z / (2.0 * count);
        let width = z * (share * (1.0 - share) / count + z * z / (4.0 * count * count)).sqrt();
        let scale = 1.0 + z * z / count;
        ((middle - width) / scale, (middle + width) / scale)
    }
}

/// By how much the head's share is lower in any case, at [`LEVEL`]: the near end of Newcombe's
/// interval for the difference. Nothing or less where it may be none.
pub(super) fn surely_lower_by(base: Share, head: Share) -> f64 {
    let (base_low, head_high) = (base.interval().0, head.interval().1);
    let margin = (head_high - head.value()).hypot(base.value() - base_low);
    base.value() - head.value() - margin
}

/// How much lower a share of the head's size has to be to be seen with a chance of four in five.
#[expect(clippy::cast_precision_loss, reason = "a share of it is shown with two digits")]
pub(super) fn detectable_share(base: Share, head: Share) -> f64 {
    let count = head.of;
    let expected = (base.value() * count as f64).round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    let expected = expected as u64;
    let seen = |part: &u64| surely_lower_by(base, Share { part: *part, of: count }) > 0.0;
    let part = (0..expected).rev().find(seen).unwrap_or(0);
    let lower = Share { part, of: count }.value();
    let error = (lower * (1.0 - lower) / count as f64).sqrt();
    (base.value() - lower + normal(POWER) * error).min(base.value())
}

fn z() -> f64 {
    normal(1.0 - LEVEL)
}

fn normal(share: f64) -> f64 {
    Normal::standard().inverse_cdf(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_near(found: f64, expected: f64, within: f64) {
        assert!((found - expected).abs() <= within, "{found} is not {expected}");
    }

    #[test]
    fn the_chance_of_the_clearest_order_is_one_of_all_signs() {
        for (count, signs) in [(5, 32.0), (7, 128.0), (10, 1024.0)] {
            let up: Vec<f64> = (1..=count).map(|step| f64::from(step) / 100.0).collect();
            let down: Vec<f64> = up.iter().map(|change| -change).collect();
            check_near(chance_of_greater(&up), 1.0 / signs, 1e-12);
            check_near(chance_of_greater(&down), 1.0, 1e-12);
        }
    }

    /// Ranks 1 to 6 with the second downwards: of 64 choices of signs, sums of 19 and more are
    /// those that leave out nothing, 1, or 2 (or 1 and a sum of 2, which there is not): three.
    #[test]
    fn what_goes_the_other_way_counts_by_its_rank_and_pairs_without_a_change_not_at_all() {
        let changes = [0.01, -0.02, 0.03, 0.04, 0.05, 0.06, 0.0];
        check_near(chance_of_greater(&changes), 3.0 / 64.0, 1e-12);
        check_near(chance_of_greater(&[0.0; 7]), 1.0, 1e-12);
        // Two that are alike have rank 1.5 each: of four choices of signs, one has both.
        check_near(chance_of_greater(&[0.01, 0.01]), 0.25, 1e-12);
    }

    #[test]
    fn changes_are_those_of_the_pairs_and_the_middle_one_is_theirs() {
        let changes = changes(&[100, 200, 0, 0, 50], &[110, 200, 0, 7, 40]);
        assert_eq!(changes.len(), 5);
        check_near(changes[0], 0.1, 1e-12);
        assert_eq!((changes[1], changes[2], changes[3]), (0.0, 0.0, 1.0));
        check_near(median(&changes), 0.0, 1e-12);
        check_near(median(&[0.1, 0.3]), 0.2, 1e-12);
    }

    /// By hand from Student's table: t(0.99, 9) = 2.821 and t(0.80, 9) = 0.883.
    #[test]
    fn what_would_be_seen_follows_from_scatter_and_number() {
        // Ten changes with a deviation of 5 %: their sum of squares is 9 times 0.0025.
        let changes: Vec<f64> = [-0.047_434; 5].into_iter().chain([0.047_434; 5]).collect();
        let error = 0.05 / 10.0_f64.sqrt();
        check_near(detectable(&changes, 0.0).unwrap(), 3.704 * error, 2e-4);
        let tolerated = 0.3 + 0.883 * error * 1.2533;
        check_near(detectable(&changes, 0.3).unwrap(), tolerated, 2e-4);
    }

    /// Newcombe's method 10 by hand for 56 of 70 and 48 of 80, at z = 2.3263.
    #[test]
    fn a_share_is_surely_lower_only_beyond_its_interval() {
        let share = |part, of| Share { part, of };
        check_near(surely_lower_by(share(56, 70), share(48, 80)), 0.024_39, 1e-5);
        assert!(surely_lower_by(share(50, 50), share(49, 50)) < 0.0);
        assert!(surely_lower_by(share(500, 500), share(450, 500)) > 0.05);
        let seen = detectable_share(share(100, 100), share(100, 100));
        assert!((0.05..0.2).contains(&seen), "{seen}");
    }
}

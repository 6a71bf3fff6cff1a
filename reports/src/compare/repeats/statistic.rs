//! What repeats of two sides say: whether one is worse by more than chance, and how large a
//! difference they would have shown.
//!
//! Invariant: everything is one-sided at [`LEVEL`], so that who runs fifty gates of unchanged code
//! sees hardly one false alarm. Ranks need no shape of distribution, and ties count half.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// The chance of a false alarm that is borne for each number.
pub(super) const LEVEL: f64 = 0.01;

/// The chance with which a difference is to be seen that is said to be seen.
const POWER: f64 = 0.8;

/// The chance that the second sample is so much greater by accident: the exact distribution of
/// its sum of ranks (Mann and Whitney), ties with the mean of their ranks.
pub(super) fn chance_of_greater(base: &[u64], head: &[u64]) -> f64 {
    let all: Vec<u64> = base.iter().chain(head).copied().collect();
    // Twice the rank, so that a mean of two ranks is a whole number.
    let rank = |value: u64| {
        let below = all.iter().filter(|other| **other < value).count();
        let same = all.iter().filter(|other| **other == value).count();
        2 * below + same + 1
    };
    let seen: usize = head.iter().map(|value| rank(*value)).sum();
    let ranks: Vec<usize> = all.iter().map(|value| rank(*value)).collect();
    let most: usize = ranks.iter().sum();
    // How many ways there are to choose so many of the ranks with that sum.
    let mut ways = vec![vec![0.0_f64; most + 1]; head.len() + 1];
    ways[0][0] = 1.0;
    for rank in ranks {
        for chosen in (1..=head.len()).rev() {
            let (fewer, more) = ways.split_at_mut(chosen);
            let (from, to) = (&fewer[chosen - 1], &mut more[0]);
            to[rank..].iter_mut().zip(from).for_each(|(to, from)| *to += from);
        }
    }
    let of = &ways[head.len()];
    of[seen..].iter().sum::<f64>() / of.iter().sum::<f64>()
}

/// By how much a number may differ before these repeats show it with a chance of four in five, as
/// a share of the base: it has to pass the tolerance, and to be more than chance.
pub(super) fn detectable(base: &[u64], head: &[u64], tolerance: f64) -> Option<f64> {
    let (of_base, of_head) = (Moments::of(base), Moments::of(head));
    let freedom = of_base.count + of_head.count - 2.0;
    let student = StudentsT::new(0.0, 1.0, freedom).ok()?;
    if of_base.mean <= 0.0 {
        return None;
    }
    let pooled = (of_base.squares + of_head.squares) / freedom;
    let error = (pooled * (1.0 / of_base.count + 1.0 / of_head.count)).sqrt() / of_base.mean;
    let power = student.inverse_cdf(POWER);
    // The medians that are held against the tolerance scatter more than means.
    let passes = tolerance + power * error * (std::f64::consts::PI / 2.0).sqrt();
    Some(passes.max((student.inverse_cdf(1.0 - LEVEL) + power) * error))
}

struct Moments {
    count: f64,
    mean: f64,
    /// The sum of the squared deviations.
    squares: f64,
}

impl Moments {
    #[expect(clippy::cast_precision_loss, reason = "a share of it is shown with two digits")]
    fn of(values: &[u64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().map(|value| *value as f64).sum::<f64>() / count;
        let squares = values.iter().map(|value| (*value as f64 - mean).powi(2)).sum();
        Self { count, mean, squares }
    }
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

    /// The least chances of the facts: one of 20, of 70 and of 252 orders.
    #[test]
    fn the_chance_of_the_clearest_order_is_one_of_all_orders() {
        for (count, orders) in [(3_u64, 20.0), (4, 70.0), (5, 252.0)] {
            let base: Vec<u64> = (0..count).collect();
            let head: Vec<u64> = (10..10 + count).collect();
            check_near(chance_of_greater(&base, &head), 1.0 / orders, 1e-12);
            check_near(chance_of_greater(&head, &base), 1.0, 1e-12);
        }
    }

    #[test]
    fn equal_samples_are_certain_and_ties_count_half() {
        check_near(chance_of_greater(&[7, 7, 7], &[7, 7, 7]), 1.0, 1e-12);
        // Five of ten are lower, and all of those stand on one side: C(10, 5) of C(20, 5).
        let head = [1, 1, 1, 1, 1, 2, 2, 2, 2, 2].map(|value| 3 - value);
        check_near(chance_of_greater(&[1; 10], &head), 252.0 / 15_504.0, 1e-12);
    }

    /// By hand from Student's table: t(0.99, 18) = 2.552 and t(0.80, 18) = 0.862.
    #[test]
    fn what_would_be_seen_follows_from_scatter_and_number() {
        // Ten values with a deviation of 5 of 100: their sum of squares is 9 times 25.
        let values: Vec<u64> = [9_526; 5].into_iter().chain([10_474; 5]).collect();
        let error = 0.05 * (2.0_f64 / 10.0).sqrt();
        check_near(detectable(&values, &values, 0.0).unwrap(), 3.414 * error, 2e-4);
        let tolerated = 0.3 + 0.862 * error * 1.2533;
        check_near(detectable(&values, &values, 0.3).unwrap(), tolerated, 2e-4);
        assert_eq!(detectable(&[0; 5], &[0; 5], 0.0), None, "a share of nothing");
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

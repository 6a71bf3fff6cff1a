//! A constant rate: even gaps.
//!
//! An offset comes from the job's index and not from the offset before, so that rounding does not
//! add up.

/// Milliseconds in a minute.
pub(super) const MINUTE_MS: u128 = 60_000;

/// When the job with this index arrives, counted from 0.
pub(super) fn offset_ms(index: u64, rate_per_minute: u64) -> u128 {
    u128::from(index) * MINUTE_MS / u128::from(rate_per_minute.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_minute_has_exactly_its_rate_of_arrivals(rate in 1_u64..60_000_000, minutes in 0_u64..60) {
            let at = |index| offset_ms(index, rate);
            let (start, end) = (u128::from(minutes) * MINUTE_MS, u128::from(minutes + 1) * MINUTE_MS);
            prop_assert_eq!(at(minutes * rate), start);
            prop_assert!(at((minutes + 1) * rate - 1) < end);
            prop_assert_eq!(at((minutes + 1) * rate), end);
        }
    }
}

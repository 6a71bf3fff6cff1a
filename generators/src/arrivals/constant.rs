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
        fn a_minute_has_exactly_its_rate_of_arrivals(
            rate in 1_u64..60_000_000,
            minute in 0_u64..60,
        ) {
            let at = |index| offset_ms(index, rate);
            let begins = |minute| u128::from(minute) * MINUTE_MS;
            prop_assert_eq!(at(minute * rate), begins(minute));
            prop_assert!(at((minute + 1) * rate - 1) < begins(minute + 1));
            prop_assert_eq!(at((minute + 1) * rate), begins(minute + 1));
        }
    }
}

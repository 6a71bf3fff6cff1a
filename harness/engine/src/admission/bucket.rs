//! A token bucket: a level that time refills, up to what the bucket holds.
//!
//! Everything is whole: whoever uses a bucket chooses a unit of which a microsecond refills a whole
//! number, so that no rounding adds up. A level may be overdrawn, and recovers as any other.

/// A bucket, in units of its user's choice.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    capacity: i128,
    per_us: i128,
    level: i128,
    at_us: u64,
}

impl Bucket {
    /// A bucket with this level at this moment.
    pub const fn new(capacity: i128, per_us: i128, level: i128, at_us: u64) -> Self {
        Self { capacity, per_us, level, at_us }
    }

    /// A bucket that is full when time begins.
    pub const fn full(capacity: i128, per_us: i128) -> Self {
        Self::new(capacity, per_us, capacity, 0)
    }

    /// What is in it at a moment.
    pub fn level(&self, now_us: u64) -> i128 {
        let refilled = i128::from(now_us.saturating_sub(self.at_us)) * self.per_us;
        (self.level + refilled).min(self.capacity)
    }

    /// Adds to it, as far as it holds that.
    pub fn add(&mut self, amount: i128) {
        self.level = (self.level + amount).min(self.capacity);
    }

    /// Takes from it, whether or not there is enough.
    pub fn take(&mut self, now_us: u64, amount: i128) {
        self.level = self.level(now_us) - amount;
        self.at_us = self.at_us.max(now_us);
    }

    /// Microseconds until there is this much in it; none where that will never be.
    pub fn wait_us(&self, now_us: u64, amount: i128) -> Option<u64> {
        let missing = amount - self.level(now_us);
        if missing <= 0 {
            return Some(0);
        }
        if self.per_us == 0 {
            return None;
        }
        let wait_us = (missing + self.per_us - 1) / self.per_us;
        Some(u64::try_from(wait_us).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_comes_back_and_never_more_than_it_holds() {
        let mut bucket = Bucket::full(10, 2);
        bucket.take(0, 7);
        assert_eq!([0, 1, 2, 9].map(|now_us| bucket.level(now_us)), [3, 5, 7, 10]);
        bucket.add(100);
        assert_eq!(bucket.level(0), 10);
    }

    #[test]
    fn the_wait_is_just_long_enough_also_where_it_is_overdrawn() {
        let mut bucket = Bucket::full(10, 3);
        bucket.take(5, 15);
        assert_eq!(bucket.wait_us(5, 2), Some(3), "seven are missing, three come back at once");
        assert!(bucket.level(8) >= 2 && bucket.level(7) < 2);
        assert_eq!(Bucket::new(10, 0, 1, 0).wait_us(99, 2), None);
    }
}

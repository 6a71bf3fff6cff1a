//! What there is a certain number of, such as cores or bytes, and what threads take of it and give
//! back.
//!
//! Invariant: whoever wants more than there is gets all of it, and is then alone.

use parking_lot::{Condvar, Mutex};

/// A number of things that can be taken.
#[derive(Debug)]
pub struct Permits {
    all: u64,
    left: Mutex<u64>,
    returned: Condvar,
}

/// What was taken; dropped, it is given back.
#[derive(Debug)]
pub struct Taken<'a> {
    from: &'a Permits,
    number: u64,
}

impl Permits {
    /// As many as this, none of them taken.
    pub const fn new(all: u64) -> Self {
        Self { all, left: Mutex::new(all), returned: Condvar::new() }
    }

    /// How many there are, taken or not.
    pub const fn all(&self) -> u64 {
        self.all
    }

    /// Takes some, as soon as that many are left.
    pub fn take(&self, number: u64) -> Taken<'_> {
        let number = number.min(self.all);
        let mut left = self.left.lock();
        self.returned.wait_while(&mut left, |left| *left < number);
        *left -= number;
        Taken { from: self, number }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        *self.from.left.lock() += self.number;
        self.from.returned.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    use super::*;

    /// The most that was in use while eight threads each took this many of ten.
    fn check(number: u64) -> u64 {
        let (permits, used, most) = (Permits::new(10), AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let _taken = permits.take(number);
                        let now = used.fetch_add(number, Ordering::SeqCst) + number;
                        most.fetch_max(now, Ordering::SeqCst);
                        thread::yield_now();
                        used.fetch_sub(number, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(*permits.left.lock(), 10, "everything was given back");
        most.into_inner()
    }

    #[test]
    fn no_more_is_taken_at_once_than_there_is() {
        assert!(check(3) <= 9);
    }

    #[test]
    fn who_wants_more_than_there_is_is_alone() {
        assert_eq!(check(11), 11);
    }
}

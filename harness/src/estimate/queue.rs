//! What happens when: the moments of a forecast in the order of their times, and of their making
//! where the times are equal.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Moments to come.
#[derive(Debug)]
pub(super) struct Queue<T> {
    moments: BinaryHeap<Reverse<(u64, u64, T)>>,
    made: u64,
}

impl<T: Ord> Queue<T> {
    /// Nothing to come.
    pub(super) fn new() -> Self {
        Self { moments: BinaryHeap::new(), made: 0 }
    }

    /// Something will happen at a time.
    pub(super) fn add(&mut self, at_us: u64, what: T) {
        self.moments.push(Reverse((at_us, self.made, what)));
        self.made += 1;
    }

    /// The next moment, with its time.
    pub(super) fn next(&mut self) -> Option<(u64, T)> {
        self.moments.pop().map(|Reverse((at_us, _, what))| (at_us, what))
    }
}

//! Work on a list, several items at a time: begun in order, and handed out in order.
//!
//! Whoever gets the results cannot tell how many threads there were: not by their order, and not by
//! which failure comes first.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use parking_lot::Mutex;

/// Does `work` on each item, `at_once` at a time, and gives each result to `each` on this thread.
/// After a break no item is begun any more, and what is under way is waited for and dropped.
///
/// An item is begun when `admit` lets it; what that gives is held until `each` has the result, so
/// that results which wait for their turn count as well.
pub fn in_order<'a, T: Sync, P: Send, R: Send>(
    at_once: usize,
    items: &'a [T],
    admit: impl Fn(&'a T) -> P + Sync,
    work: impl Fn(usize, &'a T) -> R + Sync,
    mut each: impl FnMut(R) -> ControlFlow<()>,
) {
    if at_once <= 1 {
        let mut results = items.iter().enumerate().map(|(index, item)| work(index, item));
        // A break is the end: the next item is not even begun.
        let _ = results.try_for_each(each);
        return;
    }
    let (next, stopped) = (Mutex::new(0), AtomicBool::new(false));
    let take = |results: Sender<(usize, P, thread::Result<R>)>| {
        while let Some((index, permit)) = begin(items, &next, &admit) {
            if stopped.load(Ordering::Relaxed) {
                return;
            }
            // A panic has its turn too: whoever waits for this item would wait indefinitely.
            let result = catch_unwind(AssertUnwindSafe(|| work(index, &items[index])));
            // Nobody waits for it after a break.
            let _ = results.send((index, permit, result));
        }
    };
    thread::scope(|scope| {
        let (results, ended) = channel();
        for _ in 0..at_once.min(items.len()) {
            let results = results.clone();
            scope.spawn(|| take(results));
        }
        drop(results);
        let mut early = BTreeMap::new();
        let mut expected = 0;
        for (index, permit, result) in ended {
            early.insert(index, (permit, result));
            while let Some((_permit, result)) = early.remove(&expected) {
                expected += 1;
                let result = result.unwrap_or_else(|panic| {
                    stopped.store(true, Ordering::Relaxed);
                    resume_unwind(panic)
                });
                if each(result).is_break() {
                    stopped.store(true, Ordering::Relaxed);
                    return;
                }
            }
        }
    });
}

/// The next item that is to be done, once it may begin: nobody goes first because less is asked
/// of it, or the first ones would wait for what holds everything and waits for them.
fn begin<'a, T, P>(
    items: &'a [T],
    next: &Mutex<usize>,
    admit: &impl Fn(&'a T) -> P,
) -> Option<(usize, P)> {
    let mut next = next.lock();
    let index = *next;
    let permit = admit(items.get(index)?);
    *next += 1;
    Some((index, permit))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::process::measure::rest;
    use crate::process::permits::Permits;

    /// What is handed out of twenty items, the first of which take longest, until one is `last`.
    fn check(at_once: usize, last: usize) -> Vec<usize> {
        let items: Vec<usize> = (0..20).collect();
        let (room, mut seen) = (Permits::new(3), Vec::new());
        let work = |index: usize, item: &usize| {
            rest(Duration::from_millis(20 - *item as u64));
            assert_eq!(index, *item);
            *item
        };
        in_order(
            at_once,
            &items,
            |_| room.take(1),
            work,
            |item| {
                seen.push(item);
                if item == last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
        seen
    }

    #[test]
    fn results_come_in_the_order_of_the_items_however_many_threads_there_are() {
        for at_once in [0, 1, 2, 8, 40] {
            assert_eq!(check(at_once, 99), (0..20).collect::<Vec<_>>(), "{at_once} threads");
        }
    }

    #[test]
    #[should_panic(expected = "the second")]
    fn a_panic_comes_in_its_turn_and_as_it_was() {
        let room = Permits::new(3);
        let work = |index: usize, (): &()| assert_ne!(index, 1, "the second");
        in_order(8, &[(); 20], |()| room.take(1), work, |()| ControlFlow::Continue(()));
    }

    #[test]
    fn a_break_is_the_end_and_nothing_hangs() {
        for at_once in [1, 2, 8] {
            assert_eq!(check(at_once, 5), (0..6).collect::<Vec<_>>(), "{at_once} threads");
        }
    }
}

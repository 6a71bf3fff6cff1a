//! The page of the warped clock under every order of two or three threads, each with as many turns
//! as matter: a moment is read whole, one of two changes takes hold, and no thread sees time go
//! back.
#![cfg(test)]

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use loom::sync::Arc;
use loom::thread;

#[allow(dead_code, reason = "a part of the page that ships")]
mod page {
    include!(concat!(env!("OUT_DIR"), "/page.rs"));

    use std::array::from_fn;

    impl Page {
        /// What a page is that the system has just given.
        pub(crate) fn zero() -> Self {
            let long = || AtomicU64::new(0);
            let time = || AtomicI64::new(0);
            let slot = |_| Slot {
                ticket: long(),
                real: time(),
                virt: time(),
                factor: time(),
                then_at: time(),
                then_factor: time(),
            };
            Self {
                magic: long(),
                current: long(),
                tickets: long(),
                latest: time(),
                offsets: from_fn(|_| time()),
                slice: time(),
                speed: time(),
                began: time(),
                looked: time(),
                computing: time(),
                asides: long(),
                aside_of: AtomicU32::new(0),
                arrivals: long(),
                strangers: long(),
                stranger: from_fn(|_| long()),
                processes: from_fn(|_| AtomicU32::new(0)),
                waiting: from_fn(|_| AtomicU32::new(0)),
                dues_used: long(),
                due_of: from_fn(|_| AtomicU32::new(0)),
                dues: from_fn(|_| time()),
                slots: from_fn(slot),
            }
        }
    }
}

use page::{Moment, NEVER, Page};

/// Tries every order of threads, with at most three turns taken away from one that could go on.
/// What is compared runs on threads of its own: from the first one the model takes no turn away.
fn check(threads: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    let orders = std::sync::Arc::new(AtomicU64::new(0));
    let counted = std::sync::Arc::clone(&orders);
    model.check(move || {
        counted.fetch_add(1, Relaxed);
        threads();
    });
    let orders = orders.load(Relaxed);
    assert!(orders >= 10, "{orders} orders prove nothing");
}

fn page() -> Arc<Page> {
    let page = Page::zero();
    page.begin(0, 1, 10);
    Arc::new(page)
}

/// A moment all of whose parts say which one it is.
fn marked(mark: i64) -> Moment {
    Moment { real: mark, virt: mark, factor: mark, then_at: mark, then_factor: mark }
}

#[test]
fn a_moment_is_read_whole_while_its_slot_is_used_again() {
    check(|| {
        let page = page();
        let writer = Arc::clone(&page);
        let writing = thread::spawn(move || {
            // Two slots: the second of these takes the place of the first moment.
            for mark in 1..=2 {
                let (ticket, _) = writer.moment();
                assert!(writer.replace(ticket, &marked(mark)));
            }
        });
        let reading = thread::spawn(move || {
            let (_, read) = page.moment();
            let first = Moment { real: 0, virt: 0, factor: 1, then_at: NEVER, then_factor: 1 };
            assert!(read == first || read == marked(read.real), "{read:?}");
        });
        writing.join().expect("nobody panicked");
        reading.join().expect("nobody panicked");
    });
}

#[test]
fn of_two_changes_of_one_moment_one_takes_hold() {
    check(|| {
        let page = page();
        let (ticket, _) = page.moment();
        let changing = [1, 2].map(|mark| {
            let page = Arc::clone(&page);
            thread::spawn(move || page.replace(ticket, &marked(mark)))
        });
        let [first, second] = changing.map(|thread| thread.join().expect("nobody panicked"));
        assert!(first != second, "{first} and {second}");
        assert_eq!(page.moment().1, marked(if first { 1 } else { 2 }));
    });
}

#[test]
fn no_thread_sees_time_go_back_when_the_clock_is_slowed_down() {
    check(|| {
        let page = page();
        assert!(page.announce(page.moment().0, 2, 10));
        let slower = Arc::clone(&page);
        let slowing = thread::spawn(move || slower.slow_down(Some(12), || 3));
        let reader = Arc::clone(&page);
        let reading = thread::spawn(move || {
            let first = reader.now(|| 4);
            let second = reader.now(|| 5);
            assert!(second >= first, "{second} after {first}");
            second
        });
        slowing.join().expect("nobody panicked");
        let seen = reading.join().expect("nobody panicked");
        // What one thread was given holds for all who come after it.
        let after = page.now(|| 5);
        assert!(after >= seen, "{after} after {seen}");
    });
}

#[test]
fn two_threads_that_wait_have_a_place_each_and_give_it_back() {
    check(|| {
        let page = page();
        let waiting = [10, 20].map(|due| {
            let page = Arc::clone(&page);
            thread::spawn(move || page.wait_for(7, due).expect("there are two places"))
        });
        let [first, second] = waiting.map(|thread| thread.join().expect("nobody panicked"));
        assert_ne!(first, second);
        assert_eq!(page.wait_for(9, 30), None);
        page.announce(page.moment().0, 0, 10);
        assert_eq!(page.now(|| 9), 10, "the clock stands still at the earliest");
        page.stop_waiting(first);
        assert_eq!(page.now(|| 9), 20);
        assert!(page.wait_for(9, 30).is_some());
    });
}

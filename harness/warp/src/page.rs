//! The page: the one clock that all processes share.
//!
//! Virtual time is a piecewise-linear function of the machine's monotonic clock. A [`Moment`] is
//! one piece of it, with the change that is announced for later. Moments are never changed: a new
//! one is written into a free slot and takes the place of the current one by a single
//! compare-and-swap, so that a process that is killed half-way leaves nothing locked.
//!
//! The clock never runs backwards. Slowing down takes hold at once, and what readers were given
//! while the clock ran fast is in `latest`, below which nobody is given anything any more.
//!
//! Nor does a fast clock run past anybody: whoever waits for a time has it in `dues`, and until it
//! has woken the clock stands still there. So it does not matter how late the machine wakes a
//! thread, or whether it knows yet that the clock runs fast.
//!
//! This file is compiled twice: into the library, and into the object that is preloaded.

use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicI64, AtomicU32, AtomicU64};

/// What the first word of a page of this layout is.
pub const MAGIC: u64 = 0x7761_7270_0000_0001;

/// Where a process finds the page, by its environment.
pub const VARIABLE: &core::ffi::CStr = c"CHAOS_WARP_PAGE";

/// Processes that are known at once.
pub const PROCESSES: usize = 4096;

/// Threads whose time is known at once, of those that wait for one.
pub const DUES: usize = 4096;

/// Slots for moments: far more than there are threads that could write at the same instant.
const MOMENTS: usize = 1024;

/// A point in time that never comes.
pub const NEVER: i64 = i64::MAX;

/// The clocks that have an offset of their own from the monotonic one.
pub const CLOCKS: usize = 12;

/// One piece of the clock, and the next one where it is announced. Times are nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Where the piece begins on the machine's monotonic clock.
    pub real: i64,
    /// What the virtual clock says there.
    pub virt: i64,
    /// How fast it runs from there on.
    pub factor: i64,
    /// Where on the machine's clock it changes its pace, or [`NEVER`].
    pub then_at: i64,
    /// How fast it runs after that.
    pub then_factor: i64,
}

impl Moment {
    /// The virtual time at a moment of the machine's clock.
    pub fn virt_at(&self, real: i64) -> i64 {
        let first = real.min(self.then_at).saturating_sub(self.real).max(0);
        let second = real.saturating_sub(self.then_at).max(0);
        self.virt + first.saturating_mul(self.factor) + second.saturating_mul(self.then_factor)
    }

    /// When the virtual clock will say this, if nothing else changes.
    pub fn real_at(&self, virt: i64) -> i64 {
        let missing = virt.saturating_sub(self.virt);
        let direct = self.real.saturating_add(divide(missing, self.factor));
        if direct <= self.then_at {
            return direct;
        }
        let first = self.then_at.saturating_sub(self.real).saturating_mul(self.factor);
        self.then_at.saturating_add(divide(missing.saturating_sub(first), self.then_factor))
    }

    /// The virtual time at which the piece began that a moment of the machine's clock is in.
    fn began_virt(&self, real: i64) -> i64 {
        if real < self.then_at { self.virt } else { self.virt_at(self.then_at) }
    }

    /// How fast the clock runs at a moment of the machine's clock.
    pub fn factor_at(&self, real: i64) -> i64 {
        if real < self.then_at { self.factor } else { self.then_factor }
    }

    /// Whether it runs at real speed and nothing else is announced.
    pub fn is_slow(&self) -> bool {
        self.factor == 1 && self.then_at == NEVER
    }
}

/// Rounded up: who wakes a nanosecond early finds that it has not come yet.
fn divide(virt: i64, factor: i64) -> i64 {
    if factor <= 1 { virt } else { virt / factor + i64::from(virt % factor > 0) }
}

/// A moment in its slot. The ticket says which one it is, and is nothing while it is written.
#[repr(C)]
struct Slot {
    ticket: AtomicU64,
    real: AtomicI64,
    virt: AtomicI64,
    factor: AtomicI64,
    then_at: AtomicI64,
    then_factor: AtomicI64,
}

/// The page. All of it may be zero, which is the page of nobody.
#[repr(C)]
pub struct Page {
    magic: AtomicU64,
    /// The ticket of the current moment.
    current: AtomicU64,
    tickets: AtomicU64,
    /// The latest virtual time that anybody was given while the clock ran fast.
    latest: AtomicI64,
    /// How far each clock is ahead of the monotonic one.
    pub offsets: [AtomicI64; CLOCKS],
    /// How long a thread may wait at real speed before it looks at the page again.
    pub slice: AtomicI64,
    /// The factor while all wait.
    pub speed: AtomicI64,
    /// The machine's clock and the virtual one when the page was made.
    pub began: AtomicI64,
    /// The machine's clock when somebody last looked at what the processes compute.
    pub looked: AtomicI64,
    /// Real time in which some process was computing.
    pub computing: AtomicI64,
    /// Counts the beginnings and ends of what does not count as computing.
    pub asides: AtomicU64,
    /// The process that does it.
    pub aside_of: AtomicU32,
    /// Processes that have registered, ever.
    pub arrivals: AtomicU64,
    /// Processes below the harness that ran without this clock, ever.
    pub strangers: AtomicU64,
    /// The name of the first of them, as the system has it.
    pub stranger: [AtomicU64; 2],
    /// The processes that follow this clock; 0 is a free place.
    pub processes: [AtomicU32; PROCESSES],
    /// How many threads of each of them wait in pieces at this moment.
    pub waiting: [AtomicU32; PROCESSES],
    /// Places of `dues` that have ever been used: none behind them has to be looked at.
    dues_used: AtomicU64,
    /// Whose thread each of them is; 0 is a free place.
    due_of: [AtomicU32; DUES],
    /// What threads wait for.
    dues: [AtomicI64; DUES],
    slots: [Slot; MOMENTS],
}

impl core::fmt::Debug for Page {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_tuple("Page").field(&self.moment()).finish()
    }
}

impl Page {
    /// Begins the clock: virtual time is real time at this moment.
    pub fn begin(&self, real: i64, slice: i64, speed: i64) {
        self.slice.store(slice, Relaxed);
        self.speed.store(speed, Relaxed);
        self.began.store(real, Relaxed);
        self.looked.store(real, Relaxed);
        self.latest.store(i64::MIN, Relaxed);
        self.dues.iter().for_each(|due| due.store(NEVER, Relaxed));
        let start = Moment { real, virt: real, factor: 1, then_at: NEVER, then_factor: 1 };
        // The first ticket replaces the one that no slot has.
        self.replace(0, &start);
        self.magic.store(MAGIC, Release);
    }

    /// Whether this is a page of this layout.
    pub fn is_valid(&self) -> bool {
        self.magic.load(Acquire) == MAGIC
    }

    /// The current moment and its ticket.
    pub fn moment(&self) -> (u64, Moment) {
        loop {
            let ticket = self.current.load(Acquire);
            let slot = &self.slots[slot_of(ticket)];
            let moment = Moment {
                real: slot.real.load(Acquire),
                virt: slot.virt.load(Acquire),
                factor: slot.factor.load(Acquire),
                then_at: slot.then_at.load(Acquire),
                then_factor: slot.then_factor.load(Acquire),
            };
            // Used for another moment in between, its ticket has changed.
            if slot.ticket.load(Acquire) == ticket {
                return (ticket, moment);
            }
            core::hint::spin_loop();
        }
    }

    /// Puts another moment in the place of one, unless somebody else has done that.
    pub fn replace(&self, ticket: u64, moment: &Moment) -> bool {
        let mine = self.tickets.fetch_add(1, AcqRel) + 1;
        let slot = &self.slots[slot_of(mine)];
        slot.ticket.swap(0, AcqRel);
        slot.real.store(moment.real, Release);
        slot.virt.store(moment.virt, Release);
        slot.factor.store(moment.factor, Release);
        slot.then_at.store(moment.then_at, Release);
        slot.then_factor.store(moment.then_factor, Release);
        slot.ticket.store(mine, Release);
        self.current.compare_exchange(ticket, mine, AcqRel, Acquire).is_ok()
    }

    /// The virtual time.
    pub fn now(&self, real: impl Fn() -> i64) -> i64 {
        loop {
            let (ticket, moment) = self.moment();
            let real = real();
            let fast = moment.factor_at(real) > 1;
            let mut virt = moment.virt_at(real);
            if fast {
                virt = virt.min(self.earliest(moment.began_virt(real)));
            }
            if self.current.load(Acquire) != ticket {
                continue;
            }
            return if fast {
                self.latest.fetch_max(virt, AcqRel).max(virt)
            } else {
                virt.max(self.latest())
            };
        }
    }

    /// The latest virtual time that anybody was given while the clock ran fast.
    pub fn latest(&self) -> i64 {
        self.latest.load(Acquire)
    }

    /// Writes down that a thread of this process waits for a time; gives the place of that, or
    /// nothing where there is none left.
    pub fn wait_for(&self, process: u32, due: i64) -> Option<usize> {
        let free = |of: &AtomicU32| {
            of.load(Relaxed) == 0 && of.compare_exchange(0, process, AcqRel, Relaxed).is_ok()
        };
        let at = self.due_of.iter().position(free)?;
        self.dues_used.fetch_max(at as u64 + 1, AcqRel);
        self.dues[at].store(due, Release);
        Some(at)
    }

    /// Makes a place free: its thread waits no more.
    pub fn stop_waiting(&self, at: usize) {
        self.dues[at].store(NEVER, Release);
        self.due_of[at].store(0, Release);
    }

    /// Makes the places of a process free that has ended, or whose program has.
    pub fn stop_all(&self, process: u32) {
        for at in 0..self.used() {
            if self.due_of[at].load(Acquire) == process {
                self.stop_waiting(at);
            }
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "it is the number of places, at most")]
    fn used(&self) -> usize {
        self.dues_used.load(Acquire) as usize
    }

    /// The earliest time that anybody waits for, of those after a piece of the clock has begun:
    /// an earlier one has come at real speed, or is of a thread that has left its wait sideways.
    fn earliest(&self, began: i64) -> i64 {
        let dues = self.dues[..self.used()].iter().map(|due| due.load(Acquire));
        dues.filter(|due| *due >= began).min().unwrap_or(NEVER)
    }

    /// Puts the clock back to real speed, because somebody is about to compute: to the earliest
    /// time that anybody waits for. How late the machine woke a thread is then no time at all,
    /// unless somebody has seen a later one.
    pub fn slow_down(&self, due: Option<i64>, real: impl Fn() -> i64) {
        loop {
            let (ticket, moment) = self.moment();
            if moment.is_slow() {
                return;
            }
            let real = real();
            let fast = moment.factor_at(real) > 1;
            let reached = moment.virt_at(real);
            let virt = if fast {
                // Never before where the fast piece began: that was seen at real speed.
                let began = moment.began_virt(real);
                let due = due.unwrap_or(NEVER).min(self.earliest(began));
                due.max(began).max(self.latest()).min(reached.max(self.latest()))
            } else {
                reached
            };
            let slow = Moment { real, virt, factor: 1, then_at: NEVER, then_factor: 1 };
            if self.replace(ticket, &slow) {
                return;
            }
        }
    }

    /// Announces that the clock runs faster from `at` on. `slow` is the ticket of the moment that
    /// the decision is based on: if anybody has woken since, nothing happens.
    pub fn announce(&self, slow: u64, at: i64, factor: i64) -> bool {
        let (ticket, moment) = self.moment();
        if ticket != slow || !moment.is_slow() {
            return false;
        }
        self.replace(ticket, &Moment { then_at: at, then_factor: factor, ..moment })
    }

    /// Enters a process, once, and gives its place; nothing where there is none left.
    pub fn register(&self, process: u32) -> Option<usize> {
        let start = process as usize % PROCESSES;
        for step in 0..PROCESSES {
            let at = (start + step) % PROCESSES;
            let place = &self.processes[at];
            let there = place.load(Acquire);
            if there == process {
                return Some(at);
            }
            if there == 0 && place.compare_exchange(0, process, AcqRel, Acquire).is_ok() {
                self.waiting[at].store(0, Release);
                self.arrivals.fetch_add(1, AcqRel);
                return Some(at);
            }
        }
        None
    }
}

#[expect(clippy::cast_possible_truncation, reason = "it is smaller than the number of slots")]
fn slot_of(ticket: u64) -> usize {
    (ticket % MOMENTS as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::AtomicBool;
    use std::thread;
    use std::time::Instant;

    const SECOND: i64 = 1_000_000_000;

    fn page() -> Box<Page> {
        // SAFETY: all of a page may be zero.
        let page: Box<Page> = unsafe { Box::new_zeroed().assume_init() };
        page.begin(0, SECOND / 1000, 60);
        page
    }

    #[test]
    fn time_is_real_until_the_announced_moment_and_fast_after_it() {
        let page = page();
        let (ticket, slow) = page.moment();
        assert!(slow.is_slow() && page.announce(ticket, 2 * SECOND, 60));
        let (_, moment) = page.moment();
        for (real, virt) in [(1, 1), (2, 2), (3, 62), (4, 122)] {
            assert_eq!(moment.virt_at(real * SECOND), virt * SECOND);
            assert_eq!(moment.real_at(virt * SECOND), real * SECOND);
        }
        assert!(!page.announce(ticket, 9 * SECOND, 60), "it is another moment by now");
    }

    #[test]
    fn who_wakes_late_wakes_at_its_time_unless_somebody_has_seen_a_later_one() {
        for (seen, expected) in [(None, 62), (Some(3), 62), (Some(4), 122)] {
            let page = page();
            page.announce(page.moment().0, 2 * SECOND, 60);
            if let Some(seen) = seen {
                page.now(|| seen * SECOND);
            }
            page.slow_down(Some(62 * SECOND), || 5 * SECOND);
            assert!(page.moment().1.is_slow());
            assert_eq!(page.now(|| 5 * SECOND), expected * SECOND, "{seen:?}");
        }
    }

    #[test]
    fn a_fast_clock_stands_still_at_the_earliest_time_that_anybody_waits_for() {
        let page = page();
        let first = page.wait_for(7, 10 * SECOND).unwrap();
        page.wait_for(8, 100 * SECOND).unwrap();
        page.wait_for(7, SECOND).unwrap();
        page.announce(page.moment().0, 2 * SECOND, 60);
        assert_eq!(page.now(|| 9 * SECOND), 10 * SECOND, "the one before is not asked for");
        page.slow_down(Some(100 * SECOND), || 9 * SECOND);
        assert_eq!(page.now(|| 10 * SECOND), 11 * SECOND);
        page.stop_waiting(first);
        page.announce(page.moment().0, 10 * SECOND, 60);
        assert_eq!(page.now(|| 11 * SECOND), 71 * SECOND);
        page.stop_all(8);
        assert_eq!(page.now(|| 13 * SECOND), 191 * SECOND);
    }

    #[test]
    fn what_ends_an_announcement_before_it_takes_hold_changes_no_time() {
        let page = page();
        page.announce(page.moment().0, 2 * SECOND, 60);
        page.slow_down(None, || SECOND);
        assert_eq!(page.now(|| 5 * SECOND), 5 * SECOND);
    }

    #[test]
    fn no_thread_ever_sees_time_go_back() {
        let page = page();
        let began = Instant::now();
        let real = || i64::try_from(began.elapsed().as_nanos()).unwrap();
        let (done, seen_fast) = (AtomicBool::new(false), AtomicU64::new(0));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut last = i64::MIN;
                    while !done.load(Relaxed) {
                        let now = page.now(real);
                        assert!(now >= last, "{now} after {last}");
                        last = now;
                        seen_fast.fetch_add(u64::from(now == page.latest()), Relaxed);
                    }
                });
            }
            let mut round = 0;
            // As often as it takes on a busy machine until the readers were there.
            while round < 20_000 || seen_fast.load(Relaxed) < 100 {
                round += 1;
                page.announce(page.moment().0, real(), 60);
                thread::yield_now();
                let due = if round % 2 == 0 { None } else { Some(page.latest()) };
                page.slow_down(due, real);
            }
            done.store(true, Relaxed);
        });
    }

    #[test]
    fn a_process_is_entered_once_and_thousands_have_a_place() {
        let page = page();
        for process in (1..=3000).chain(1..=3000) {
            page.register(process * 7);
        }
        let there = page.processes.iter().filter(|place| place.load(Relaxed) != 0).count();
        assert_eq!((there, page.arrivals.load(Relaxed)), (3000, 3000));
    }
}

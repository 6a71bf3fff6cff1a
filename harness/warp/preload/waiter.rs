//! The thread that waits for the timers of a process, and the table of them.
//!
//! The system cannot be told of another clock, so a thread of the process waits in its place and
//! has the real timer go off at once when its virtual time has come. The thread is started by the
//! first timer; a process without one has none. Nothing here takes a lock, because `alarm` may be
//! called in a signal handler: whoever sets a timer waits, at most, until one has gone off.

use core::ffi::{c_int, c_long, c_ulong, c_void};
use core::ptr::{null, null_mut};
use core::sync::atomic::Ordering::{AcqRel, Acquire, Release, SeqCst};
use core::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64};

use crate::kernel::kernel;
use crate::page::{NEVER, Page};
use crate::polls::ready_within;
use crate::system::{Itimerspec, Itimerval, Timespec, Timeval, real};
use crate::time::Due;

/// Timers of a process that can be set at once; further ones run in real time.
const TIMERS: usize = 256;

/// A timer of the process stays set in real time as well, this much later: a program that another
/// one takes the place of keeps it, but loses the thread.
pub(crate) const SPARE: i64 = 10_000_000_000;

pub(crate) const ITIMER_REAL: c_int = 0;

/// What a timer is known by: its kind, and the system's number of it.
const FREE: u64 = 0;
pub(crate) const OF_PROCESS: u64 = 1;
const DESCRIPTOR: u64 = 1 << 62;
const SINGLE: u64 = 1 << 63;

pub(crate) struct Timer {
    name: AtomicU64,
    /// Its clock, with one added; nothing where that is not known.
    pub(crate) clock: AtomicU32,
    /// The virtual time at which it goes off.
    due: AtomicI64,
    interval: AtomicI64,
    /// Times that it went off while nobody had read the last one.
    missed: AtomicU64,
    /// It is going off at this moment.
    firing: AtomicBool,
}

#[expect(clippy::declare_interior_mutable_const, reason = "what each place of the table is first")]
const NONE: Timer = Timer {
    name: AtomicU64::new(FREE),
    clock: AtomicU32::new(0),
    due: AtomicI64::new(NEVER),
    interval: AtomicI64::new(0),
    missed: AtomicU64::new(0),
    firing: AtomicBool::new(false),
};

static ALL: [Timer; TIMERS] = [NONE; TIMERS];

/// Whether the thread is there.
static STARTED: AtomicBool = AtomicBool::new(false);

/// Changes with every timer that is set; the thread waits for that.
static CHANGES: AtomicU32 = AtomicU32::new(0);

/// A copy of a process has neither its timers nor its thread.
pub(crate) fn forget() {
    ALL.iter().for_each(release);
    STARTED.store(false, Release);
}

/// Takes over a timer of the process that the program before this one has set.
pub(crate) fn take_over(page: &'static Page) {
    let mut left = Itimerval { interval: Timeval::of(0), value: Timeval::of(0) };
    // SAFETY: a place of ours.
    unsafe { real!(getitimer(c_int, *mut Itimerval) -> c_int; ITIMER_REAL, &raw mut left) };
    if left.value.whole() > 0 {
        let due = page.after(left.value.whole().saturating_sub(SPARE).max(1));
        set(page, OF_PROCESS, due, left.interval.whole());
    }
}

pub(crate) fn find(name: u64) -> Option<&'static Timer> {
    ALL.iter().find(|timer| timer.name.load(Acquire) == name)
}

pub(crate) fn find_or_take(name: u64) -> Option<&'static Timer> {
    find(name).or_else(|| {
        let free =
            |timer: &&Timer| timer.name.compare_exchange(FREE, name, AcqRel, Acquire).is_ok();
        ALL.iter().find(free)
    })
}

pub(crate) fn release(timer: &Timer) {
    stop(timer);
    timer.clock.store(0, Release);
    timer.name.store(FREE, Release);
}

/// Makes sure that a timer does not go off any more.
pub(crate) fn stop(timer: &Timer) {
    timer.due.store(NEVER, SeqCst);
    timer.interval.store(0, SeqCst);
    timer.missed.store(0, SeqCst);
    while timer.firing.load(SeqCst) {
        core::hint::spin_loop();
    }
}

/// Sets a timer, or stops it where `due` is never. Whether there was a place for it.
pub(crate) fn set(page: &'static Page, name: u64, due: i64, interval: i64) -> bool {
    let timer = if due == NEVER { find(name) } else { find_or_take(name) };
    let Some(timer) = timer else { return due == NEVER };
    stop(timer);
    timer.interval.store(interval, SeqCst);
    timer.due.store(due, SeqCst);
    if due != NEVER {
        if !STARTED.swap(true, AcqRel) && !start(page) {
            STARTED.store(false, Release);
            release(timer);
            return false;
        }
        CHANGES.fetch_add(1, AcqRel);
        // SAFETY: the word is there as long as the process.
        unsafe { futex(1, 1, null()) };
    }
    true
}

/// What is left of a timer, and its interval.
pub(crate) fn left(page: &Page, name: u64) -> (i64, i64) {
    let Some(timer) = find(name) else { return (0, 0) };
    let (due, interval) = (timer.due.load(SeqCst), timer.interval.load(SeqCst));
    // One that is about to go off is not one that is off.
    if due == NEVER { (0, interval) } else { ((due - page.virt()).max(1), interval) }
}

unsafe fn futex(command: c_ulong, value: u32, time: *const Timespec) -> c_long {
    #[cfg(target_arch = "x86_64")]
    const SYS_FUTEX: c_long = 202;
    #[cfg(target_arch = "aarch64")]
    const SYS_FUTEX: c_long = 98;
    const PRIVATE: c_ulong = 128;
    let word = CHANGES.as_ptr() as c_ulong;
    // SAFETY: the word is there as long as the process; the time is the caller's.
    unsafe {
        kernel(SYS_FUTEX, [word, command | PRIVATE, c_ulong::from(value), time as c_ulong, 0, 0])
    }
}

unsafe extern "C" {
    fn pthread_create(
        thread: *mut usize,
        attributes: *const c_void,
        run: extern "C" fn(*mut c_void) -> *mut c_void,
        argument: *mut c_void,
    ) -> c_int;
    fn pthread_detach(thread: usize) -> c_int;
    fn pthread_sigmask(how: c_int, set: *const [u64; 16], old: *mut [u64; 16]) -> c_int;
}

/// Starts the thread, which no signal is delivered to.
fn start(page: &'static Page) -> bool {
    const SIG_SETMASK: c_int = 2;
    let (all, mut before, mut thread) = ([u64::MAX; 16], [0; 16], 0);
    let argument = core::ptr::from_ref(page).cast_mut().cast();
    // SAFETY: places of ours; the page stays mapped as long as the process.
    unsafe {
        pthread_sigmask(SIG_SETMASK, &raw const all, &raw mut before);
        let failed = pthread_create(&raw mut thread, null(), run, argument);
        if failed == 0 {
            pthread_detach(thread);
        }
        pthread_sigmask(SIG_SETMASK, &raw const before, null_mut());
        failed == 0
    }
}

extern "C" fn run(page: *mut c_void) -> *mut c_void {
    // SAFETY: what `start` gives is a page, which stays mapped as long as the process.
    let page: &'static Page = unsafe { &*page.cast() };
    loop {
        let changes = CHANGES.load(Acquire);
        let next = ALL.iter().map(|timer| timer.due.load(SeqCst)).min().unwrap_or(NEVER);
        if next == NEVER {
            // SAFETY: it waits without a time.
            unsafe { futex(0, changes, null()) };
            continue;
        }
        let due = Due::new(page, next);
        match page.piece(next) {
            Some(piece) => {
                let piece = Timespec::of(piece);
                // SAFETY: a time of ours.
                unsafe { futex(0, changes, &raw const piece) };
            }
            None => ALL.iter().for_each(|timer| fire(page, timer)),
        }
        drop(due);
    }
}

/// Has a timer go off whose time has come.
fn fire(page: &Page, timer: &Timer) {
    timer.firing.store(true, SeqCst);
    let (due, interval) = (timer.due.load(SeqCst), timer.interval.load(SeqCst));
    if due != NEVER && page.virt() >= due {
        let next = if interval > 0 { due.saturating_add(interval) } else { NEVER };
        if timer.due.compare_exchange(due, next, SeqCst, SeqCst).is_ok() {
            go_off(timer);
        }
    }
    timer.firing.store(false, SeqCst);
}

fn go_off(timer: &Timer) {
    let name = timer.name.load(Acquire);
    let soon = Itimerspec { interval: Timespec::ZERO, value: Timespec::of(1) };
    // SAFETY: numbers that the process has used for these timers, and times of ours.
    unsafe {
        if name == OF_PROCESS {
            let soon = Itimerval { interval: Timeval::of(0), value: Timeval::of(1000) };
            real!(setitimer(c_int, *const Itimerval, *mut Itimerval) -> c_int;
                ITIMER_REAL, &raw const soon, null_mut());
        } else if name & DESCRIPTOR != 0 {
            let fd = descriptor(name);
            if ready_within(fd, 1, 0) > 0 {
                // Set again, it would forget the time that nobody has read.
                timer.missed.fetch_add(1, SeqCst);
            } else {
                real_timerfd(fd, 0, &raw const soon, null_mut());
            }
        } else if name & SINGLE != 0 {
            real_timer((name & !SINGLE) as *mut c_void, 0, &raw const soon, null_mut());
        }
    }
}

fn descriptor(name: u64) -> c_int {
    (name & 0xffff_ffff) as c_int
}

pub(crate) fn of_descriptor(fd: c_int) -> u64 {
    DESCRIPTOR | u64::from(fd.cast_unsigned())
}

/// A descriptor is closed, and its timer with it.
pub(crate) fn closed(fd: c_int) {
    if let Some(timer) = find(of_descriptor(fd)) {
        release(timer);
    }
}

/// Adds the times that were not read to those that a read has found.
pub(crate) unsafe fn add_missed(fd: c_int, count: *mut u64) {
    if let Some(timer) = find(of_descriptor(fd)) {
        // SAFETY: the caller has read a number there.
        unsafe {
            let found = count.read_unaligned();
            count.write_unaligned(found + timer.missed.swap(0, SeqCst));
        }
    }
}

pub(crate) unsafe fn real_timerfd(
    fd: c_int,
    flags: c_int,
    new: *const Itimerspec,
    old: *mut Itimerspec,
) -> c_int {
    // SAFETY: the caller's own arguments.
    unsafe {
        real!(timerfd_settime(c_int, c_int, *const Itimerspec, *mut Itimerspec) -> c_int;
            fd, flags, new, old)
    }
}

pub(crate) unsafe fn real_timer(
    timer: *mut c_void,
    flags: c_int,
    new: *const Itimerspec,
    old: *mut Itimerspec,
) -> c_int {
    // SAFETY: the caller's own arguments.
    unsafe {
        real!(timer_settime(*mut c_void, c_int, *const Itimerspec, *mut Itimerspec) -> c_int;
            timer, flags, new, old)
    }
}

pub(crate) fn of_single(timer: *mut c_void) -> u64 {
    SINGLE | timer as u64
}

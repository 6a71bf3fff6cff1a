//! Timers: those of descriptors, of the process, and those that are made one by one.
//!
//! The system cannot be told of another clock, so a thread of the process waits in its place and
//! has the real timer go off at once when its virtual time has come. The thread is started by the
//! first timer; a process without one has none. Nothing here takes a lock, because `alarm` may be
//! called in a signal handler: whoever sets a timer waits, at most, until one has gone off.

use core::ffi::{c_int, c_long, c_uint, c_ulong, c_void};
use core::ptr::{null, null_mut};
use core::sync::atomic::Ordering::{AcqRel, Acquire, Release, SeqCst};
use core::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64};

use crate::kernel::kernel;
use crate::page::{NEVER, Page};
use crate::polls::ready_within;
use crate::system::{EINVAL, Itimerspec, Itimerval, Timespec, Timeval, fail, real};
use crate::time::page;

/// Timers of a process that can be set at once; further ones run in real time.
const TIMERS: usize = 256;

/// A timer of the process stays set in real time as well, this much later: a program that another
/// one takes the place of keeps it, but loses the thread.
const SPARE: i64 = 10_000_000_000;

const ITIMER_REAL: c_int = 0;
const TFD_TIMER_ABSTIME: c_int = 1;

/// What a timer is known by: its kind, and the system's number of it.
const FREE: u64 = 0;
const OF_PROCESS: u64 = 1;
const DESCRIPTOR: u64 = 1 << 62;
const SINGLE: u64 = 1 << 63;

struct Timer {
    name: AtomicU64,
    clock: AtomicU32,
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

fn find(name: u64) -> Option<&'static Timer> {
    ALL.iter().find(|timer| timer.name.load(Acquire) == name)
}

fn find_or_take(name: u64) -> Option<&'static Timer> {
    find(name).or_else(|| {
        let free =
            |timer: &&Timer| timer.name.compare_exchange(FREE, name, AcqRel, Acquire).is_ok();
        ALL.iter().find(free)
    })
}

fn release(timer: &Timer) {
    stop(timer);
    timer.clock.store(0, Release);
    timer.name.store(FREE, Release);
}

/// Makes sure that a timer does not go off any more.
fn stop(timer: &Timer) {
    timer.due.store(NEVER, SeqCst);
    timer.interval.store(0, SeqCst);
    timer.missed.store(0, SeqCst);
    while timer.firing.load(SeqCst) {
        core::hint::spin_loop();
    }
}

/// Sets a timer, or stops it where `due` is never. Whether there was a place for it.
fn set(page: &'static Page, name: u64, due: i64, interval: i64) -> bool {
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
fn left(page: &Page, name: u64) -> (i64, i64) {
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
        match page.piece(next) {
            Some(piece) => {
                let piece = Timespec::of(piece);
                // SAFETY: a time of ours.
                unsafe { futex(0, changes, &raw const piece) };
            }
            None => ALL.iter().for_each(|timer| fire(page, timer)),
        }
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

fn of_descriptor(fd: c_int) -> u64 {
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

unsafe fn real_timerfd(
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

unsafe fn real_timer(
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

/// Sets a timer that the system knows by `once`: the real one is stopped, and asked whether it is
/// one at all.
unsafe fn settime(
    name: u64,
    flags: c_int,
    new: *const Itimerspec,
    old: *mut Itimerspec,
    once: impl Fn(c_int, *const Itimerspec, *mut Itimerspec) -> c_int,
) -> c_int {
    let Some((page, given)) = page().zip(unsafe { new.as_ref().copied() }) else {
        return once(flags, new, old);
    };
    let clock = find(name).map_or(0, |timer| timer.clock.load(Acquire));
    // The clock is kept with one added: none is that of a timer made before us.
    let Some(clock) = clock.checked_sub(1).map(u32::cast_signed) else {
        return once(flags, new, old);
    };
    if !given.value.is_valid() || !given.interval.is_valid() {
        return fail(EINVAL);
    }
    let before = left(page, name);
    let off = Itimerspec { interval: Timespec::ZERO, value: Timespec::ZERO };
    if let Some(timer) = find(name) {
        stop(timer);
    }
    let result = once(0, &raw const off, null_mut());
    if result != 0 {
        return result;
    }
    let value = given.value.whole();
    let due = match value {
        0 => NEVER,
        _ if flags & TFD_TIMER_ABSTIME != 0 => page.when(clock, value).unwrap_or(NEVER),
        _ => page.after(value),
    };
    if !set(page, name, due, given.interval.whole()) {
        return once(flags, new, old);
    }
    if !old.is_null() {
        // SAFETY: the caller's place.
        unsafe { *old = shown(before) };
    }
    0
}

fn shown((left, interval): (i64, i64)) -> Itimerspec {
    Itimerspec { interval: Timespec::of(interval), value: Timespec::of(left) }
}

/// Keeps a timer from when it is made: its clock cannot be asked for later.
fn made(name: u64, clock: c_int) {
    if let Some(page) = page()
        && page.offset(clock).is_some()
        && let Some(timer) = find_or_take(name)
    {
        stop(timer);
        timer.clock.store(clock.cast_unsigned() + 1, Release);
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn timerfd_create(clock: c_int, flags: c_int) -> c_int {
    // SAFETY: the caller's own arguments.
    let fd = unsafe { real!(timerfd_create(c_int, c_int) -> c_int; clock, flags) };
    if fd >= 0 {
        made(of_descriptor(fd), clock);
    }
    fd
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn timerfd_settime(
    fd: c_int,
    flags: c_int,
    new: *const Itimerspec,
    old: *mut Itimerspec,
) -> c_int {
    // SAFETY: the caller's own arguments.
    unsafe {
        settime(of_descriptor(fd), flags, new, old, |flags, new, old| {
            real_timerfd(fd, flags, new, old)
        })
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn timerfd_gettime(fd: c_int, now: *mut Itimerspec) -> c_int {
    // SAFETY: the caller's own arguments.
    unsafe {
        let result = real!(timerfd_gettime(c_int, *mut Itimerspec) -> c_int; fd, now);
        show(result, of_descriptor(fd), now)
    }
}

/// Replaces what the system says is left of a timer.
unsafe fn show(result: c_int, name: u64, now: *mut Itimerspec) -> c_int {
    if let Some(page) = page()
        && result == 0
        && find(name).is_some()
    {
        // SAFETY: the call has gone well, so the place is there.
        unsafe { *now = shown(left(page, name)) };
    }
    result
}

fn of_single(timer: *mut c_void) -> u64 {
    SINGLE | timer as u64
}

#[unsafe(no_mangle)]
unsafe extern "C" fn timer_create(
    clock: c_int,
    event: *mut c_void,
    timer: *mut *mut c_void,
) -> c_int {
    // SAFETY: the caller's own arguments.
    unsafe {
        let result = real!(timer_create(c_int, *mut c_void, *mut *mut c_void) -> c_int;
            clock, event, timer);
        if result == 0 {
            made(of_single(*timer), clock);
        }
        result
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn timer_settime(
    timer: *mut c_void,
    flags: c_int,
    new: *const Itimerspec,
    old: *mut Itimerspec,
) -> c_int {
    // SAFETY: the caller's own arguments.
    unsafe {
        settime(of_single(timer), flags, new, old, |flags, new, old| {
            real_timer(timer, flags, new, old)
        })
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn timer_gettime(timer: *mut c_void, now: *mut Itimerspec) -> c_int {
    // SAFETY: the caller's own arguments.
    unsafe {
        let result = real!(timer_gettime(*mut c_void, *mut Itimerspec) -> c_int; timer, now);
        show(result, of_single(timer), now)
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn timer_delete(timer: *mut c_void) -> c_int {
    if let Some(kept) = find(of_single(timer)) {
        release(kept);
    }
    // SAFETY: the caller's own argument.
    unsafe { real!(timer_delete(*mut c_void) -> c_int; timer) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn setitimer(which: c_int, new: *const Itimerval, old: *mut Itimerval) -> c_int {
    let once = |new: *const Itimerval, old: *mut Itimerval| {
        // SAFETY: the caller's own arguments, or times of ours.
        unsafe {
            real!(setitimer(c_int, *const Itimerval, *mut Itimerval) -> c_int; which, new, old)
        }
    };
    // SAFETY: the caller's time, where there is one.
    let given = unsafe { new.as_ref().copied() };
    let (Some(page), Some(given), ITIMER_REAL) = (page(), given, which) else {
        return once(new, old);
    };
    let (left, interval) = left(page, OF_PROCESS);
    if let Some(timer) = find(OF_PROCESS) {
        stop(timer);
    }
    let value = given.value.whole();
    let spare = if value > 0 { value.saturating_add(SPARE) } else { 0 };
    let spare = Itimerval { interval: given.interval, value: Timeval::of(spare) };
    // What is no time is refused by the system.
    let valid = (0..1_000_000).contains(&given.value.microseconds);
    let result = once(if valid { &raw const spare } else { new }, null_mut());
    if result != 0 {
        return result;
    }
    let due = if value > 0 { page.after(value) } else { NEVER };
    if !set(page, OF_PROCESS, due, given.interval.whole()) {
        return once(new, old);
    }
    if !old.is_null() {
        let before = Itimerval { interval: Timeval::of(interval), value: Timeval::of(left) };
        // SAFETY: the caller's place.
        unsafe { *old = before };
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn getitimer(which: c_int, now: *mut Itimerval) -> c_int {
    // SAFETY: the caller's own arguments.
    let result = unsafe { real!(getitimer(c_int, *mut Itimerval) -> c_int; which, now) };
    if let (Some(page), 0, ITIMER_REAL) = (page(), result, which) {
        let (left, interval) = left(page, OF_PROCESS);
        let shown = Itimerval { interval: Timeval::of(interval), value: Timeval::of(left) };
        // SAFETY: the call has gone well, so the place is there.
        unsafe { *now = shown };
    }
    result
}

#[unsafe(no_mangle)]
unsafe extern "C" fn alarm(seconds: c_uint) -> c_uint {
    let value = Timeval { seconds: i64::from(seconds), microseconds: 0 };
    let new = Itimerval { interval: Timeval::of(0), value };
    let mut old = Itimerval { interval: Timeval::of(0), value: Timeval::of(0) };
    // SAFETY: times of ours.
    unsafe { setitimer(ITIMER_REAL, &raw const new, &raw mut old) };
    // Rounded as the system does it: never to nothing while something is left.
    let rounded = old.value.whole() / 500_000_000;
    let left = (rounded + 1) / 2;
    c_uint::try_from(left.max(i64::from(old.value.whole() > 0))).unwrap_or(c_uint::MAX)
}

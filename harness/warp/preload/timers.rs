//! Timers: those of descriptors, of the process, and those that are made one by one.
//!
//! The system's own timer is stopped, or never set; `waiter` has it go off when its virtual time
//! has come.

use core::ffi::{c_int, c_uint, c_void};
use core::ptr::null_mut;
use core::sync::atomic::Ordering::{Acquire, Release};

use crate::page::NEVER;
use crate::system::{EINVAL, Itimerspec, Itimerval, Timespec, Timeval, fail, real};
use crate::time::page;
use crate::waiter::{
    ITIMER_REAL, OF_PROCESS, SPARE, find, find_or_take, left, of_descriptor, of_single, real_timer,
    real_timerfd, release, set, stop,
};

const TFD_TIMER_ABSTIME: c_int = 1;

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

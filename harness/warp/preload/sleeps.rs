//! Calls that do nothing but wait.

use core::ffi::{c_int, c_uint};

use crate::page::Page;
use crate::system::{CLOCK_MONOTONIC, EFAULT, EINVAL, TIMER_ABSTIME, Timespec, fail, real};
use crate::time::{page, wait};

/// Sleeps until a virtual time; gives the error's number where a signal came first.
fn sleep_until(page: &Page, due: i64) -> c_int {
    wait(page, due, |piece| {
        let piece = Timespec::of(piece);
        // SAFETY: a time of ours, and nobody asks for what is left of it.
        let error = unsafe {
            real!(clock_nanosleep(c_int, c_int, *const Timespec, *mut Timespec) -> c_int;
                CLOCK_MONOTONIC, 0, &raw const piece, core::ptr::null_mut())
        };
        (error != 0).then_some(error)
    })
    .unwrap_or(0)
}

/// Sleeps for some virtual time, and writes down what a signal has left of it.
unsafe fn sleep_for(page: &Page, length: Timespec, left: *mut Timespec) -> c_int {
    if !length.is_valid() {
        return EINVAL;
    }
    let due = page.after(length.whole());
    let error = sleep_until(page, due);
    if error != 0 && !left.is_null() {
        // SAFETY: the caller's place for a time.
        unsafe { *left = Timespec::of(due - page.virt()) };
    }
    error
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn nanosleep(length: *const Timespec, left: *mut Timespec) -> c_int {
    let Some(page) = page() else {
        // SAFETY: the caller's own arguments.
        return unsafe { real!(nanosleep(*const Timespec, *mut Timespec) -> c_int; length, left) };
    };
    if length.is_null() {
        return fail(EFAULT);
    }
    // SAFETY: the caller's time, and its place for one.
    match unsafe { sleep_for(page, *length, left) } {
        0 => 0,
        error => fail(error),
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn clock_nanosleep(
    clock: c_int,
    flags: c_int,
    time: *const Timespec,
    left: *mut Timespec,
) -> c_int {
    let page = page().filter(|page| !time.is_null() && page.offset(clock).is_some());
    // SAFETY: the caller's own arguments, none of which is null where it is read.
    unsafe {
        match page {
            None => real!(clock_nanosleep(c_int, c_int, *const Timespec, *mut Timespec) -> c_int;
                clock, flags, time, left),
            Some(page) if flags & TIMER_ABSTIME == 0 => sleep_for(page, *time, left),
            Some(_) if !(*time).is_valid() => EINVAL,
            Some(page) => {
                page.when(clock, (*time).whole()).map_or(EINVAL, |due| sleep_until(page, due))
            }
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn usleep(microseconds: c_uint) -> c_int {
    let length = Timespec::of(i64::from(microseconds) * 1000);
    // SAFETY: a time of ours.
    unsafe { nanosleep(&raw const length, core::ptr::null_mut()) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sleep(seconds: c_uint) -> c_uint {
    let length = Timespec { seconds: i64::from(seconds), nanoseconds: 0 };
    let mut left = Timespec::ZERO;
    // SAFETY: times of ours.
    match unsafe { nanosleep(&raw const length, &raw mut left) } {
        0 => 0,
        // Rounded as the C library does it.
        _ => c_uint::try_from(left.seconds + i64::from(left.nanoseconds >= 500_000_000))
            .unwrap_or(c_uint::MAX),
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn thrd_sleep(length: *const Timespec, left: *mut Timespec) -> c_int {
    let Some(page) = page().filter(|_| !length.is_null()) else {
        // SAFETY: the caller's own arguments.
        return unsafe { real!(thrd_sleep(*const Timespec, *mut Timespec) -> c_int; length, left) };
    };
    // SAFETY: the caller's time, and its place for one.
    match unsafe { sleep_for(page, *length, left) } {
        0 => 0,
        crate::system::EINTR => -1,
        _ => -2,
    }
}

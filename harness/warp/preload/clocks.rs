//! Calls that ask what time it is.

use core::ffi::c_int;
use core::sync::atomic::Ordering;

use crate::system::{CLOCK_REALTIME, Timespec, Timeval, real};
use crate::time::page;

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn clock_gettime(clock: c_int, time: *mut Timespec) -> c_int {
    let now = page().filter(|_| !time.is_null()).and_then(|page| page.clock(clock));
    let Some(now) = now else {
        // SAFETY: the caller's own arguments.
        return unsafe { real!(clock_gettime(c_int, *mut Timespec) -> c_int; clock, time) };
    };
    // SAFETY: the caller's place for a time.
    unsafe { *time = Timespec::of(now) };
    0
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn gettimeofday(
    time: *mut Timeval,
    zone: *mut core::ffi::c_void,
) -> c_int {
    // SAFETY: the caller's own arguments. The time zone, which is long dead, stays the system's.
    let result = unsafe { real!(gettimeofday(*mut Timeval, *mut c_void) -> c_int; time, zone) };
    if let Some(page) = page()
        && !time.is_null()
        && let Some(now) = page.clock(CLOCK_REALTIME)
    {
        // SAFETY: the caller's place for a time.
        unsafe { *time = Timeval::of(now) };
    }
    result
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn time(place: *mut i64) -> i64 {
    let Some(now) = page().and_then(|page| page.clock(CLOCK_REALTIME)) else {
        // SAFETY: the caller's own argument.
        return unsafe { real!(time(*mut i64) -> i64; place) };
    };
    let seconds = Timespec::of(now).seconds;
    if !place.is_null() {
        // SAFETY: the caller's place for a time.
        unsafe { *place = seconds };
    }
    seconds
}

#[unsafe(no_mangle)]
unsafe extern "C" fn timespec_get(time: *mut Timespec, base: c_int) -> c_int {
    // `TIME_UTC`, the only base that every library has.
    match page().filter(|_| base == 1 && !time.is_null()) {
        Some(page) => {
            let now = page.virt() + page.offsets[0].load(Ordering::Relaxed);
            // SAFETY: the caller's place for a time.
            unsafe { *time = Timespec::of(now) };
            base
        }
        // SAFETY: the caller's own arguments.
        None => unsafe { real!(timespec_get(*mut Timespec, c_int) -> c_int; time, base) },
    }
}

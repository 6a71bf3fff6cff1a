//! Calls that wait for descriptors.
//!
//! Each waits in pieces by the twin of it that takes nanoseconds. What the time of a piece alone
//! has ended reports nothing, and leaves the caller's arguments as they were.

use core::ffi::{c_int, c_long, c_ulong, c_void};

use crate::page::Page;
use crate::system::{ENOSYS, Pollfd, Timespec, Timeval, fail, real};
use crate::time::{page, wait};

/// Bytes of the largest set of descriptors that `select` is waited for in pieces with.
const SET: usize = 1024;

/// Waits until a virtual time, if there is one, by a call that is given the real time of a piece.
fn timed(page: &Page, due: Option<i64>, mut once: impl FnMut(Option<&Timespec>) -> c_int) -> c_int {
    let Some(due) = due else {
        let result = once(None);
        page.woken();
        return result;
    };
    let waited = wait(page, due, |piece| {
        let result = once(Some(&Timespec::of(piece)));
        (result != 0).then_some(result)
    });
    // Looked at once more: with its time, what it waits for may have come as well.
    waited.unwrap_or_else(|| once(Some(&Timespec::ZERO)))
}

/// Asks for as long as the caller says: in pieces where there is a page and something to wait for.
fn for_time(given: Option<&Timespec>, mut once: impl FnMut(Option<&Timespec>) -> c_int) -> c_int {
    match page() {
        Some(page) if given.is_none_or(|time| time.is_valid() && time.whole() > 0) => {
            timed(page, given.map(|time| page.after(time.whole())), once)
        }
        _ => once(given),
    }
}

fn pointer(time: Option<&Timespec>) -> *const Timespec {
    time.map_or(core::ptr::null(), core::ptr::from_ref)
}

/// When a wait of so many milliseconds ends; a negative number waits for ever.
fn after_ms(page: &Page, milliseconds: c_int) -> Option<i64> {
    (milliseconds >= 0).then(|| page.after(i64::from(milliseconds) * 1_000_000))
}

unsafe fn real_ppoll(
    fds: *mut Pollfd,
    count: c_ulong,
    time: *const Timespec,
    mask: *const c_void,
) -> c_int {
    // SAFETY: the caller's own arguments.
    unsafe {
        real!(ppoll(*mut Pollfd, c_ulong, *const Timespec, *const c_void) -> c_int;
            fds, count, time, mask)
    }
}

/// Waits for one descriptor in real time; what `poll` gives.
pub(crate) fn ready_within(fd: c_int, events: i16, nanoseconds: i64) -> c_int {
    let mut fds = Pollfd { fd, events, revents: 0 };
    let time = Timespec::of(nanoseconds);
    // SAFETY: one descriptor, and a time of ours.
    unsafe { real_ppoll(&raw mut fds, 1, &raw const time, core::ptr::null()) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn poll(
    fds: *mut Pollfd,
    count: c_ulong,
    milliseconds: c_int,
) -> c_int {
    match page() {
        Some(page) if milliseconds != 0 => {
            timed(page, after_ms(page, milliseconds), |time| {
                // SAFETY: the caller's own arguments, and a time of ours.
                unsafe { real_ppoll(fds, count, pointer(time), core::ptr::null()) }
            })
        }
        // SAFETY: the caller's own arguments.
        _ => unsafe { real!(poll(*mut Pollfd, c_ulong, c_int) -> c_int; fds, count, milliseconds) },
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __poll_chk(
    fds: *mut Pollfd,
    count: c_ulong,
    milliseconds: c_int,
    _: usize,
) -> c_int {
    // SAFETY: the caller's own arguments.
    unsafe { poll(fds, count, milliseconds) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn ppoll(
    fds: *mut Pollfd,
    count: c_ulong,
    time: *const Timespec,
    mask: *const c_void,
) -> c_int {
    // SAFETY: the caller's time, where there is one.
    let given = unsafe { time.as_ref() };
    // SAFETY: the caller's own arguments, and its time or one of ours.
    for_time(given, |time| unsafe { real_ppoll(fds, count, pointer(time), mask) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __ppoll_chk(
    fds: *mut Pollfd,
    count: c_ulong,
    time: *const Timespec,
    mask: *const c_void,
    _: usize,
) -> c_int {
    // SAFETY: the caller's own arguments.
    unsafe { ppoll(fds, count, time, mask) }
}

/// The three sets of `select`.
#[derive(Clone, Copy)]
struct Sets([*mut c_void; 3]);

impl Sets {
    unsafe fn real(self, count: c_int, time: *const Timespec, mask: *const c_void) -> c_int {
        let [read, write, other] = self.0;
        // SAFETY: the caller's own arguments.
        unsafe {
            real!(pselect(
                c_int, *mut c_void, *mut c_void, *mut c_void, *const Timespec, *const c_void
            ) -> c_int; count, read, write, other, time, mask)
        }
    }

    /// Waits in pieces on copies, because a piece that ends empties the sets.
    unsafe fn wait(
        self,
        page: &Page,
        count: c_int,
        due: Option<i64>,
        mask: *const c_void,
    ) -> c_int {
        let bytes = usize::try_from(count).unwrap_or(0).div_ceil(64) * 8;
        if bytes > SET {
            // Nobody has this many; they wait at real speed.
            let left = due.map(|due| Timespec::of(due - page.virt()));
            // SAFETY: the caller's own arguments.
            return unsafe { self.real(count, pointer(left.as_ref()), mask) };
        }
        timed(page, due, |time| {
            let mut copies = [[0_u64; SET / 8]; 3];
            let mut given = self;
            for (copy, set) in copies.iter_mut().zip(&mut given.0) {
                if !set.is_null() {
                    let copy: *mut c_void = copy.as_mut_ptr().cast();
                    // SAFETY: a set has a bit for each of `count` descriptors, in whole words.
                    unsafe { core::ptr::copy_nonoverlapping(set.cast::<u8>(), copy.cast(), bytes) };
                    *set = copy;
                }
            }
            let last = time.is_some_and(|time| time.whole() == 0);
            // SAFETY: the sets are as large as the caller's.
            let result = unsafe { given.real(count, pointer(time), mask) };
            if result > 0 || (result == 0 && last) {
                for (set, copy) in self.0.iter().zip(given.0).filter(|(set, _)| !set.is_null()) {
                    // SAFETY: the caller's set, and a copy as large as it.
                    unsafe { core::ptr::copy_nonoverlapping(copy.cast::<u8>(), set.cast(), bytes) };
                }
            }
            result
        })
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn select(
    count: c_int,
    read: *mut c_void,
    write: *mut c_void,
    other: *mut c_void,
    time: *mut Timeval,
) -> c_int {
    // SAFETY: the caller's time, where there is one.
    let given = unsafe { time.as_ref().copied() };
    let sets = Sets([read, write, other]);
    match page() {
        Some(page) if given.is_none_or(|time| time.whole() > 0) => {
            let due = given.map(|time| page.after(time.whole()));
            // SAFETY: the caller's own arguments.
            let result = unsafe { sets.wait(page, count, due, core::ptr::null()) };
            if let Some(due) = due {
                // SAFETY: the caller's time; this system says there what is left of it.
                unsafe { *time = Timeval::of(due - page.virt()) };
            }
            result
        }
        // SAFETY: the caller's own arguments.
        _ => unsafe {
            real!(select(c_int, *mut c_void, *mut c_void, *mut c_void, *mut Timeval) -> c_int;
                count, read, write, other, time)
        },
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn pselect(
    count: c_int,
    read: *mut c_void,
    write: *mut c_void,
    other: *mut c_void,
    time: *const Timespec,
    mask: *const c_void,
) -> c_int {
    // SAFETY: the caller's time, where there is one.
    let given = unsafe { time.as_ref() };
    let sets = Sets([read, write, other]);
    // SAFETY: the caller's own arguments.
    unsafe {
        match page() {
            Some(page) if given.is_none_or(|time| time.is_valid() && time.whole() > 0) => {
                let due = given.map(|time| page.after(time.whole()));
                sets.wait(page, count, due, mask)
            }
            _ => sets.real(count, time, mask),
        }
    }
}

/// Waits by the call that takes nanoseconds. Where the system has none, by the one that takes
/// milliseconds: it comes late, which the clock forgives.
unsafe fn real_epoll(
    epoll: c_int,
    events: *mut c_void,
    most: c_int,
    time: Option<&Timespec>,
    mask: *const c_void,
) -> c_int {
    const SYS_EPOLL_PWAIT2: c_long = 441;
    const MASK_BYTES: c_ulong = 8;
    let given = [
        c_long::from(epoll).cast_unsigned(),
        events as c_ulong,
        c_long::from(most).cast_unsigned(),
        pointer(time) as c_ulong,
        mask as c_ulong,
        MASK_BYTES,
    ];
    // SAFETY: the caller's own arguments, and a time of ours.
    let result = unsafe { crate::kernel::kernel(SYS_EPOLL_PWAIT2, given) };
    if result >= 0 {
        return c_int::try_from(result).unwrap_or(c_int::MAX);
    }
    let error = c_int::try_from(-result).unwrap_or(ENOSYS);
    if error != ENOSYS {
        return fail(error);
    }
    let round = |time: &Timespec| c_int::try_from((time.whole() + 999_999) / 1_000_000);
    let milliseconds = time.map_or(-1, |time| round(time).unwrap_or(c_int::MAX));
    // SAFETY: the caller's own arguments.
    unsafe {
        real!(epoll_pwait(c_int, *mut c_void, c_int, c_int, *const c_void) -> c_int;
            epoll, events, most, milliseconds, mask)
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn epoll_wait(
    epoll: c_int,
    events: *mut c_void,
    most: c_int,
    milliseconds: c_int,
) -> c_int {
    // SAFETY: the caller's own arguments.
    unsafe { epoll_pwait(epoll, events, most, milliseconds, core::ptr::null()) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn epoll_pwait(
    epoll: c_int,
    events: *mut c_void,
    most: c_int,
    milliseconds: c_int,
    mask: *const c_void,
) -> c_int {
    match page() {
        Some(page) if milliseconds != 0 => {
            timed(page, after_ms(page, milliseconds), |time| {
                // SAFETY: the caller's own arguments, and a time of ours.
                unsafe { real_epoll(epoll, events, most, time, mask) }
            })
        }
        // SAFETY: the caller's own arguments.
        _ => unsafe {
            real!(epoll_pwait(c_int, *mut c_void, c_int, c_int, *const c_void) -> c_int;
                epoll, events, most, milliseconds, mask)
        },
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn epoll_pwait2(
    epoll: c_int,
    events: *mut c_void,
    most: c_int,
    time: *const Timespec,
    mask: *const c_void,
) -> c_int {
    // SAFETY: the caller's time, where there is one.
    let given = unsafe { time.as_ref() };
    // SAFETY: the caller's own arguments, and its time or one of ours.
    for_time(given, |time| unsafe { real_epoll(epoll, events, most, time, mask) })
}

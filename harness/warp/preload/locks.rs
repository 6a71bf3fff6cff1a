//! Calls that wait for another thread: semaphores, condition variables, mutexes and locks for
//! readers and writers.
//!
//! A piece of a wait is the C library's own call with a deadline of its own clock. A semaphore or
//! a lock that is not there by then is asked for again. A condition variable is left: going on
//! inside could sleep through a signal, and whoever waits for one has to bear waking for nothing.

use core::ffi::{c_int, c_void};

use crate::page::Page;
use crate::system::{CLOCK_REALTIME, ETIMEDOUT, Timespec, errno, fail, real, real_clock};
use crate::time::{Due, counted, page, wait};

/// A point on the machine's clock that is so many nanoseconds away.
fn ahead(clock: c_int, nanoseconds: i64) -> Timespec {
    Timespec::of(real_clock(clock).saturating_add(nanoseconds))
}

/// Waits in pieces for something that stays there until it is taken. `once` gives the error's
/// number, as the functions of threads do.
fn take(page: &Page, due: i64, clock: c_int, mut once: impl FnMut(&Timespec) -> c_int) -> c_int {
    let taken = wait(page, due, |piece| {
        let result = once(&ahead(clock, piece));
        (result != ETIMEDOUT).then_some(result)
    });
    // A deadline that has passed still takes what is free.
    taken.unwrap_or_else(|| once(&Timespec::ZERO))
}

/// The virtual deadline that a caller gives, where there is a page and all is as it should be.
unsafe fn deadline(clock: c_int, time: *const Timespec) -> Option<(&'static Page, i64)> {
    let page = page()?;
    // SAFETY: the caller's time, where there is one.
    let time = unsafe { time.as_ref() }.filter(|time| time.is_valid())?;
    Some((page, page.when(clock, time.whole())?))
}

/// Semaphores set `errno`.
fn with_errno(error: c_int) -> c_int {
    if error == 0 { 0 } else { fail(error) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sem_timedwait(semaphore: *mut c_void, time: *const Timespec) -> c_int {
    let once = |time: *const Timespec| {
        // SAFETY: the caller's semaphore, and a time.
        unsafe { real!(sem_timedwait(*mut c_void, *const Timespec) -> c_int; semaphore, time) }
    };
    // SAFETY: the caller's own argument.
    match unsafe { deadline(CLOCK_REALTIME, time) } {
        Some((page, due)) => {
            with_errno(take(
                page,
                due,
                CLOCK_REALTIME,
                |time| {
                    if once(time) == 0 { 0 } else { errno() }
                },
            ))
        }
        None => once(time),
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sem_clockwait(
    semaphore: *mut c_void,
    clock: c_int,
    time: *const Timespec,
) -> c_int {
    let once = |time: *const Timespec| {
        // SAFETY: the caller's semaphore, and a time.
        unsafe {
            real!(sem_clockwait(*mut c_void, c_int, *const Timespec) -> c_int;
                semaphore, clock, time)
        }
    };
    // SAFETY: the caller's own argument.
    match unsafe { deadline(clock, time) } {
        Some((page, due)) => {
            with_errno(take(page, due, clock, |time| if once(time) == 0 { 0 } else { errno() }))
        }
        None => once(time),
    }
}

/// Waits for a condition in one piece; where only the piece has ended it was woken for nothing.
fn condition(page: &Page, due: i64, clock: c_int, once: impl Fn(&Timespec) -> c_int) -> c_int {
    let _due = Due::new(page, due);
    let Some(piece) = page.piece(due) else { return once(&Timespec::ZERO) };
    let result = counted(page, || once(&ahead(clock, piece)));
    if result != ETIMEDOUT {
        page.woken();
        return result;
    }
    // The time that the caller waits for may have come with the end of the piece.
    if page.piece(due).is_none() { ETIMEDOUT } else { 0 }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_cond_timedwait(
    condvar: *mut c_void,
    mutex: *mut c_void,
    time: *const Timespec,
) -> c_int {
    let once = |time: *const Timespec| {
        // SAFETY: the caller's condition variable and mutex, and a time.
        unsafe {
            real!(pthread_cond_timedwait(*mut c_void, *mut c_void, *const Timespec) -> c_int;
                condvar, mutex, time)
        }
    };
    // SAFETY: the caller's time.
    let given = unsafe { time.as_ref() }.filter(|time| time.is_valid());
    match (page(), given) {
        (Some(page), Some(given)) => {
            let (clock, due) = page.when_guessed(given.whole());
            condition(page, due, clock, |time| once(time))
        }
        _ => once(time),
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_cond_clockwait(
    condvar: *mut c_void,
    mutex: *mut c_void,
    clock: c_int,
    time: *const Timespec,
) -> c_int {
    let once = |time: *const Timespec| {
        // SAFETY: the caller's condition variable and mutex, and a time.
        unsafe {
            real!(pthread_cond_clockwait(*mut c_void, *mut c_void, c_int, *const Timespec) -> c_int;
                condvar, mutex, clock, time)
        }
    };
    // SAFETY: the caller's own argument.
    match unsafe { deadline(clock, time) } {
        Some((page, due)) => condition(page, due, clock, |time| once(time)),
        None => once(time),
    }
}

/// C11's names for the same two: they have error numbers of their own.
fn threads(error: c_int) -> c_int {
    match error {
        0 => 0,
        ETIMEDOUT => 4,
        _ => 2,
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn cnd_timedwait(
    condvar: *mut c_void,
    mutex: *mut c_void,
    time: *const Timespec,
) -> c_int {
    // SAFETY: the caller's own arguments; both are the same types underneath.
    threads(unsafe { pthread_cond_timedwait(condvar, mutex, time) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mtx_timedlock(mutex: *mut c_void, time: *const Timespec) -> c_int {
    // SAFETY: the caller's own arguments; both are the same types underneath.
    threads(unsafe { pthread_mutex_timedlock(mutex, time) })
}

/// Defines a call that takes a lock by the calendar's clock, and its twin that names the clock.
macro_rules! timed_lock {
    ($timed:ident, $clocked:ident) => {
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $timed(lock: *mut c_void, time: *const Timespec) -> c_int {
            let once = |time: *const Timespec| {
                // SAFETY: the caller's lock, and a time.
                unsafe { real!($timed(*mut c_void, *const Timespec) -> c_int; lock, time) }
            };
            // SAFETY: the caller's own argument.
            match unsafe { deadline(CLOCK_REALTIME, time) } {
                Some((page, due)) => take(page, due, CLOCK_REALTIME, |time| once(time)),
                None => once(time),
            }
        }

        #[unsafe(no_mangle)]
        unsafe extern "C" fn $clocked(
            lock: *mut c_void,
            clock: c_int,
            time: *const Timespec,
        ) -> c_int {
            let once = |time: *const Timespec| {
                // SAFETY: the caller's lock, and a time.
                unsafe {
                    real!($clocked(*mut c_void, c_int, *const Timespec) -> c_int; lock, clock, time)
                }
            };
            // SAFETY: the caller's own argument.
            match unsafe { deadline(clock, time) } {
                Some((page, due)) => take(page, due, clock, |time| once(time)),
                None => once(time),
            }
        }
    };
}

timed_lock!(pthread_mutex_timedlock, pthread_mutex_clocklock);
timed_lock!(pthread_rwlock_timedrdlock, pthread_rwlock_clockrdlock);
timed_lock!(pthread_rwlock_timedwrlock, pthread_rwlock_clockwrlock);

/// Defines a call that waits for a thread to end.
macro_rules! timed_join {
    ($name:ident($($clock:ident)?), $by:expr) => {
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(
            thread: usize,
            result: *mut *mut c_void,
            $($clock: c_int,)?
            time: *const Timespec,
        ) -> c_int {
            let once = |time: *const Timespec| {
                // SAFETY: the caller's own arguments, and a time.
                unsafe { timed_join!(@call $name, thread, result, time $(, $clock)?) }
            };
            // SAFETY: the caller's own argument.
            match unsafe { deadline($by, time) } {
                Some((page, due)) => take(page, due, $by, |time| once(time)),
                None => once(time),
            }
        }
    };
    (@call $name:ident, $thread:expr, $result:expr, $time:expr) => {
        real!($name(usize, *mut *mut c_void, *const Timespec) -> c_int; $thread, $result, $time)
    };
    (@call $name:ident, $thread:expr, $result:expr, $time:expr, $clock:expr) => {
        real!($name(usize, *mut *mut c_void, c_int, *const Timespec) -> c_int;
            $thread, $result, $clock, $time)
    };
}

timed_join!(pthread_timedjoin_np(), CLOCK_REALTIME);
timed_join!(pthread_clockjoin_np(clock), clock);

#[unsafe(no_mangle)]
unsafe extern "C" fn sigtimedwait(
    set: *const c_void,
    info: *mut c_void,
    time: *const Timespec,
) -> c_int {
    let once = |time: *const Timespec| {
        // SAFETY: the caller's own arguments, and a time.
        unsafe {
            real!(sigtimedwait(*const c_void, *mut c_void, *const Timespec) -> c_int;
                set, info, time)
        }
    };
    // SAFETY: the caller's time, where there is one.
    let given = unsafe { time.as_ref() }.filter(|time| time.is_valid() && time.whole() > 0);
    let (Some(page), Some(given)) = (page(), given) else { return once(time) };
    let due = page.after(given.whole());
    let nothing = |result: c_int| result < 0 && errno() == crate::system::EAGAIN;
    wait(page, due, |piece| {
        let result = once(&Timespec::of(piece));
        (!nothing(result)).then_some(result)
    })
    .unwrap_or_else(|| once(&Timespec::ZERO))
}

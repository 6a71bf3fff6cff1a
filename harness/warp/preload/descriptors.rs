//! Sockets with a time-out of their own, by `SO_RCVTIMEO` and `SO_SNDTIMEO`.
//!
//! The system is never told of the time-out: it is kept here, by descriptor, and a call that would
//! wait for longer waits in pieces until the descriptor is ready. A descriptor that is duplicated
//! or accepted has the time-outs of the one that it comes from.

use core::ffi::{c_int, c_uint, c_void};
use core::mem::size_of;
use core::sync::atomic::AtomicI64;
use core::sync::atomic::Ordering::Relaxed;

use crate::page::Page;
use crate::polls::ready_within;
use crate::system::{EAGAIN, EINPROGRESS, EINTR, Size, Timeval, errno, fail, real};
use crate::time::{page, wait};

/// Descriptors whose time-outs are kept; those of larger ones stay the system's.
pub(crate) const DESCRIPTORS: usize = 4096;

const SOL_SOCKET: c_int = 1;
const SO_ERROR: c_int = 4;
const IPPROTO_TCP: c_int = 6;
const TCP_NODELAY: c_int = 1;
const MSG_DONTWAIT: c_int = 0x40;
const F_GETFL: c_int = 3;
const F_SETFL: c_int = 4;
const O_NONBLOCK: c_int = 0o4000;
const POLLIN: i16 = 1;
const POLLOUT: i16 = 4;

type Table = [AtomicI64; DESCRIPTORS];

/// Time-outs in nanoseconds; 0 is none.
static RECEIVE: Table = [const { AtomicI64::new(0) }; DESCRIPTORS];
static SEND: Table = [const { AtomicI64::new(0) }; DESCRIPTORS];

fn place(table: &'static Table, fd: c_int) -> Option<&'static AtomicI64> {
    usize::try_from(fd).ok().and_then(|fd| table.get(fd))
}

fn table_of(option: c_int) -> Option<(&'static Table, bool)> {
    match option {
        20 | 66 => Some((&RECEIVE, option == 66)),
        21 | 67 => Some((&SEND, option == 67)),
        _ => None,
    }
}

/// Gives a descriptor the time-outs of another one, or none.
fn copy(from: Option<c_int>, to: c_int) {
    for table in [&RECEIVE, &SEND] {
        let given = from.and_then(|fd| place(table, fd)).map_or(0, |place| place.load(Relaxed));
        if let Some(place) = place(table, to) {
            place.store(given, Relaxed);
        }
    }
}

fn flags_of(fd: c_int) -> c_int {
    // SAFETY: it takes no third argument that matters.
    unsafe { real!(fcntl(c_int, c_int, usize) -> c_int; fd, F_GETFL, 0) }
}

/// Waits until a descriptor is ready, where it has a time-out that is ours; gives the error's
/// number where it is not.
fn ready(
    table: &'static Table,
    fd: c_int,
    dont_wait: bool,
) -> Result<Option<&'static Page>, c_int> {
    let Some(page) = page() else { return Ok(None) };
    let timeout = place(table, fd).map_or(0, |place| place.load(Relaxed));
    if timeout == 0 || dont_wait || flags_of(fd) & O_NONBLOCK != 0 {
        return Ok(Some(page));
    }
    let events = if core::ptr::eq(table, &raw const RECEIVE) { POLLIN } else { POLLOUT };
    match within(page, fd, events, page.after(timeout)) {
        None => Err(EAGAIN),
        Some(false) => Err(EINTR),
        Some(true) => Ok(Some(page)),
    }
}

/// Whether a descriptor is ready or a signal came first; nothing where the time has passed.
fn within(page: &Page, fd: c_int, events: i16, due: i64) -> Option<bool> {
    wait(page, due, |piece| match ready_within(fd, events, piece) {
        0 => None,
        result => Some(result > 0),
    })
}

/// Defines calls on a descriptor that may wait.
macro_rules! waiting {
    ($table:ident, $flags:expr; $name:ident($($argument:ident: $type:ty),*) -> $result:ty) => {
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(fd: c_int, $($argument: $type),*) -> $result {
            let flags: c_int = $flags;
            match ready(&$table, fd, flags & MSG_DONTWAIT != 0) {
                Err(error) => fail(error) as $result,
                Ok(page) => {
                    // SAFETY: the caller's own arguments.
                    let result = unsafe {
                        real!($name(c_int, $($type),*) -> $result; fd, $($argument),*)
                    };
                    if let Some(page) = page {
                        page.woken();
                    }
                    result
                }
            }
        }
    };
}

waiting!(RECEIVE, flags; recv(to: *mut c_void, length: usize, flags: c_int) -> isize);
waiting!(RECEIVE, flags; recvfrom(
    to: *mut c_void, length: usize, flags: c_int, from: *mut c_void, size: *mut Size
) -> isize);
waiting!(RECEIVE, flags; recvmsg(message: *mut c_void, flags: c_int) -> isize);
waiting!(RECEIVE, 0; readv(parts: *const c_void, count: c_int) -> isize);
waiting!(RECEIVE, flags; __recv_chk(
    to: *mut c_void, length: usize, room: usize, flags: c_int
) -> isize);
waiting!(RECEIVE, flags; __recvfrom_chk(
    to: *mut c_void, length: usize, room: usize, flags: c_int, from: *mut c_void, size: *mut Size
) -> isize);
waiting!(SEND, flags; send(from: *const c_void, length: usize, flags: c_int) -> isize);
waiting!(SEND, flags; sendto(
    from: *const c_void, length: usize, flags: c_int, to: *const c_void, size: Size
) -> isize);
waiting!(SEND, flags; sendmsg(message: *const c_void, flags: c_int) -> isize);
waiting!(SEND, 0; write(from: *const c_void, length: usize) -> isize);
waiting!(SEND, 0; writev(parts: *const c_void, count: c_int) -> isize);

#[unsafe(no_mangle)]
unsafe extern "C" fn read(fd: c_int, to: *mut c_void, length: usize) -> isize {
    let page = match ready(&RECEIVE, fd, false) {
        Err(error) => return fail(error) as isize,
        Ok(page) => page,
    };
    // SAFETY: the caller's own arguments.
    let result = unsafe { real!(read(c_int, *mut c_void, usize) -> isize; fd, to, length) };
    if let Some(page) = page {
        page.woken();
        if result == 8 {
            // SAFETY: eight bytes have been read there.
            unsafe { crate::waiter::add_missed(fd, to.cast()) };
        }
    }
    result
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __read_chk(fd: c_int, to: *mut c_void, length: usize, _: usize) -> isize {
    // SAFETY: the caller's own arguments.
    unsafe { read(fd, to, length) }
}

/// Makes small writes leave at once: how long the system holds them back is real time, of which a
/// twenty-fifth of a second would be seconds here.
fn without_delay(fd: c_int) {
    let (before, on) = (errno(), 1_i32);
    // SAFETY: a number of ours; it fails for what is no TCP socket.
    unsafe {
        real!(setsockopt(c_int, c_int, c_int, *const c_void, Size) -> c_int;
            fd, IPPROTO_TCP, TCP_NODELAY, (&raw const on).cast(), size_of::<c_int>() as Size);
    }
    fail(before);
}

/// Defines both calls that accept a connection.
macro_rules! accepting {
    ($name:ident($($argument:ident: $type:ty),*)) => {
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(
            fd: c_int,
            from: *mut c_void,
            size: *mut Size,
            $($argument: $type),*
        ) -> c_int {
            let page = match ready(&RECEIVE, fd, false) {
                Err(error) => return fail(error),
                Ok(page) => page,
            };
            // SAFETY: the caller's own arguments.
            let result = unsafe {
                real!($name(c_int, *mut c_void, *mut Size, $($type),*) -> c_int;
                    fd, from, size, $($argument),*)
            };
            if let Some(page) = page {
                page.woken();
                if result >= 0 {
                    copy(Some(fd), result);
                    without_delay(result);
                }
            }
            result
        }
    };
}

accepting!(accept());
accepting!(accept4(flags: c_int));

#[unsafe(no_mangle)]
unsafe extern "C" fn connect(fd: c_int, to: *const c_void, size: Size) -> c_int {
    let once = || {
        // SAFETY: the caller's own arguments.
        unsafe { real!(connect(c_int, *const c_void, Size) -> c_int; fd, to, size) }
    };
    let Some(page) = page() else { return once() };
    without_delay(fd);
    let timeout = place(&SEND, fd).map_or(0, |place| place.load(Relaxed));
    let flags = flags_of(fd);
    if timeout == 0 || flags & O_NONBLOCK != 0 {
        let result = once();
        page.woken();
        return result;
    }
    let set = |flags: c_int| {
        // SAFETY: flags that the descriptor has had, and one more.
        unsafe { real!(fcntl(c_int, c_int, usize) -> c_int; fd, F_SETFL, flags as usize) };
    };
    set(flags | O_NONBLOCK);
    let result = match once() {
        -1 if errno() == EINPROGRESS => match within(page, fd, POLLOUT, page.after(timeout)) {
            None => fail(EINPROGRESS),
            Some(false) => fail(EINTR),
            Some(true) => match error_of(fd) {
                0 => 0,
                error => fail(error),
            },
        },
        result => result,
    };
    let error = errno();
    set(flags);
    if result < 0 { fail(error) } else { result }
}

fn error_of(fd: c_int) -> c_int {
    let (mut error, mut size) = (0, size_of::<c_int>() as Size);
    // SAFETY: places of ours.
    unsafe {
        real!(getsockopt(c_int, c_int, c_int, *mut c_void, *mut Size) -> c_int;
            fd, SOL_SOCKET, SO_ERROR, (&raw mut error).cast(), &raw mut size);
    }
    error
}

#[unsafe(no_mangle)]
unsafe extern "C" fn setsockopt(
    fd: c_int,
    level: c_int,
    option: c_int,
    value: *const c_void,
    size: Size,
) -> c_int {
    let once = |value: *const c_void| {
        // SAFETY: the caller's own arguments, or a time of ours.
        unsafe {
            real!(setsockopt(c_int, c_int, c_int, *const c_void, Size) -> c_int;
                fd, level, option, value, size)
        }
    };
    let ours = table_of(option).filter(|_| level == SOL_SOCKET && page().is_some());
    let kept = ours.and_then(|(table, _)| place(table, fd));
    if value.is_null() || size as usize != size_of::<Timeval>() {
        return once(value);
    }
    let Some(kept) = kept else { return once(value) };
    // SAFETY: the caller's value is as large as a time.
    let time = unsafe { value.cast::<Timeval>().read_unaligned() };
    // Asked all the same, because it knows whether this is a socket and the time is one.
    let none = Timeval::of(0);
    let valid = (0..1_000_000).contains(&time.microseconds);
    let result = once(if valid { (&raw const none).cast() } else { value });
    if result == 0 {
        kept.store(time.whole().max(0), Relaxed);
    }
    result
}

#[unsafe(no_mangle)]
unsafe extern "C" fn getsockopt(
    fd: c_int,
    level: c_int,
    option: c_int,
    value: *mut c_void,
    size: *mut Size,
) -> c_int {
    // SAFETY: the caller's own arguments.
    let result = unsafe {
        real!(getsockopt(c_int, c_int, c_int, *mut c_void, *mut Size) -> c_int;
            fd, level, option, value, size)
    };
    if result == 0
        && level == SOL_SOCKET
        && page().is_some()
        && let Some((table, _)) = table_of(option)
        && let Some(kept) = place(table, fd)
        // SAFETY: the call has gone well, so the place is there.
        && unsafe { *size } as usize == size_of::<Timeval>()
    {
        // SAFETY: the call has written a time there.
        unsafe { value.cast::<Timeval>().write_unaligned(Timeval::of(kept.load(Relaxed))) };
    }
    result
}

#[unsafe(no_mangle)]
unsafe extern "C" fn dup(fd: c_int) -> c_int {
    // SAFETY: the caller's own argument.
    let result = unsafe { real!(dup(c_int) -> c_int; fd) };
    if result >= 0 {
        copy(Some(fd), result);
    }
    result
}

#[unsafe(no_mangle)]
unsafe extern "C" fn dup2(fd: c_int, to: c_int) -> c_int {
    // SAFETY: the caller's own arguments.
    let result = unsafe { real!(dup2(c_int, c_int) -> c_int; fd, to) };
    if result >= 0 && fd != to {
        crate::waiter::closed(to);
        copy(Some(fd), to);
    }
    result
}

#[unsafe(no_mangle)]
unsafe extern "C" fn dup3(fd: c_int, to: c_int, flags: c_int) -> c_int {
    // SAFETY: the caller's own arguments.
    let result = unsafe { real!(dup3(c_int, c_int, c_int) -> c_int; fd, to, flags) };
    if result >= 0 {
        crate::waiter::closed(to);
        copy(Some(fd), to);
    }
    result
}

/// Both names of the call that duplicates as well; its third argument is whatever it is.
macro_rules! control {
    ($name:ident) => {
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(fd: c_int, command: c_int, argument: usize) -> c_int {
            const F_DUPFD: c_int = 0;
            const F_DUPFD_CLOEXEC: c_int = 1030;
            // SAFETY: the caller's own arguments.
            let result = unsafe {
                real!($name(c_int, c_int, usize) -> c_int; fd, command, argument)
            };
            if result >= 0 && matches!(command, F_DUPFD | F_DUPFD_CLOEXEC) {
                copy(Some(fd), result);
            }
            result
        }
    };
}

control!(fcntl);
control!(fcntl64);

#[unsafe(no_mangle)]
unsafe extern "C" fn close(fd: c_int) -> c_int {
    if page().is_some() {
        copy(None, fd);
        crate::waiter::closed(fd);
    }
    // SAFETY: the caller's own argument.
    unsafe { real!(close(c_int) -> c_int; fd) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn close_range(first: c_uint, last: c_uint, flags: c_int) -> c_int {
    const CLOSE_RANGE_CLOEXEC: c_int = 4;
    if page().is_some() && flags & CLOSE_RANGE_CLOEXEC == 0 {
        for fd in first..=last.min(DESCRIPTORS as c_uint - 1) {
            copy(None, fd.cast_signed());
            crate::waiter::closed(fd.cast_signed());
        }
    }
    // SAFETY: the caller's own arguments.
    unsafe { real!(close_range(c_uint, c_uint, c_int) -> c_int; first, last, flags) }
}

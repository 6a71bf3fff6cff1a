//! `syscall`, by which Rust's standard library and others wait on a futex or read a clock.
//!
//! Only the calls that have to do with time come here: every other one jumps on into the C library
//! without a frame of ours, because some return twice or on another stack.

use core::ffi::{c_int, c_long, c_ulong, c_void};
use core::sync::atomic::AtomicPtr;

use crate::kernel::kernel;
use crate::page::Page;
use crate::system::{
    CLOCK_MONOTONIC, CLOCK_REALTIME, ETIMEDOUT, Itimerspec, Pollfd, Timespec, Timeval, fail, find,
};
use crate::time::{page, wait};

/// The numbers of the calls that are ours; they stand in the jump below as well.
#[cfg(target_arch = "x86_64")]
mod number {
    pub(super) const POLL: i64 = 7;
    pub(super) const SELECT: i64 = 23;
    pub(super) const NANOSLEEP: i64 = 35;
    pub(super) const GETTIMEOFDAY: i64 = 96;
    pub(super) const TIME: i64 = 201;
    pub(super) const FUTEX: i64 = 202;
    pub(super) const CLOCK_GETTIME: i64 = 228;
    pub(super) const CLOCK_NANOSLEEP: i64 = 230;
    pub(super) const EPOLL_WAIT: i64 = 232;
    pub(super) const PSELECT6: i64 = 270;
    pub(super) const PPOLL: i64 = 271;
    pub(super) const EPOLL_PWAIT: i64 = 281;
    pub(super) const TIMERFD_SETTIME: i64 = 286;
    pub(super) const TIMERFD_GETTIME: i64 = 287;
    pub(super) const EPOLL_PWAIT2: i64 = 441;
}

/// The same on this architecture; what it does not have is a number that nobody calls.
#[cfg(target_arch = "aarch64")]
mod number {
    pub(super) const POLL: i64 = -1;
    pub(super) const SELECT: i64 = -2;
    pub(super) const NANOSLEEP: i64 = 101;
    pub(super) const GETTIMEOFDAY: i64 = 169;
    pub(super) const TIME: i64 = -3;
    pub(super) const FUTEX: i64 = 98;
    pub(super) const CLOCK_GETTIME: i64 = 113;
    pub(super) const CLOCK_NANOSLEEP: i64 = 115;
    pub(super) const EPOLL_WAIT: i64 = -4;
    pub(super) const PSELECT6: i64 = 72;
    pub(super) const PPOLL: i64 = 73;
    pub(super) const EPOLL_PWAIT: i64 = 22;
    pub(super) const TIMERFD_SETTIME: i64 = 86;
    pub(super) const TIMERFD_GETTIME: i64 = 87;
    pub(super) const EPOLL_PWAIT2: i64 = 441;
}

/// Compares the number with those above, and jumps.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn syscall() {
    core::arch::naked_asm!(
        ".irp known, 7, 23, 35, 96, 201, 202, 228, 230, 232, 270, 271, 281, 286, 287, 441",
        "cmp rdi, \\known",
        "je 2f",
        ".endr",
        "mov rax, qword ptr [rip + {real}]",
        "test rax, rax",
        "je 2f",
        "jmp rax",
        "2:",
        "jmp {timed}",
        real = sym REAL,
        timed = sym timed_syscall,
    )
}

/// Compares the number with those above, and jumps.
#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn syscall() {
    core::arch::naked_asm!(
        ".irp known, 22, 72, 73, 86, 87, 98, 101, 113, 115, 169, 441",
        "cmp x0, #\\known",
        "b.eq 2f",
        ".endr",
        "adrp x16, {real}",
        "ldr x16, [x16, :lo12:{real}]",
        "cbz x16, 2f",
        "br x16",
        "2:",
        "b {timed}",
        real = sym REAL,
        timed = sym timed_syscall,
    )
}

/// The C library's own `syscall`, once it has been found.
static REAL: AtomicPtr<c_void> = AtomicPtr::new(core::ptr::null_mut());

/// Finds it before anybody calls: the jump above only looks.
#[used]
#[unsafe(link_section = ".init_array")]
static BEGIN: extern "C" fn() = {
    extern "C" fn begin() {
        find(&REAL, c"syscall");
    }
    begin
};

type Words = [c_ulong; 6];

type Function =
    unsafe extern "C" fn(c_long, c_ulong, c_ulong, c_ulong, c_ulong, c_ulong, c_ulong) -> c_long;

unsafe extern "C" fn timed_syscall(
    number: c_long,
    first: c_ulong,
    second: c_ulong,
    third: c_ulong,
    fourth: c_ulong,
    fifth: c_ulong,
    sixth: c_ulong,
) -> c_long {
    let words = [first, second, third, fourth, fifth, sixth];
    // SAFETY: the caller's own arguments.
    unsafe {
        match page().and_then(|page| warped(page, number, words)) {
            Some(result) => result,
            None => plain(number, words),
        }
    }
}

/// The call as the C library makes it.
unsafe fn plain(number: c_long, words: Words) -> c_long {
    let found = find(&REAL, c"syscall");
    if found.is_null() {
        return answer(unsafe { kernel(number, words) });
    }
    let [first, second, third, fourth, fifth, sixth] = words;
    // SAFETY: `syscall` takes as many words as there are, whatever its declaration says; the
    // caller's own arguments.
    unsafe {
        core::mem::transmute::<*mut c_void, Function>(found)(
            number, first, second, third, fourth, fifth, sixth,
        )
    }
}

fn answer(result: c_long) -> c_long {
    match c_int::try_from(-result) {
        Ok(error @ 1..4096) => c_long::from(fail(error)),
        _ => result,
    }
}

/// The calls that have a function of the same meaning are that function. A time-out of nothing is
/// left to the system.
unsafe fn warped(page: &'static Page, number: c_long, words: Words) -> Option<c_long> {
    let int = |at: usize| words[at] as c_int;
    let [first, second, third, fourth, fifth, _] = words;
    // SAFETY: the caller's own arguments, in the order in which the function has them too.
    let result = unsafe {
        match number {
            number::FUTEX => return futex(page, words),
            number::CLOCK_GETTIME => crate::clocks::clock_gettime(int(0), second as *mut Timespec),
            number::GETTIMEOFDAY => {
                crate::clocks::gettimeofday(first as *mut Timeval, second as *mut c_void)
            }
            number::TIME => return Some(crate::clocks::time(first as *mut i64)),
            number::NANOSLEEP => {
                crate::sleeps::nanosleep(first as *const Timespec, second as *mut Timespec)
            }
            number::CLOCK_NANOSLEEP => {
                let (time, left) = (third as *const Timespec, fourth as *mut Timespec);
                match crate::sleeps::clock_nanosleep(int(0), int(1), time, left) {
                    0 => 0,
                    error => fail(error),
                }
            }
            number::POLL => crate::polls::poll(first as *mut Pollfd, second, int(2)),
            number::PPOLL => {
                let (time, mask) = (third as *const Timespec, fourth as *const c_void);
                crate::polls::ppoll(first as *mut Pollfd, second, time, mask)
            }
            number::SELECT => {
                let [read, write, other] = [second, third, fourth].map(|set| set as *mut c_void);
                crate::polls::select(int(0), read, write, other, fifth as *mut Timeval)
            }
            number::PSELECT6 => pselect(page, words),
            number::EPOLL_WAIT => {
                crate::polls::epoll_wait(int(0), second as *mut c_void, int(2), int(3))
            }
            number::EPOLL_PWAIT => {
                let (events, mask) = (second as *mut c_void, fifth as *const c_void);
                crate::polls::epoll_pwait(int(0), events, int(2), int(3), mask)
            }
            number::EPOLL_PWAIT2 => {
                let (events, mask) = (second as *mut c_void, fifth as *const c_void);
                let time = fourth as *const Timespec;
                crate::polls::epoll_pwait2(int(0), events, int(2), time, mask)
            }
            number::TIMERFD_SETTIME => {
                let (new, old) = (third as *const Itimerspec, fourth as *mut Itimerspec);
                crate::timers::timerfd_settime(int(0), int(1), new, old)
            }
            number::TIMERFD_GETTIME => {
                crate::timers::timerfd_gettime(int(0), second as *mut Itimerspec)
            }
            _ => return None,
        }
    };
    Some(c_long::from(result))
}

/// The system's call takes its mask in a structure of its own, and says what is left of the time.
unsafe fn pselect(page: &Page, words: Words) -> c_int {
    let [_, read, write, other, time, packed] = words;
    let (time, packed) = (time as *mut Timespec, packed as *const [*const c_void; 2]);
    let count = words[0] as c_int;
    let [read, write, other] = [read, write, other].map(|set| set as *mut c_void);
    // SAFETY: the caller's own arguments.
    unsafe {
        let mask = packed.as_ref().map_or(core::ptr::null(), |packed| packed[0]);
        let due = time.as_ref().map(|time| page.after(time.whole()));
        let result = crate::polls::pselect(count, read, write, other, time, mask);
        if let Some(due) = due {
            *time = Timespec::of(due - page.virt());
        }
        result
    }
}

/// Waits on a futex. Between two pieces nobody waits: a waker changes the value before it wakes,
/// and the next piece sees that.
unsafe fn futex(page: &Page, words: Words) -> Option<c_long> {
    const WAIT: c_ulong = 0;
    const WAIT_BITSET: c_ulong = 9;
    const WAIT_REQUEUE_PI: c_ulong = 11;
    const LOCK_PI: c_ulong = 6;
    const LOCK_PI2: c_ulong = 13;
    const BY_CALENDAR: c_ulong = 256;
    let time = words[3] as *const Timespec;
    let command = words[1] & 127;
    if !matches!(command, WAIT | WAIT_BITSET | WAIT_REQUEUE_PI | LOCK_PI | LOCK_PI2) {
        return None;
    }
    // SAFETY: these commands have a time in this place, or nothing.
    let Some(time) = (unsafe { time.as_ref() }) else {
        // SAFETY: the caller's own arguments.
        let result = unsafe { plain(number::FUTEX, words) };
        page.woken();
        return Some(result);
    };
    if !time.is_valid() {
        return None;
    }
    let by_calendar = words[1] & BY_CALENDAR != 0 || command == LOCK_PI;
    let clock = if by_calendar { CLOCK_REALTIME } else { CLOCK_MONOTONIC };
    let due = match command {
        WAIT => page.after(time.whole()),
        _ => page.when(clock, time.whole())?,
    };
    let waited = wait(page, due, |piece| {
        let end = match command {
            WAIT => piece,
            _ => crate::system::real_clock(clock).saturating_add(piece),
        };
        let end = Timespec::of(end);
        let mut words = words;
        words[3] = (&raw const end) as c_ulong;
        // SAFETY: the caller's own arguments, and a time of ours.
        let result = unsafe { kernel(number::FUTEX, words) };
        (result != -c_long::from(ETIMEDOUT)).then_some(result)
    });
    Some(answer(waited.unwrap_or(-c_long::from(ETIMEDOUT))))
}

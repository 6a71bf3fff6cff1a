//! The C library without us: its types, and its functions as they are behind our own of the same
//! name.

use core::ffi::{CStr, c_char, c_int, c_short, c_uint, c_void};
use core::sync::atomic::{AtomicPtr, Ordering};

pub(crate) const CLOCK_REALTIME: c_int = 0;
pub(crate) const CLOCK_MONOTONIC: c_int = 1;
pub(crate) const TIMER_ABSTIME: c_int = 1;

pub(crate) const EINTR: c_int = 4;
pub(crate) const EAGAIN: c_int = 11;
pub(crate) const EFAULT: c_int = 14;
pub(crate) const EINVAL: c_int = 22;
pub(crate) const ENOSYS: c_int = 38;
pub(crate) const ETIMEDOUT: c_int = 110;
pub(crate) const EINPROGRESS: c_int = 115;

const SECOND: i64 = 1_000_000_000;

/// `struct timespec`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Timespec {
    pub(crate) seconds: i64,
    pub(crate) nanoseconds: i64,
}

impl Timespec {
    pub(crate) const ZERO: Self = Self { seconds: 0, nanoseconds: 0 };

    /// As the C library wants it: nothing before zero.
    pub(crate) fn of(nanoseconds: i64) -> Self {
        let whole = nanoseconds.max(0);
        Self { seconds: whole / SECOND, nanoseconds: whole % SECOND }
    }

    pub(crate) fn whole(self) -> i64 {
        self.seconds.saturating_mul(SECOND).saturating_add(self.nanoseconds)
    }

    pub(crate) fn is_valid(self) -> bool {
        self.seconds >= 0 && (0..SECOND).contains(&self.nanoseconds)
    }
}

/// `struct timeval`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Timeval {
    pub(crate) seconds: i64,
    pub(crate) microseconds: i64,
}

impl Timeval {
    pub(crate) fn of(nanoseconds: i64) -> Self {
        let Timespec { seconds, nanoseconds } = Timespec::of(nanoseconds);
        Self { seconds, microseconds: nanoseconds / 1000 }
    }

    pub(crate) fn whole(self) -> i64 {
        let micros = self.microseconds.saturating_mul(1000);
        self.seconds.saturating_mul(SECOND).saturating_add(micros)
    }
}

/// `struct itimerspec`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Itimerspec {
    pub(crate) interval: Timespec,
    pub(crate) value: Timespec,
}

/// `struct itimerval`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Itimerval {
    pub(crate) interval: Timeval,
    pub(crate) value: Timeval,
}

/// `struct pollfd`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct Pollfd {
    pub(crate) fd: c_int,
    pub(crate) events: c_short,
    pub(crate) revents: c_short,
}

unsafe extern "C" {
    pub(crate) fn abort() -> !;
    pub(crate) fn getenv(name: *const c_char) -> *const c_char;
    pub(crate) fn getpid() -> c_int;
    pub(crate) fn open(path: *const c_char, flags: c_int, ...) -> c_int;
    pub(crate) fn mmap(
        at: *mut c_void,
        length: usize,
        protection: c_int,
        flags: c_int,
        fd: c_int,
        offset: i64,
    ) -> *mut c_void;
    pub(crate) fn __register_atfork(
        prepare: *const c_void,
        parent: *const c_void,
        child: Option<unsafe extern "C" fn()>,
        object: *const c_void,
    ) -> c_int;
    pub(crate) fn prctl(option: c_int, ...) -> c_int;
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
    fn __errno_location() -> *mut c_int;
}

/// `RTLD_NEXT`: the objects that are searched after this one.
const NEXT: *mut c_void = -1_isize as *mut c_void;

/// A function of the C library that ours stands before. Found when it is first called, because
/// others may call us before we have been set up.
pub(crate) fn find(place: &AtomicPtr<c_void>, name: &CStr) -> *mut c_void {
    let known = place.load(Ordering::Relaxed);
    if !known.is_null() {
        return known;
    }
    // SAFETY: the name ends with a zero byte, and `RTLD_NEXT` is a handle that `dlsym` takes.
    let found = unsafe { dlsym(NEXT, name.as_ptr()) };
    place.store(found, Ordering::Relaxed);
    found
}

/// Calls the C library's own function of this name and type.
macro_rules! real {
    ($name:ident($($type:ty),* $(,)?) $(-> $result:ty)?; $($value:expr),* $(,)?) => {{
        use core::ffi::c_void;
        use core::sync::atomic::AtomicPtr;

        type Function = unsafe extern "C" fn($($type),*) $(-> $result)?;
        static PLACE: AtomicPtr<c_void> = AtomicPtr::new(core::ptr::null_mut());
        const NAME: &core::ffi::CStr = match core::ffi::CStr::from_bytes_with_nul(
            concat!(stringify!($name), "\0").as_bytes(),
        ) {
            Ok(name) => name,
            Err(_) => c"",
        };
        let found = $crate::system::find(&PLACE, NAME);
        if found.is_null() {
            // Nobody calls what the C library does not have.
            $crate::system::abort()
        }
        core::mem::transmute::<*mut c_void, Function>(found)($($value),*)
    }};
}
pub(crate) use real;

pub(crate) fn errno() -> c_int {
    // SAFETY: the C library gives each thread a place for it.
    unsafe { *__errno_location() }
}

/// Sets `errno`, and gives the result of a call that has failed.
pub(crate) fn fail(errno: c_int) -> c_int {
    // SAFETY: the C library gives each thread a place for it.
    unsafe { *__errno_location() = errno };
    -1
}

/// What the machine's clock says, whatever ours does.
pub(crate) fn real_clock(clock: c_int) -> i64 {
    let mut now = Timespec::ZERO;
    // SAFETY: `now` is a place for a time.
    unsafe { real!(clock_gettime(c_int, *mut Timespec) -> c_int; clock, &raw mut now) };
    now.whole()
}

pub(crate) type Size = c_uint;

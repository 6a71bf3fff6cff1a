//! The page as a process sees it: where it is, what time it is, and how long to wait.

use core::ffi::{c_int, c_void};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use crate::page::{CLOCKS, Page, VARIABLE};
use crate::system::{self, CLOCK_MONOTONIC, CLOCK_REALTIME};

/// The longest wait in one piece, whatever the page says: whoever set its pace may be gone.
const LONGEST: i64 = 1_000_000_000;

static PAGE: AtomicPtr<Page> = AtomicPtr::new(null_mut());

/// This process's place in the page.
static PLACE: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Runs when the object is loaded.
#[used]
#[unsafe(link_section = ".init_array")]
static BEGIN: extern "C" fn() = begin;

extern "C" fn begin() {
    const PR_SET_TIMERSLACK: c_int = 29;
    if !find() {
        return;
    }
    enter();
    if let Some(page) = page() {
        crate::waiter::take_over(page);
    }
    // SAFETY: the arguments are those of the option; the function has C's type.
    unsafe {
        // The system may wake a thread 50 us late, which is three milliseconds at x60.
        system::prctl(PR_SET_TIMERSLACK, 1_usize);
        let none = core::ptr::null();
        system::__register_atfork(none, none, Some(forked), none);
    }
}

unsafe extern "C" fn forked() {
    crate::waiter::forget();
    enter();
}

fn enter() {
    if let Some(page) = page() {
        // SAFETY: it takes no arguments.
        let process = unsafe { system::getpid() }.cast_unsigned();
        // A program before this one may have been in the middle of a wait.
        page.stop_all(process);
        let place = page.register(process);
        PLACE.store(place.unwrap_or(usize::MAX), Ordering::Release);
    }
}

/// Maps the page that the environment names.
fn find() -> bool {
    const READ_WRITE_CLOEXEC: c_int = 2 | 0o2_000_000;
    // SAFETY: the name ends with a zero byte, and the constructor runs before any other thread.
    let path = unsafe { system::getenv(VARIABLE.as_ptr()) };
    if path.is_null() {
        return false;
    }
    // SAFETY: `path` is a C string, and the descriptor is closed by nobody else.
    let mapped = unsafe {
        let fd = system::open(path, READ_WRITE_CLOEXEC);
        if fd < 0 {
            return false;
        }
        let mapped = system::mmap(null_mut(), size_of::<Page>(), 1 | 2, 1, fd, 0);
        system::real!(close(c_int) -> c_int; fd);
        mapped
    };
    if mapped == -1_isize as *mut c_void {
        return false;
    }
    let page: *mut Page = mapped.cast();
    // SAFETY: the mapping is as large as a page and is never taken away.
    if !unsafe { (*page).is_valid() } {
        return false;
    }
    PAGE.store(page, Ordering::Release);
    true
}

/// The page, in a process that follows its clock.
pub(crate) fn page() -> Option<&'static Page> {
    // SAFETY: it is null or a mapping that is never taken away, and all of it is atomic.
    unsafe { PAGE.load(Ordering::Acquire).as_ref() }
}

fn machine() -> i64 {
    system::real_clock(CLOCK_MONOTONIC)
}

impl Page {
    /// The virtual time.
    pub(crate) fn virt(&self) -> i64 {
        self.now(machine)
    }

    /// How far a clock is ahead of the monotonic one, if it is a clock of time that passes.
    pub(crate) fn offset(&self, clock: c_int) -> Option<i64> {
        // 2 and 3 count what processes and threads compute; so do all negative ones.
        let place = usize::try_from(clock).ok().filter(|place| *place < CLOCKS)?;
        (clock != 2 && clock != 3).then(|| self.offsets[place].load(Ordering::Relaxed))
    }

    /// What a clock says in virtual time.
    pub(crate) fn clock(&self, clock: c_int) -> Option<i64> {
        Some(self.virt() + self.offset(clock)?)
    }

    /// The virtual time at which something is due that is due in so many nanoseconds.
    pub(crate) fn after(&self, nanoseconds: i64) -> i64 {
        self.virt().saturating_add(nanoseconds.max(0))
    }

    /// The virtual time at which a clock says this.
    pub(crate) fn when(&self, clock: c_int, says: i64) -> Option<i64> {
        Some(says.saturating_sub(self.offset(clock)?))
    }

    /// The virtual time of a deadline on the clock of a condition variable, which cannot be asked
    /// for it: no machine has been up since before 2001, which is where the calendar's numbers
    /// begin.
    pub(crate) fn when_guessed(&self, says: i64) -> (c_int, i64) {
        const CALENDAR: core::ops::Range<i64> =
            1_000_000_000_000_000_000..4_000_000_000_000_000_000;
        let clock = if CALENDAR.contains(&says) { CLOCK_REALTIME } else { CLOCK_MONOTONIC };
        (clock, self.when(clock, says).unwrap_or(says))
    }

    /// How long to wait, in real nanoseconds, for a virtual time or for a look at the page;
    /// nothing where the time has come.
    pub(crate) fn piece(&self, due: i64) -> Option<i64> {
        let (_, mut moment) = self.moment();
        let mut real = machine();
        // Not by `virt`: whoever is given a time commits the clock to it, and this one is late.
        if moment.virt_at(real).max(self.latest()) >= due {
            self.slow_down(Some(due), machine);
            // Somebody may be waiting for an earlier time, who has not been woken yet.
            if self.virt() >= due {
                return None;
            }
            (_, moment) = self.moment();
            real = machine();
        }
        let missing = moment.real_at(due).saturating_sub(real);
        let most = if moment.is_slow() { self.slice.load(Ordering::Relaxed) } else { LONGEST };
        Some(missing.clamp(1, most))
    }

    /// Says that this thread has been woken by something else than the time.
    pub(crate) fn woken(&self) {
        self.slow_down(None, machine);
    }
}

/// Waits for a virtual time by a call that waits for so many real nanoseconds, and gives nothing
/// where only the time has passed.
pub(crate) fn wait<R>(page: &Page, due: i64, mut once: impl FnMut(i64) -> Option<R>) -> Option<R> {
    let _due = Due::new(page, due);
    while let Some(piece) = page.piece(due) {
        if let Some(result) = counted(page, || once(piece)) {
            page.woken();
            return Some(result);
        }
    }
    None
}

/// A time that this thread waits for, which the clock does not run past until this is dropped.
pub(crate) struct Due<'a> {
    page: &'a Page,
    place: Option<usize>,
}

impl<'a> Due<'a> {
    pub(crate) fn new(page: &'a Page, due: i64) -> Self {
        // SAFETY: it takes no arguments.
        let process = unsafe { system::getpid() }.cast_unsigned();
        Self { page, place: page.wait_for(process, due) }
    }
}

impl Drop for Due<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.page.stop_waiting(place);
        }
    }
}

/// Waits for one piece, as one that waits in pieces: the more there are, the longer these are.
pub(crate) fn counted<R>(page: &Page, once: impl FnOnce() -> R) -> R {
    let waiting = page.waiting.get(PLACE.load(Ordering::Acquire));
    waiting.inspect(|waiting| _ = waiting.fetch_add(1, Ordering::AcqRel));
    let result = once();
    waiting.inspect(|waiting| _ = waiting.fetch_sub(1, Ordering::AcqRel));
    result
}

//! The page and the preloaded object as files in memory: they have a path while the process that
//! made them is alive, and nothing is left of them after that.

use std::ffi::{CStr, OsString};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _};
use std::ptr::null_mut;

use crate::page::{Page, VARIABLE};

/// The object that is preloaded.
const OBJECT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/preload.so"));

/// What the system calls the object where a process has mapped it.
pub(crate) const OBJECT_NAME: &str = "chaos-warp.so";

/// A page in this process's memory.
#[derive(Debug)]
pub(crate) struct Mapped(*mut Page);

// SAFETY: all of a page is atomic.
unsafe impl Send for Mapped {}
// SAFETY: all of a page is atomic.
unsafe impl Sync for Mapped {}

impl Mapped {
    /// The page that the environment names, if it names one.
    pub(crate) fn of_environment() -> Option<Self> {
        let path = std::env::var_os(VARIABLE.to_str().ok()?)?;
        let file = OpenOptions::new().read(true).write(true).open(path).ok()?;
        let mapped = Self::of(&file).ok()?;
        mapped.page().is_valid().then_some(mapped)
    }

    fn of(file: &File) -> io::Result<Self> {
        if file.metadata()?.len() != size_of::<Page>() as u64 {
            return Err(io::Error::other("it is no page"));
        }
        // SAFETY: the file is as large as a page, and nobody makes it smaller.
        let place = unsafe {
            libc::mmap(
                null_mut(),
                size_of::<Page>(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                0,
            )
        };
        if place == libc::MAP_FAILED {
            Err(io::Error::last_os_error())
        } else {
            Ok(Self(place.cast()))
        }
    }

    pub(crate) fn page(&self) -> &Page {
        // SAFETY: the mapping is as large as a page, and stays until this is dropped.
        unsafe { &*self.0 }
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: nobody can refer to the mapping any more.
        unsafe { libc::munmap(self.0.cast(), size_of::<Page>()) };
    }
}

/// The page and the object, and how a process finds them.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) page: Mapped,
    page_file: File,
    object_file: File,
}

impl Shared {
    /// A clock that begins now, at real speed.
    pub(crate) fn new(slice: i64, speed: i64) -> io::Result<Self> {
        let page_file = in_memory(c"chaos-clock")?;
        page_file.set_len(size_of::<Page>() as u64)?;
        let mut object_file = in_memory(c"chaos-warp.so")?;
        object_file.write_all(OBJECT)?;
        let page = Mapped::of(&page_file)?;
        let began = real_clock(libc::CLOCK_MONOTONIC);
        for (clock, offset) in (0..).zip(&page.page().offsets) {
            offset.store(ahead(clock), std::sync::atomic::Ordering::Relaxed);
        }
        page.page().begin(began, slice, speed);
        Ok(Self { page, page_file, object_file })
    }

    /// What a process has in its environment that follows the clock.
    pub(crate) fn environment(&self) -> [(&'static str, OsString); 2] {
        let path = |file: &File| {
            let path = format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd());
            OsString::from(path)
        };
        let mut preload = path(&self.object_file);
        if let Some(others) = std::env::var_os("LD_PRELOAD").filter(|others| !others.is_empty()) {
            preload.push(":");
            preload.push(others);
        }
        let name = VARIABLE.to_str().unwrap_or_default();
        [("LD_PRELOAD", preload), (name, path(&self.page_file))]
    }
}

/// A file that is nowhere but in memory.
fn in_memory(name: &CStr) -> io::Result<File> {
    // Executable, where the system asks: an object is mapped as code.
    const MFD_EXEC: u32 = 0x10;
    for flags in [libc::MFD_CLOEXEC | MFD_EXEC, libc::MFD_CLOEXEC] {
        // SAFETY: the name ends with a zero byte.
        let fd = unsafe { libc::memfd_create(name.as_ptr(), flags) };
        if fd >= 0 {
            // SAFETY: the descriptor is new and belongs to nobody else.
            return Ok(unsafe { File::from_raw_fd(fd) });
        }
    }
    Err(io::Error::last_os_error())
}

/// How far a clock is ahead of the monotonic one; nothing where there is no such clock.
fn ahead(clock: i32) -> i64 {
    let counts_computing =
        clock == libc::CLOCK_PROCESS_CPUTIME_ID || clock == libc::CLOCK_THREAD_CPUTIME_ID;
    // The coarse twins of a clock say what it says, to the nanosecond.
    let clock = match clock {
        libc::CLOCK_REALTIME_COARSE | libc::CLOCK_REALTIME_ALARM => libc::CLOCK_REALTIME,
        libc::CLOCK_MONOTONIC_COARSE => libc::CLOCK_MONOTONIC,
        libc::CLOCK_BOOTTIME_ALARM => libc::CLOCK_BOOTTIME,
        other => other,
    };
    let monotonic = real_clock(libc::CLOCK_MONOTONIC);
    let other = real_clock(clock);
    if counts_computing || other == 0 { 0 } else { other - monotonic }
}

/// What a clock of the machine says, in nanoseconds; nothing where there is no such clock. Only
/// outside: below the clock it is that clock's.
pub(crate) fn real_clock(clock: libc::clockid_t) -> i64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the place for a time is there.
    let result = unsafe { libc::clock_gettime(clock, &raw mut time) };
    if result == 0 { time.tv_sec * 1_000_000_000 + time.tv_nsec } else { 0 }
}

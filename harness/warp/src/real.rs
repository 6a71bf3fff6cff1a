//! What a program below a clock does in real time all the same: looking after itself, which is no
//! part of what its clock is for.

use std::time::Duration;

/// Rests for this long on the machine's clock.
pub fn rest(time: Duration) {
    here::rest(time);
}

/// Does something that does not count as computing: the clock may run fast meanwhile. The process
/// is taken to wait while its main thread does.
pub fn aside<R>(act: impl FnOnce() -> R) -> R {
    here::aside(act)
}

#[cfg(warps)]
mod here {
    use std::sync::OnceLock;
    use std::sync::atomic::Ordering::AcqRel;
    use std::time::Duration;

    use crate::kernel::kernel;
    use crate::shared::Mapped;

    pub(super) fn rest(time: Duration) {
        let time = libc::timespec {
            tv_sec: time.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: i64::from(time.subsec_nanos()),
        };
        let place = (&raw const time) as u64;
        // Not by the C library, which is warped. A signal ends it early, and nothing is lost.
        // SAFETY: the place of a time, and nobody asks for what is left.
        unsafe { kernel(libc::SYS_nanosleep, [place, 0, 0, 0, 0, 0]) };
    }

    pub(super) fn aside<R>(act: impl FnOnce() -> R) -> R {
        static PAGE: OnceLock<Option<Mapped>> = OnceLock::new();
        let Some(mapped) = PAGE.get_or_init(Mapped::of_environment) else { return act() };
        let page = mapped.page();
        page.aside_of.store(std::process::id(), std::sync::atomic::Ordering::Release);
        page.asides.fetch_add(1, AcqRel);
        let result = act();
        page.asides.fetch_add(1, AcqRel);
        result
    }
}

#[cfg(not(warps))]
mod here {
    use std::time::Duration;

    pub(super) fn rest(time: Duration) {
        std::thread::sleep(time);
    }

    pub(super) fn aside<R>(act: impl FnOnce() -> R) -> R {
        act()
    }
}

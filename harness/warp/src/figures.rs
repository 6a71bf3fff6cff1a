//! What a program below the clock can tell of it.

/// How time has passed since the clock began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// How many times as fast the clock runs while all wait.
    pub speed: u32,
    /// Time on the machine's clock, in microseconds.
    pub real_us: u64,
    /// How much of that somebody was computing, in microseconds.
    pub computing_us: u64,
    /// Processes that ran without this clock.
    pub strangers: u64,
    /// The name of the first of them.
    pub stranger: Option<String>,
}

/// Whether this program was started below a clock.
pub fn is_inside() -> bool {
    inside::is_inside()
}

/// How time has passed, in a program that was started below a clock and follows it.
pub fn figures() -> Option<Figures> {
    inside::figures()
}

#[cfg(warps)]
mod inside {
    use std::sync::atomic::Ordering::Relaxed;

    use super::Figures;
    use crate::page::{Page, VARIABLE};
    use crate::shared::Mapped;

    pub(super) fn is_inside() -> bool {
        VARIABLE.to_str().is_ok_and(|name| std::env::var_os(name).is_some())
    }

    pub(super) fn figures() -> Option<Figures> {
        let mapped = Mapped::of_environment()?;
        let page = mapped.page();
        let this = std::process::id();
        if !page.processes.iter().any(|place| place.load(Relaxed) == this) {
            return None;
        }
        let microseconds = |nanoseconds: i64| nanoseconds.max(0).unsigned_abs() / 1000;
        Some(Figures {
            speed: u32::try_from(page.speed.load(Relaxed)).unwrap_or(u32::MAX),
            real_us: microseconds(page.looked.load(Relaxed) - page.began.load(Relaxed)),
            computing_us: microseconds(page.computing.load(Relaxed)),
            strangers: page.strangers.load(Relaxed),
            stranger: name(page),
        })
    }

    fn name(page: &Page) -> Option<String> {
        let bytes = page.stranger.iter().flat_map(|half| half.load(Relaxed).to_ne_bytes());
        let name: Vec<u8> = bytes.take_while(|byte| *byte != 0).collect();
        (!name.is_empty()).then(|| String::from_utf8_lossy(&name).into_owned())
    }
}

#[cfg(not(warps))]
mod inside {
    use super::Figures;

    pub(super) fn is_inside() -> bool {
        false
    }

    pub(super) fn figures() -> Option<Figures> {
        None
    }
}

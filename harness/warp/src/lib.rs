//! One clock for programs of other people's, which runs fast while all of them wait and at real
//! speed while any of them computes.
//!
//! In reading order: the [`page`] is the clock, shared by all processes; `shared` makes it and the
//! object that is preloaded (`preload/`, compiled by `build.rs`), both without a file that could
//! be left behind. [`program`] says which programs can follow the clock. [`supervise`] starts this
//! program again below the clock and stays outside: its `pace` looks at what `processes` compute
//! and sets the speed. [`figures`] is what the program inside can tell of it, and [`real`] what it
//! does in real time all the same; `kernel` is how.
//!
//! This crate has the only unsafe code of the workspace. It knows nothing of what is driven, and
//! on other systems than Linux with glibc it has the same functions, which say so.

pub mod figures;
#[cfg(warps)]
pub mod page;
#[cfg(unix)]
pub mod program;
pub mod real;
pub mod supervise;

#[cfg(warps)]
mod kernel;
#[cfg(warps)]
pub mod pace;
#[cfg(warps)]
mod processes;
#[cfg(warps)]
mod shared;

/// Speeds that can be asked for.
pub const SPEEDS: std::ops::RangeInclusive<u32> = 1..=1000;

/// Whether this system can warp time.
pub const SUPPORTED: bool = cfg!(warps);

//! The object that is preloaded into processes: it answers every clock and times every wait by
//! the clock of the [`page`].
//!
//! In reading order: [`system`] is the C library as it is without us; [`time`] finds the page and
//! cuts waits into pieces; then a file for each family of calls. Whatever has no page, because it
//! was started by somebody else, is passed on as it is.
//!
//! The object has no dependencies and no standard library: it is loaded into everything, before
//! anything else is ready. A wrapper allocates nothing, takes no lock and may run in a signal
//! handler.

#![cfg(warps)]
#![cfg_attr(preload, no_std)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "C's numbers become each other as C has it, on the two architectures that there are"
)]

#[path = "../src/kernel.rs"]
mod kernel;
#[path = "../src/page.rs"]
#[expect(dead_code, unreachable_pub, reason = "the other end of the page uses the rest of it")]
mod page;
mod system;
mod time;

mod clocks;
mod descriptors;
mod locks;
mod polls;
mod processes;
mod raw;
mod sleeps;
mod timers;
mod waiter;

/// Nothing here can panic that can be foreseen; what cannot ends the process, as an abort does.
#[cfg(preload)]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: `abort` may be called at any time.
    unsafe { system::abort() }
}

// The core library is compiled for programs that unwind and names what these have for that. It is
// never called here, and must not be seen by others: a Rust program has one of its own.
#[cfg(preload)]
core::arch::global_asm!(
    ".globl rust_eh_personality",
    ".hidden rust_eh_personality",
    "rust_eh_personality:"
);

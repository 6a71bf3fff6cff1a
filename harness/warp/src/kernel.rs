//! System calls without the C library in between, which here is not the system's own.
//!
//! This file is compiled twice: into the library, and into the object that is preloaded.

use core::ffi::{c_long, c_ulong};

/// A system call without the C library in between; a negative result is an error's number.
///
/// # Safety
///
/// As the system call that it makes.
#[cfg(target_arch = "x86_64")]
pub(crate) unsafe fn kernel(number: c_long, arguments: [c_ulong; 6]) -> c_long {
    let result: c_long;
    // SAFETY: the registers are those of the system's convention.
    unsafe {
        core::arch::asm!(
            "syscall",
            inlateout("rax") number => result,
            in("rdi") arguments[0],
            in("rsi") arguments[1],
            in("rdx") arguments[2],
            in("r10") arguments[3],
            in("r8") arguments[4],
            in("r9") arguments[5],
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    result
}

/// A system call without the C library in between; a negative result is an error's number.
///
/// # Safety
///
/// As the system call that it makes.
#[cfg(target_arch = "aarch64")]
pub(crate) unsafe fn kernel(number: c_long, arguments: [c_ulong; 6]) -> c_long {
    let result: c_long;
    // SAFETY: the registers are those of the system's convention.
    unsafe {
        core::arch::asm!(
            "svc 0",
            in("x8") number,
            inlateout("x0") arguments[0] => result,
            in("x1") arguments[1],
            in("x2") arguments[2],
            in("x3") arguments[3],
            in("x4") arguments[4],
            in("x5") arguments[5],
            options(nostack),
        );
    }
    result
}

//! Processes that are started without a copy of their parent: entered as soon as they are there,
//! so that nobody takes the time that they need to load for a time in which all wait.

use core::ffi::{c_char, c_int, c_void};

use crate::system::real;
use crate::time::page;

/// Enters the child of a call that went well.
unsafe fn enter(result: c_int, child: *const c_int) -> c_int {
    if result == 0
        && let Some(page) = page()
        // SAFETY: where it is not null, the call has written the child's number there.
        && let Some(child) = unsafe { child.as_ref() }
    {
        let _ = page.register(child.cast_unsigned());
    }
    result
}

/// Defines both calls that start a process: by a path, and by a name that is looked for.
macro_rules! spawn {
    ($name:ident) => {
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(
            child: *mut c_int,
            program: *const c_char,
            actions: *const c_void,
            attributes: *const c_void,
            arguments: *const *mut c_char,
            environment: *const *mut c_char,
        ) -> c_int {
            let mut number = 0;
            let place = if child.is_null() { &raw mut number } else { child };
            // SAFETY: the caller's own arguments, and a place for a number.
            unsafe {
                let result = real!($name(
                    *mut c_int, *const c_char, *const c_void, *const c_void,
                    *const *mut c_char, *const *mut c_char
                ) -> c_int; place, program, actions, attributes, arguments, environment);
                enter(result, place)
            }
        }
    };
}

spawn!(posix_spawn);
spawn!(posix_spawnp);

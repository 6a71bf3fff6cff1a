//! Whether what a target starts can follow a clock that is warped.

use std::path::Path;

use crate::Failure;

/// Looks at a program, which a relative path names from the folder, where there is one.
pub(super) fn program(program: &str, folder: Option<&Path>) -> Result<(), Failure> {
    if !warp::SUPPORTED {
        return Err(Failure::usage(
            "`--speed` needs Linux with glibc on x86-64 or ARM64\n\
             hint: leave it out: everything runs in real time",
        ));
    }
    let is_path = program.contains(std::path::MAIN_SEPARATOR);
    let path = folder.filter(|_| is_path).map_or_else(|| program.into(), |at| at.join(program));
    check(&path, program)
}

#[cfg(unix)]
fn check(path: &Path, typed: &str) -> Result<(), Failure> {
    warp::program::check(path.as_os_str()).map_err(|unsupported| {
        let (file, reason) = (unsupported.program.display(), unsupported.reason);
        Failure::usage(format!(
            "time cannot be warped for `{typed}`: `{file}` {reason}\n\
             hint: leave out `--speed` and it runs in real time"
        ))
    })
}

#[cfg(not(unix))]
fn check(_: &Path, _: &str) -> Result<(), Failure> {
    Ok(())
}

/// What is started elsewhere has a clock of its own.
pub(super) fn running_already(url: &str) -> Failure {
    Failure::usage(format!(
        "time cannot be warped for a service that is running already: `{url}`\n\
         hint: let it be started, by `--start 'its command'` or `start` in its file, or leave out \
         `--speed`"
    ))
}

//! Starts this program again below a clock, and stays outside to set its speed.

use std::io;

/// How the program below the clock ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// With an exit code.
    Code(u8),
    /// By a signal.
    Signal(i32),
}

/// Runs this program with its own arguments below a clock, and gives how it ended. Signals are
/// handed on to it, and whatever it has started and forgotten ends with it.
pub fn supervise(speed: u32) -> io::Result<Ended> {
    outside::supervise(speed)
}

#[cfg(warps)]
mod outside {
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, id};
    use std::ptr::null_mut;
    use std::time::{Duration, Instant};

    use super::Ended;
    use crate::pace::Pace;
    use crate::processes;

    /// What is handed on, besides the news that a child has ended.
    const HANDED_ON: [libc::c_int; 4] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT];

    pub(super) fn supervise(speed: u32) -> io::Result<Ended> {
        let mut pace = Pace::new(speed)?;
        let signals = block()?;
        // Whatever the program forgets becomes a child of this one, which ends it.
        // SAFETY: the option takes one number.
        unsafe {
            libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1);
            libc::prctl(libc::PR_SET_TIMERSLACK, 1);
        }
        let program = start(&pace, signals)?;
        let mut wait = Duration::ZERO;
        loop {
            match next(&signals, wait) {
                Some(libc::SIGCHLD) => {
                    if let Some(ended) = reap(program) {
                        end_the_rest();
                        return Ok(ended);
                    }
                }
                Some(signal) => {
                    // SAFETY: the child has not been waited for, so that its number is its own.
                    unsafe { libc::kill(program, signal) };
                }
                None => wait = pace.look(),
            }
        }
    }

    fn start(pace: &Pace, blocked: libc::sigset_t) -> io::Result<libc::pid_t> {
        let this = id();
        let mut command = Command::new(std::env::current_exe()?);
        command.args(std::env::args_os().skip(1)).envs(pace.environment());
        // A group of its own: Ctrl-C at the terminal comes to this process, and from it once.
        command.process_group(0);
        // SAFETY: between fork and exec only system calls are made.
        unsafe {
            command.pre_exec(move || {
                libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const blocked, null_mut());
                // Nobody would set the speed any more: it is asked to end, and ends its own.
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
                if libc::getppid().cast_unsigned() == this {
                    Ok(())
                } else {
                    Err(io::Error::from_raw_os_error(libc::ESRCH))
                }
            });
        }
        // Waited for with all others, in `reap`.
        let child = command.spawn()?;
        Ok(child.id().cast_signed())
    }

    /// Blocks the signals that are waited for.
    fn block() -> io::Result<libc::sigset_t> {
        let mut set = MaybeUninit::uninit();
        // SAFETY: the set is made before it is used.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            for signal in HANDED_ON.into_iter().chain([libc::SIGCHLD]) {
                libc::sigaddset(set.as_mut_ptr(), signal);
            }
            let set = set.assume_init();
            match libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, null_mut()) {
                0 => Ok(set),
                error => Err(io::Error::from_raw_os_error(error)),
            }
        }
    }

    /// The next signal, or nothing where none comes in this time.
    fn next(set: &libc::sigset_t, within: Duration) -> Option<libc::c_int> {
        let time = libc::timespec { tv_sec: 0, tv_nsec: i64::from(within.subsec_nanos()) };
        // SAFETY: a set and a time of ours; nobody asks who sent it.
        let signal = unsafe { libc::sigtimedwait(set, null_mut(), &raw const time) };
        (signal > 0).then_some(signal)
    }

    /// Waits for all children that have ended; says how the program has.
    fn reap(program: libc::pid_t) -> Option<Ended> {
        let mut ended = None;
        loop {
            let mut status = 0;
            // SAFETY: the place for a status is there.
            let child = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
            if child <= 0 {
                return ended;
            }
            if child == program {
                ended = Some(if libc::WIFSIGNALED(status) {
                    Ended::Signal(libc::WTERMSIG(status))
                } else {
                    Ended::Code(u8::try_from(libc::WEXITSTATUS(status)).unwrap_or(u8::MAX))
                });
            }
        }
    }

    /// Ends what the program has left behind: children of this process by now, and theirs. This
    /// program itself is given some time: it may be there to clean up.
    fn end_the_rest() {
        const PATIENCE: Duration = Duration::from_secs(5);
        let began = Instant::now();
        loop {
            let this = id();
            let threads = processes::threads(this);
            let left: Vec<u32> =
                threads.into_iter().flat_map(|thread| processes::children(this, thread)).collect();
            if left.is_empty() {
                return;
            }
            let waits = began.elapsed() < PATIENCE;
            let ours = |child: &u32| waits && processes::is_this_program(*child);
            let (own, others): (Vec<u32>, Vec<u32>) = left.into_iter().partition(ours);
            for child in others {
                // SAFETY: a child that has not been waited for, so that its number is its own.
                unsafe { libc::kill(child.cast_signed(), libc::SIGKILL) };
            }
            if own.is_empty() {
                // One at a time: the children of one that has ended are only now this process's.
                // SAFETY: nobody asks how it ended.
                unsafe { libc::waitpid(-1, null_mut(), 0) };
            } else {
                reap(0);
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

#[cfg(not(warps))]
mod outside {
    use std::io;

    use super::Ended;

    pub(super) fn supervise(_: u32) -> io::Result<Ended> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "time is warped on Linux only"))
    }
}

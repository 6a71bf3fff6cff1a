//! Runs programs below a clock that a thread of the test sets the speed of.

use std::ffi::OsStr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use warp::pace::Pace;

/// How fast the clock runs while all wait.
pub(crate) const SPEED: u32 = 60;

/// A clock, and the thread that looks after it.
pub(crate) struct Clock {
    environment: Vec<(&'static str, std::ffi::OsString)>,
    stop: Arc<AtomicBool>,
    looking: Option<JoinHandle<()>>,
}

impl Clock {
    pub(crate) fn new() -> Self {
        let mut pace = Pace::new(SPEED).expect("a clock");
        let environment = pace.environment().to_vec();
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let looking = thread::spawn(move || {
            while !asked.load(Ordering::Relaxed) {
                let wait = pace.look();
                thread::sleep(wait);
            }
        });
        Self { environment, stop, looking: Some(looking) }
    }

    /// A program that follows the clock.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.envs(self.environment.iter().cloned()).stdin(Stdio::null());
        command
    }
}

/// Runs a program to its end, and gives what it has printed.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}\n{said}\n{complained}", output.status);
    said
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(looking) = self.looking.take() {
            let _ = looking.join();
        }
    }
}

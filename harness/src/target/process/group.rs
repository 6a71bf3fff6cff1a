//! A process group: everything that a process starts and does not set apart. Dropped, it is
//! killed: nothing of a job outlives the job.

use std::io;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;

/// The group that a process leads.
#[derive(Debug)]
pub(super) struct Group(Pid);

impl Group {
    /// The group of a process that was started as the first of one.
    pub(super) fn of(child: &Child) -> io::Result<Self> {
        let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        id.map(Self).ok_or_else(|| io::Error::other("the process has no number"))
    }

    /// Its number.
    pub(super) fn id(&self) -> i32 {
        self.0.as_raw_nonzero().get()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // It fails where nothing of the group is left.
        let _ = kill_process_group(self.0, Signal::KILL);
    }
}

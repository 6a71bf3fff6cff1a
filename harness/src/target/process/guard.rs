//! What cleans up after a run, also after one that was killed: a second `chaos` process that waits
//! for the first one to go.
//!
//! It holds one end of a pipe whose other end only the run holds. When that is closed, whichever
//! way, every process with the run's mark in its environment is killed, those included that left
//! their group, and the folder of the run's files is removed. Only Linux shows the environment of
//! other processes; elsewhere a run ends its groups, and what leaves them is not found.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// The variable that marks every process of a run.
pub const MARK: &str = "CHAOS_RUN";

/// The subcommand that nobody types.
const SUBCOMMAND: &str = "guard";

/// The guard of one run.
#[derive(Debug)]
pub(in crate::target) struct Guard {
    mark: String,
    process: Option<(Child, ChildStdin)>,
}

impl Guard {
    /// Starts one for a run whose files are in this folder, which has a name of its own.
    pub(in crate::target) fn start(folder: &Path) -> io::Result<Self> {
        let mark = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let process = if cfg!(target_os = "linux") { Some(started(&mark, folder)?) } else { None };
        Ok(Self { mark, process })
    }

    /// What marks a process as one of the run.
    pub(in crate::target) fn mark(&self) -> (OsString, Option<OsString>) {
        (MARK.into(), Some(self.mark.clone().into()))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some((mut child, pipe)) = self.process.take() {
            drop(pipe);
            // It ends by itself, and there is nothing to be done if it does not.
            let _ = child.wait();
        }
    }
}

fn started(mark: &str, folder: &Path) -> io::Result<(Child, ChildStdin)> {
    use std::os::unix::process::CommandExt as _;

    let mut command = Command::new(std::env::current_exe()?);
    // A group of its own, so that Ctrl-C in the terminal does not reach it.
    command.args([SUBCOMMAND, mark]).arg(folder).env_remove(MARK).process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let pipe = child.stdin.take().ok_or_else(|| io::Error::other("the guard has no pipe"))?;
    Ok((child, pipe))
}

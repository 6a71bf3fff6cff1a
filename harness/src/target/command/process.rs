//! One process and whatever it starts: a group that ends as a whole, whoever ends it.

use std::ffi::OsString;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::tail::Tail;

/// How long the streams of a process that has ended are read on, for what is still in a pipe.
const DRAIN: Duration = Duration::from_millis(500);

/// How a process ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// Its status.
    pub(super) status: ExitStatus,
    /// The last line that it printed, on standard error where it said something there.
    pub(super) last_words: Option<String>,
}

/// A process group. Dropped, it is killed: nothing of a job outlives the job.
#[derive(Debug)]
struct Group(Pid);

impl Drop for Group {
    fn drop(&mut self) {
        // It fails where nothing of the group is left.
        let _ = kill_process_group(self.0, Signal::KILL);
    }
}

/// Runs a command to its end. Dropped before that, the process and all that it started are killed.
pub(super) async fn run(
    words: &[OsString],
    environment: Vec<(&'static str, Option<OsString>)>,
) -> io::Result<Ended> {
    let (mut child, group) = start(words, environment)?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let (mut said, mut complained) = (Tail::default(), Tail::default());
    let status = {
        let reading = async { tokio::join!(said.follow(out), complained.follow(err)) };
        tokio::pin!(reading);
        let waiting = child.wait();
        tokio::pin!(waiting);
        let mut read = false;
        let status = loop {
            tokio::select! {
                biased;
                status = &mut waiting => break status?,
                _ = &mut reading, if !read => read = true,
            }
        };
        // What was started and forgotten would keep the pipes open.
        drop(group);
        if !read {
            let _ = timeout(DRAIN, &mut reading).await;
        }
        status
    };
    let last_words = complained.last_line().or_else(|| said.last_line());
    Ok(Ended { status, last_words })
}

fn start(
    words: &[OsString],
    environment: Vec<(&'static str, Option<OsString>)>,
) -> io::Result<(Child, Group)> {
    let [program, arguments @ ..] = words else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "an empty command"));
    };
    let mut command = Command::new(program);
    command.args(arguments).process_group(0).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (name, value) in environment {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let child = command.spawn()?;
    let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let id = id.ok_or_else(|| io::Error::other("the process has no number"))?;
    Ok((child, Group(id)))
}

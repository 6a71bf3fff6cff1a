//! One process and whatever it starts: a group that ends as a whole, whoever ends it.

pub(super) mod environment;
mod group;
pub mod guard;
pub(super) mod memory;
mod tail;

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use redact::Secrets;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use self::group::Group;
use self::memory::Memory;
pub(super) use self::memory::Watched;
pub(super) use self::tail::Tail;

/// How long the streams of a process that has ended are read on, for what is still in a pipe.
const DRAIN: Duration = Duration::from_millis(500);

/// What a process is started with.
#[derive(Debug)]
pub(super) struct Start<'a> {
    /// The program and its arguments.
    pub(super) words: &'a [OsString],
    /// What is set in its environment; nothing for what is removed from it.
    pub(super) environment: Vec<(OsString, Option<OsString>)>,
    /// Where it is started, if not here.
    pub(super) folder: Option<&'a Path>,
    /// What it reads from standard input, if anything.
    pub(super) stdin: Option<PathBuf>,
    /// The memory that it may hold with all that it starts.
    pub(super) memory_mb: Option<NonZeroU64>,
    /// How much of the end of its standard output is kept, in bytes.
    pub(super) kept_bytes: usize,
    /// What is masked where something of its output is shown.
    pub(super) secrets: &'a Secrets,
}

/// How a process ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// Its status.
    pub(super) status: ExitStatus,
    /// The end of what it printed.
    pub(super) stdout: Tail,
    /// The end of what it printed on standard error.
    pub(super) stderr: Tail,
    /// Whether it was killed for what it held in memory.
    pub(super) over_memory: bool,
    /// The most memory that it and what it started were seen to hold at once, in kilobytes.
    pub(super) peak_kb: u64,
}

impl Ended {
    /// The last line that it printed, on standard error where it said something there.
    pub(super) fn last_words(&self) -> Option<String> {
        self.stderr.last_line().or_else(|| self.stdout.last_line())
    }
}

/// A process that is running, with all that it starts. Dropped, all of it is killed.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    group: Option<Group>,
    memory: Arc<Memory>,
    watched: Arc<Watched>,
    number: i32,
    kept_bytes: usize,
    secrets: Secrets,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.memory.forget(self.number);
    }
}

impl Running {
    /// Starts a process.
    pub(super) fn start(start: Start<'_>, memory: &Arc<Memory>) -> io::Result<Self> {
        let [program, arguments @ ..] = start.words else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "an empty command"));
        };
        let mut command = Command::new(program);
        command.args(arguments).process_group(0).kill_on_drop(true);
        let stdin = start.stdin.map(File::open).transpose()?;
        command.stdin(stdin.map_or_else(Stdio::null, Stdio::from));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(folder) = start.folder {
            command.current_dir(folder);
        }
        for (name, value) in start.environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let child = command.spawn()?;
        let group = Group::of(&child)?;
        let number = group.id();
        let watched = memory.of_group(number, start.memory_mb);
        let (memory, kept_bytes) = (Arc::clone(memory), start.kept_bytes);
        let (group, secrets) = (Some(group), start.secrets.clone());
        Ok(Self { child, group, memory, watched, number, kept_bytes, secrets })
    }

    /// What is known of the memory that it holds.
    pub(super) fn watched(&self) -> Arc<Watched> {
        Arc::clone(&self.watched)
    }

    /// Waits for the end of the process, or of its right to memory.
    pub(super) async fn end(mut self) -> io::Result<Ended> {
        let (out, err) = (self.child.stdout.take(), self.child.stderr.take());
        let mut stdout = Tail::keeping(self.kept_bytes, self.secrets.clone());
        let mut stderr = Tail::keeping(0, self.secrets.clone());
        let mut over_memory = false;
        let status = {
            let reading = async { tokio::join!(stdout.follow(out), stderr.follow(err)) };
            tokio::pin!(reading);
            let waiting = self.child.wait();
            tokio::pin!(waiting);
            let mut read = false;
            let status = loop {
                tokio::select! {
                    biased;
                    status = &mut waiting => break status?,
                    () = self.watched.over(), if !over_memory => {
                        over_memory = true;
                        self.group = None;
                    }
                    _ = &mut reading, if !read => read = true,
                }
            };
            // What was started and forgotten would keep the pipes open.
            self.group = None;
            if !read {
                let _ = timeout(DRAIN, &mut reading).await;
            }
            status
        };
        Ok(Ended { status, stdout, stderr, over_memory, peak_kb: self.watched.peak_kb() })
    }
}

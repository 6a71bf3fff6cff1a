//! A command of the user's as a target: a process for each job, or one for the whole load.
//!
//! The process finds the mock of the scenario in its environment, under a path prefix of its job,
//! so that every call is known to belong to it. How a job ended is judged by its exit status and
//! by what the mock saw: a process that ends well although a question of its was never answered
//! has lost its work without a word.

mod environment;
mod files;
mod process;
mod tail;
pub mod template;

use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::{BoxFuture, FutureExt};
use reports::Cause;
use reports::record::PipelineHeader;
use sha2::{Digest, Sha256};

use self::files::Files;
use self::process::Ended;
use self::template::{Given, Scope, Template};
use super::{Job, JobEnd, Limits, Setup, Target, TargetPlan, describe_text};
use crate::Failure;
use crate::platform::invocation::Invocation;
use crate::service::calls::{Calls, JobCalls};
use crate::source::{NoText, Origin, SourceFile};

/// Processes at once where the load hands over all jobs together.
const JOBS_AT_ONCE: NonZeroUsize = NonZeroUsize::new(10).expect("ten is not zero");

/// A command, as a plan lists it.
#[derive(Debug, Clone)]
pub struct Command {
    name: String,
    template: Template,
}

/// The same command while it runs.
struct Running {
    header: PipelineHeader,
    template: Template,
    files: Files,
    mock: String,
    calls: Arc<Calls>,
    /// Whether any job has made a call: one that makes none after that may have its answers from a
    /// cache of its own.
    has_called: AtomicBool,
}

impl Command {
    /// Reads a command as it was typed; refuses one that cannot be started.
    pub fn new(words: Vec<String>) -> Result<Self, Failure> {
        let Some(program) = words.first() else {
            return Err(Failure::usage(
                "`--` is followed by no command\n\
                 hint: chaos run concurrent -- python pipeline.py {file}",
            ));
        };
        startable(program)?;
        let name = name_of(&words);
        Ok(Self { name, template: Template::new(words)? })
    }
}

impl TargetPlan for Command {
    fn header(&self) -> PipelineHeader {
        let mut hash = Sha256::new_with_prefix("command\0");
        self.template.words().iter().for_each(|word| {
            hash.update(word);
            hash.update([0]);
        });
        PipelineHeader {
            name: self.name.clone(),
            config_sha256: const_hex::encode(hash.finalize()),
            jobs: 0,
        }
    }

    fn set_up<'a>(&'a self, setup: Setup<'a>) -> BoxFuture<'a, Result<Arc<dyn Target>, Failure>> {
        async move {
            let Setup { plan, service, .. } = setup;
            let (Some(mock), Some(calls)) = (service.url.clone(), service.calls.clone()) else {
                return Err(Failure::internal("a command has no port to call"));
            };
            let files = Files::new(&plan.files).map_err(|error| {
                Failure::internal(format!("no folder for a job's files: {error}"))
            })?;
            let running = Running {
                header: self.header(),
                template: self.template.clone(),
                files,
                mock,
                calls,
                has_called: AtomicBool::new(false),
            };
            Ok(Arc::new(running) as Arc<dyn Target>)
        }
        .boxed()
    }

    fn is_one_job(&self) -> bool {
        self.template.scope() == Scope::Whole
    }

    fn needs_real_time(&self) -> bool {
        true
    }
}

impl Target for Running {
    fn header(&self) -> PipelineHeader {
        self.header.clone()
    }

    fn limits(&self) -> Limits {
        Limits { jobs_at_once: JOBS_AT_ONCE, job_time: None }
    }

    fn run<'a>(&'a self, job: Job, within: &'a Invocation) -> BoxFuture<'a, JobEnd> {
        async move {
            let files = match (self.template.scope(), job.file.text()) {
                (Scope::Whole, _) => self.files.all(),
                (Scope::EachFile, Ok(text)) => {
                    describe_text(&text, within.progress());
                    self.files.of_job(&job.file, &text).map(|file| vec![file])
                }
                (Scope::EachFile, Err(NoText::Skipped(reason))) => return JobEnd::skipped(reason),
                (Scope::EachFile, Err(NoText::Unreadable(reason))) => {
                    return JobEnd::failed(Cause::Unreadable, reason);
                }
            };
            let noted = Noted { calls: &self.calls, job: job.number, within };
            let files = match files {
                Ok(files) => files,
                Err(error) => return JobEnd::failed(Cause::Unreadable, error.to_string()),
            };
            let out = self.files.out(job.number);
            let given = Given { job: job.number, files: &files, dir: self.files.dir(), out: &out };
            let words = self.template.fill(&given);
            let ended = process::run(&words, environment::of_job(&self.mock, job.number)).await;
            self.calls.have_ended(Some(job.number)).await;
            drop(noted);
            self.end(&job, ended)
        }
        .boxed()
    }

    fn finish(&self) -> BoxFuture<'_, ()> {
        self.calls.have_ended(None).boxed()
    }
}

/// Writes down what a job has used, also where it is given up half-way.
struct Noted<'a> {
    calls: &'a Calls,
    job: u64,
    within: &'a Invocation,
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        let JobCalls { used, questions, .. } = self.calls.of_job(self.job);
        self.within.progress().note(|figures| {
            figures.used = used;
            figures.chunks = questions.len() as u64;
        });
    }
}

impl Running {
    fn end(&self, job: &Job, ended: io::Result<Ended>) -> JobEnd {
        let ended = match ended {
            Ok(ended) => ended,
            Err(error) => {
                let words = format!("the command cannot be started: {error}");
                return JobEnd::failed(Cause::CommandFailed, words);
            }
        };
        let calls = self.calls.of_job(job.number);
        let silent = calls.questions.is_empty();
        if !silent {
            self.has_called.store(true, Ordering::Relaxed);
        }
        let how = how(ended.status);
        let last_words = ended.last_words.map(|words| format!(": {words}")).unwrap_or_default();
        if let Some((question, cause, words)) = calls.unanswered() {
            let asked =
                if calls.questions.len() == 1 { String::new() } else { format!(" {question}") };
            return JobEnd::failed(
                cause,
                format!("{how}; its question{asked} was never answered: {words}"),
            );
        }
        if !ended.status.success() {
            return JobEnd::failed(Cause::CommandFailed, format!("{how}{last_words}"));
        }
        if calls.ends_truncated() {
            let words = "exited with 0 and kept an answer that was cut at max_tokens";
            return JobEnd::failed(Cause::Truncated, words);
        }
        if silent && !self.has_called.load(Ordering::Relaxed) {
            return JobEnd::failed(
                Cause::NoCall,
                "ended well without a call to the mock: its client does not read \
                 ANTHROPIC_BASE_URL, or it calls something else",
            );
        }
        let remark = silent.then(|| "no call: the answer came from elsewhere".to_owned());
        JobEnd::documented(0, remark)
    }
}

/// How a process ended, in words.
fn how(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("killed by signal {signal}");
    }
    match status.code() {
        Some(0) => "exited with 0".to_owned(),
        Some(code) => format!("exited with {code}"),
        None => "ended without a status".to_owned(),
    }
}

/// What the records call a command: the first of its words that names a file, or its program.
fn name_of(words: &[String]) -> String {
    let plain = |word: &String| {
        let name = Path::new(word).file_name()?.to_str()?;
        (!word.contains('{') && !word.starts_with('-')).then(|| name.to_owned())
    };
    let mut script = words.iter().skip(1).filter(|word| Path::new(word).extension().is_some());
    script
        .find_map(plain)
        .or_else(|| words.first().and_then(plain))
        .unwrap_or_else(|| "command".to_owned())
}

/// Refuses a program that is not there, or that nobody may start.
fn startable(program: &str) -> Result<(), Failure> {
    let path = Path::new(program);
    let candidates: Vec<PathBuf> = if program.contains(std::path::MAIN_SEPARATOR) {
        vec![path.to_owned()]
    } else {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&folders).map(|folder| folder.join(path)).collect()
    };
    if candidates.iter().any(|path| is_executable(path)) {
        return Ok(());
    }
    let there = candidates.iter().find(|path| path.exists()).cloned();
    let there = there.or_else(|| path.exists().then(|| path.to_owned()));
    Err(Failure::usage(match there {
        Some(path) => format!(
            "`{}` is not executable\n\
             hint: name its interpreter: chaos run concurrent -- python {} {{file}}",
            path.display(),
            path.display()
        ),
        None => format!(
            "no program `{program}` is found\n\
             hint: the command after `--` is started as it is typed, without a shell; \
             for a shell, type `-- sh -c '...'`"
        ),
    }))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

/// The one job of a command that takes the whole load.
pub fn whole_load() -> SourceFile {
    let nothing_to_read = Origin::Disk(PathBuf::new());
    SourceFile { path: "the whole load".into(), origin: nothing_to_read }
}

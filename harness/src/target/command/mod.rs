//! A command of the user's as a target: a process for each job, or one for the whole load.
//!
//! The process finds the mock of the scenario in its environment, under a path prefix of its job,
//! so that every call is known to belong to it.

mod config;
mod program;

use std::io;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};
use redact::Secrets;
use reports::Cause;
use reports::record::PipelineHeader;
use sha2::{Digest, Sha256};

pub(super) use self::config::JOBS_AT_ONCE;
pub use self::config::{CommandConfig, Stdin};
use super::host::Host;
use super::judge::{self, Check, Work};
use super::limits::LimitsConfig;
use super::outcome::{Noted, Outcomes, Said};
use super::process::environment::{of_environment, url_of_job};
use super::process::{Ended, Running as Process, Start};
use super::template::{Given, Scope, Template};
use super::{Job, JobEnd, Limits, Setup, Target, TargetPlan, describe_text, warpable};
use crate::Failure;
use crate::platform::invocation::Invocation;
use crate::process::exhausted;
use crate::source::{NoText, Origin, SourceFile};

/// A command, as a plan lists it.
#[derive(Debug, Clone)]
pub struct Command {
    name: String,
    template: Template,
    config: CommandConfig,
    checks: Vec<Check>,
    limits: LimitsConfig,
    /// What its relative paths start from, if not from here.
    folder: Option<PathBuf>,
    description: Option<String>,
    /// Whether it was typed, and is not in a file.
    is_typed: bool,
}

/// The same command while it runs.
struct Running {
    header: PipelineHeader,
    command: Command,
    host: Host,
    outcomes: Outcomes,
    /// Whether jobs come one after another.
    in_turn: bool,
}

impl Command {
    /// Reads a command as it was typed; refuses one that cannot be started.
    pub fn typed(words: Vec<String>) -> Result<Self, Failure> {
        let Some(program) = words.first() else {
            return Err(Failure::usage(
                "`--` is followed by no command\n\
                 hint: chaos run concurrent -- python pipeline.py {file}",
            ));
        };
        program::startable(program, None)?;
        let name = program::name_of(&words);
        let config = CommandConfig::typed(words.clone());
        let template = Template::new(words).map_err(|unusable| {
            Failure::usage(format!("{}\nhint: {}", unusable.message, unusable.hint))
        })?;
        let (checks, limits) = (Vec::new(), LimitsConfig::default());
        Ok(Self {
            name,
            template,
            config,
            checks,
            limits,
            folder: None,
            description: None,
            is_typed: true,
        })
    }

    /// A command out of a file, which was checked.
    pub fn of_file(
        name: String,
        config: CommandConfig,
        template: Template,
        (checks, limits): (Vec<Check>, LimitsConfig),
        folder: Option<PathBuf>,
    ) -> Result<Self, Failure> {
        if let Some(program) = config.argv.first() {
            program::startable(program, folder.as_deref())?;
        }
        let (description, is_typed) = (None, false);
        Ok(Self { name, template, config, checks, limits, folder, description, is_typed })
    }

    /// Whether anything in it says which files it is for.
    pub fn names_files(&self) -> bool {
        self.template.names_files() || self.config.stdin == Stdin::File
    }

    fn scope(&self) -> Scope {
        if self.config.stdin == Stdin::File { Scope::EachFile } else { self.template.scope() }
    }

    /// The same with what its file says of it.
    #[must_use]
    pub fn described(self, description: Option<String>) -> Self {
        Self { description, ..self }
    }

    /// The credentials that it is given: in its words, and in its environment.
    fn secrets(&self) -> Secrets {
        let mut collector = of_environment(&self.config.env);
        collector.words(&self.config.argv);
        collector.secrets()
    }

    /// What was typed for it, its credentials masked.
    fn as_typed(&self) -> Vec<String> {
        if !self.is_typed {
            return Vec::new();
        }
        let secrets = self.secrets();
        let words = redact::words(&self.config.argv);
        let words = words.iter().map(|word| secrets.text(word).into_owned());
        std::iter::once("--".to_owned()).chain(words).collect()
    }

    /// SHA-256 of everything that decides what it does.
    fn sha256(&self) -> String {
        let mut hash = Sha256::new_with_prefix("command\0");
        self.template.words().iter().for_each(|word| {
            hash.update(word);
            hash.update([0]);
        });
        let plain = CommandConfig::typed(self.config.argv.clone());
        if self.config != plain || !self.checks.is_empty() || self.limits.any() {
            let rest = (&self.config, &self.checks, &self.limits);
            hash.update(serde_json::to_string(&rest).expect("a command serialises"));
        }
        const_hex::encode(hash.finalize())
    }
}

impl TargetPlan for Command {
    fn header(&self) -> PipelineHeader {
        let own = if self.config.ignore_exit_status { None } else { Some("exit status 0") };
        PipelineHeader {
            name: self.name.clone(),
            description: self.description.clone(),
            config_sha256: self.sha256(),
            jobs: 0,
            judged_by: Some(judge::words(own, &self.checks)),
            typed: self.as_typed(),
        }
    }

    fn set_up<'a>(&'a self, setup: Setup<'a>) -> BoxFuture<'a, Result<Arc<dyn Target>, Failure>> {
        async move {
            let running = Running {
                header: self.header(),
                command: self.clone(),
                host: Host::new(setup, self.secrets())?,
                outcomes: Outcomes::default(),
                in_turn: setup.plan.scenario.load.is_in_turn(),
            };
            Ok(Arc::new(running) as Arc<dyn Target>)
        }
        .boxed()
    }

    fn is_one_job(&self) -> bool {
        self.scope() == Scope::Whole
    }

    fn needs_real_time(&self) -> bool {
        true
    }

    fn can_be_warped(&self) -> Result<(), Failure> {
        let program = self.config.argv.first().map_or("", String::as_str);
        warpable::program(program, self.folder.as_deref())
    }
}

impl Target for Running {
    fn header(&self) -> PipelineHeader {
        self.header.clone()
    }

    fn limits(&self) -> Limits {
        let Command { config, limits, .. } = &self.command;
        Limits { jobs_at_once: config.jobs_at_once, job_time: limits.job_time() }
    }

    fn run<'a>(&'a self, job: Job, within: &'a Invocation) -> BoxFuture<'a, JobEnd> {
        async move {
            let text = match (self.command.scope(), job.file.text()) {
                (Scope::Whole, _) => None,
                (Scope::EachFile, Ok(text)) => Some(text),
                (Scope::EachFile, Err(NoText::Skipped(reason))) => return JobEnd::skipped(reason),
                (Scope::EachFile, Err(NoText::Unreadable(reason))) => {
                    return JobEnd::failed(Cause::Unreadable, reason);
                }
            };
            let files = match &text {
                None => self.host.files.all(),
                Some(text) => {
                    describe_text(text, within.progress());
                    let all = judge::definitions(&self.command.checks, &job.file.path, text);
                    within.progress().note(|figures| figures.definitions = all);
                    self.host.files.of_job(&job.file, text).map(|file| vec![file])
                }
            };
            match files {
                Ok(files) => self.process(&job, text.as_deref(), &files, within).await,
                Err(error) => {
                    exhausted::note(&error);
                    JobEnd::failed(Cause::Unreadable, error.to_string())
                }
            }
        }
        .boxed()
    }

    fn finish(&self) -> BoxFuture<'_, ()> {
        self.host.calls.have_ended(None).boxed()
    }

    fn peak_rss_kb(&self) -> Option<u64> {
        self.host.peak_kb()
    }

    fn last_words(&self) -> Option<String> {
        self.host.kept()
    }
}

impl Running {
    async fn process(
        &self,
        job: &Job,
        text: Option<&str>,
        files: &[PathBuf],
        within: &Invocation,
    ) -> JobEnd {
        let noted = Noted::new(&self.host.calls, job.number, within);
        // Rounds of a whole load share one place, as a program that is started again finds it.
        let in_rounds = self.command.is_one_job() && self.in_turn;
        let out = self.host.files.out(if in_rounds { 1 } else { job.number });
        let given = Given { job: job.number, files, dir: self.host.files.dir(), out: &out };
        let started = self.start(&given, within.memory_mb());
        let ended = match started {
            Ok(process) => process.end().await,
            Err(error) => Err(error),
        };
        let ended = match ended {
            Ok(ended) => ended,
            Err(error) => {
                exhausted::note(&error);
                let words = format!("the command cannot be started: {error}");
                return JobEnd::failed(Cause::CommandFailed, words);
            }
        };
        self.host.saw(ended.peak_kb);
        self.host.calls.have_ended(Some(job.number)).await;
        let calls = self.host.calls.of_job(job.number);
        let said = self.said(&ended, within.memory_mb());
        let work = Work {
            given: &given,
            source: text.map(|text| (&*job.file.path, text)),
            output: &ended.stdout,
            folder: self.folder(),
            memory: &self.host.memory,
            secrets: &self.host.secrets,
        };
        let end = self.outcomes.of(job, &calls, said, &self.command.checks, &work).await;
        drop(noted);
        if end.cause.is_some() {
            self.host.keep(job.number, &job.file.path, &ended);
        }
        end
    }

    fn start(&self, given: &Given<'_>, memory_mb: Option<NonZeroU64>) -> io::Result<Process> {
        let Command { template, config, checks, .. } = &self.command;
        let url = url_of_job(&self.host.mock, given.job);
        let start = Start {
            words: &template.fill(given),
            environment: self.host.environment(&url, config.keep_keys, &config.env),
            folder: self.folder(),
            stdin: given.files.first().filter(|_| config.stdin == Stdin::File).cloned(),
            memory_mb: memory_mb.or(self.command.limits.memory_mb),
            kept_bytes: judge::kept_bytes(checks),
            secrets: &self.host.secrets,
        };
        Process::start(start, &self.host.memory)
    }

    fn folder(&self) -> Option<&Path> {
        self.command.folder.as_deref()
    }

    fn said(&self, ended: &Ended, memory_mb: Option<NonZeroU64>) -> Said {
        let how = how(ended.status);
        let last_words = ended.last_words().map(|words| format!(": {words}")).unwrap_or_default();
        let failure = if ended.over_memory {
            let limit_mb = memory_mb.or(self.command.limits.memory_mb).map_or(0, NonZeroU64::get);
            let held = reports::text::memory(ended.peak_kb);
            let words = format!("killed: it held {held}, and may hold {limit_mb} MB{last_words}");
            Some((Cause::OutOfMemory, words))
        } else if ended.status.success() || self.command.config.ignore_exit_status {
            None
        } else if is_killed(ended.status) {
            Some((Cause::ProcessKilled, format!("{how}{last_words}")))
        } else {
            Some((Cause::CommandFailed, format!("{how}{last_words}")))
        };
        Said { how, failure }
    }
}

/// How a process ended, in words.
pub(super) fn how(status: ExitStatus) -> String {
    match (signal(status), status.code()) {
        (Some(signal), _) => format!("killed by signal {signal}"),
        (None, Some(code)) => format!("exited with {code}"),
        (None, None) => "ended without a status".to_owned(),
    }
}

fn is_killed(status: ExitStatus) -> bool {
    signal(status).is_some()
}

fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

/// The one job of a command that takes the whole load.
pub fn whole_load() -> SourceFile {
    SourceFile { path: "the whole load".into(), origin: Origin::Whole }
}

//! A service of the user's as a target: it is asked for one file at a time, and calls the mock.
//!
//! One process does all jobs, so no path prefix can say which job a call belongs to. It is found
//! in the prompt (`likeness`); what cannot be told apart belongs to no job, and the report says so.

mod config;
mod likeness;
mod request;
mod server;

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};
use redact::Secrets;
use reports::Cause;
use reports::record::PipelineHeader;
use reqwest::{Client, Url};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

pub use self::config::HttpConfig;
use self::likeness::Likeness;
use self::request::{Filling, ask};
use self::server::Server;
use super::host::Host;
use super::judge::{self, Check, Work};
use super::limits::LimitsConfig;
use super::outcome::{Noted, Outcomes, Said};
use super::process::Tail;
use super::process::environment::of_environment;
use super::template::Given;
use super::{Job, JobEnd, Limits, Setup, Target, TargetPlan, describe_text, warpable};
use crate::Failure;
use crate::platform::invocation::Invocation;
use crate::source::NoText;

/// A service, as a plan lists it.
#[derive(Debug, Clone)]
pub struct Http {
    name: String,
    url: Url,
    config: HttpConfig,
    checks: Vec<Check>,
    limits: LimitsConfig,
    /// Where the service is started, if not here.
    folder: Option<PathBuf>,
    description: Option<String>,
    /// Whether it was typed, and is not in a file.
    is_typed: bool,
}

/// The same service while a run lasts.
struct Running {
    header: PipelineHeader,
    http: Http,
    client: Client,
    likeness: Arc<Likeness>,
    outcomes: Outcomes,
    /// Locked only to be stopped.
    server: Option<Mutex<Server>>,
    host: Host,
}

impl Http {
    /// A service as it was typed.
    pub fn typed(
        url: &str,
        start: Option<String>,
        mock_port: Option<std::num::NonZeroU16>,
    ) -> Result<Self, Failure> {
        let config = HttpConfig { start, mock_port, ..HttpConfig::typed(url.to_owned()) };
        if let Some(problem) = config.problems().into_iter().next() {
            let hint = problem.hint.map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            let url = redact::url(url);
            return Err(Failure::usage(format!("`--http {url}`: {}{hint}", problem.message)));
        }
        let name = config::address(url).map(|url| name_of(&url)).unwrap_or_default();
        let service = Self::of_file(name, config, (Vec::new(), LimitsConfig::default()), None)?;
        Ok(Self { is_typed: true, ..service })
    }

    /// A service out of a file, which was checked.
    pub fn of_file(
        name: String,
        config: HttpConfig,
        (checks, limits): (Vec<Check>, LimitsConfig),
        folder: Option<PathBuf>,
    ) -> Result<Self, Failure> {
        let url = config::address(&config.url).map_err(Failure::usage)?;
        let (description, is_typed) = (None, false);
        Ok(Self { name, url, config, checks, limits, folder, description, is_typed })
    }

    /// The same with what its file says of it.
    #[must_use]
    pub fn described(self, description: Option<String>) -> Self {
        Self { description, ..self }
    }

    /// The credentials that it is given, or that it is asked with.
    fn secrets(&self) -> Secrets {
        let HttpConfig { url, headers, start, env, .. } = &self.config;
        let mut collector = of_environment(env);
        collector.url(url);
        for (name, value) in headers {
            collector.header(name, value.as_bytes());
        }
        let words = start.iter().flat_map(|command| command.split_whitespace());
        collector.words(&words.map(str::to_owned).collect::<Vec<_>>());
        collector.secrets()
    }

    /// What was typed for it, its credentials masked.
    fn as_typed(&self) -> Vec<String> {
        if !self.is_typed {
            return Vec::new();
        }
        let HttpConfig { url, start, mock_port, .. } = &self.config;
        let mut words = vec!["--http".to_owned(), redact::url(url)];
        if let Some(start) = start {
            let secrets = self.secrets();
            let masked = redact::words(&start.split(' ').map(str::to_owned).collect::<Vec<_>>());
            words.extend(["--start".to_owned(), secrets.text(&masked.join(" ")).into_owned()]);
        }
        words
            .extend(mock_port.iter().flat_map(|port| ["--mock-port".to_owned(), port.to_string()]));
        words
    }

    fn sha256(&self) -> String {
        let all = (&self.config, &self.checks, &self.limits);
        let text = serde_json::to_string(&all).expect("a service serialises");
        const_hex::encode(Sha256::new_with_prefix("http\0").chain_update(text).finalize())
    }

    /// Starts the service where it has to be started, and waits until it answers.
    async fn begin(&self, host: &Host, client: &Client) -> Result<Option<Server>, Failure> {
        let server = match &self.config.start {
            None => None,
            Some(command) => {
                server::gone(&self.url).await?;
                let folder = self.folder.as_deref();
                let server = Server::start(command, &self.config, folder, host);
                Some(server.map_err(|error| {
                    Failure::usage(format!("the service cannot be started: {error}"))
                })?)
            }
        };
        server::ready(&self.url, &self.config, server.as_ref(), client).await?;
        Ok(server)
    }
}

/// What the records call a service: the place that its URL names.
fn name_of(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}{}", url.host_str().unwrap_or_default(), url.path())
}

impl TargetPlan for Http {
    fn header(&self) -> PipelineHeader {
        PipelineHeader {
            name: self.name.clone(),
            description: self.description.clone(),
            config_sha256: self.sha256(),
            jobs: 0,
            judged_by: Some(judge::words(Some("status 2xx"), &self.checks)),
            typed: self.as_typed(),
        }
    }

    fn set_up<'a>(&'a self, setup: Setup<'a>) -> BoxFuture<'a, Result<Arc<dyn Target>, Failure>> {
        async move {
            let host = Host::new(setup, self.secrets())?;
            let client = Client::builder().no_proxy().build();
            let client = client.map_err(|error| Failure::internal(error.to_string()))?;
            let server = self.begin(&host, &client).await?;
            let likeness = Arc::new(Likeness::default());
            let known = Arc::clone(&likeness);
            host.calls.attribute_by(Box::new(move |prompt| known.job_of(prompt)));
            let running = Running {
                header: self.header(),
                http: self.clone(),
                client,
                likeness,
                outcomes: Outcomes::default(),
                server: server.map(Mutex::new),
                host,
            };
            Ok(Arc::new(running) as Arc<dyn Target>)
        }
        .boxed()
    }

    fn needs_real_time(&self) -> bool {
        true
    }

    fn can_be_warped(&self) -> Result<(), Failure> {
        // Its command is for a shell, which is the system's own; what that starts is looked at
        // while it runs.
        match &self.config.start {
            Some(_) => warpable::program("sh", None),
            None => Err(warpable::running_already(&redact::url(self.url.as_str()))),
        }
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn mock_port(&self) -> u16 {
        self.config.mock_port.map_or(0, std::num::NonZeroU16::get)
    }

    fn remote(&self) -> Option<String> {
        (!config::is_loopback(&self.url)).then(|| redact::url(self.url.as_str()))
    }
}

impl Target for Running {
    fn header(&self) -> PipelineHeader {
        self.header.clone()
    }

    fn limits(&self) -> Limits {
        let Http { config, limits, .. } = &self.http;
        Limits { jobs_at_once: config.jobs_at_once, job_time: limits.job_time() }
    }

    fn run<'a>(&'a self, job: Job, within: &'a Invocation) -> BoxFuture<'a, JobEnd> {
        async move {
            match job.file.text() {
                Ok(text) => {
                    describe_text(&text, within.progress());
                    let all = judge::definitions(&self.http.checks, &job.file.path, &text);
                    within.progress().note(|figures| figures.definitions = all);
                    self.ask(&job, &text, within).await
                }
                Err(NoText::Skipped(reason)) => JobEnd::skipped(reason),
                Err(NoText::Unreadable(reason)) => JobEnd::failed(Cause::Unreadable, reason),
            }
        }
        .boxed()
    }

    fn finish(&self) -> BoxFuture<'_, ()> {
        async move {
            if let Some(server) = &self.server {
                let mut server = server.lock().await;
                self.host.saw(server.peak_kb());
                server.stop().await;
            }
            self.host.calls.have_ended(None).await;
        }
        .boxed()
    }

    fn peak_rss_kb(&self) -> Option<u64> {
        self.host.peak_kb()
    }
}

/// A job whose file is known to those who attribute calls, until it is dropped.
struct Known<'a> {
    likeness: &'a Likeness,
    job: u64,
    text: &'a str,
}

impl Drop for Known<'_> {
    fn drop(&mut self) {
        self.likeness.end(self.job, self.text);
    }
}

impl Running {
    async fn ask(&self, job: &Job, text: &str, within: &Invocation) -> JobEnd {
        let Http { url, config, checks, folder, .. } = &self.http;
        let noted = Noted::new(&self.host.calls, job.number, within);
        self.likeness.begin(job.number, text);
        let known = Known { likeness: &self.likeness, job: job.number, text };
        let filling = Filling { job: job.number, path: &job.file.path, content: text };
        let kept_bytes = judge::kept_bytes(checks);
        let kept = Tail::keeping(kept_bytes, self.host.secrets.clone());
        let answer = ask(&self.client, url, config, &filling, kept).await;
        self.host.calls.have_ended(Some(job.number)).await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(words) => return JobEnd::failed(Cause::CommandFailed, self.gone(words).await),
        };
        let calls = self.host.calls.of_job(job.number);
        let out = self.host.files.out(job.number);
        let given = Given { job: job.number, files: &[], dir: self.host.files.dir(), out: &out };
        let work = Work {
            given: &given,
            source: Some((&job.file.path, text)),
            output: &answer.body,
            folder: folder.as_deref(),
            memory: &self.host.memory,
            secrets: &self.host.secrets,
        };
        let how = format!("answered {}", answer.status);
        let last = answer.body.last_line().map(|line| format!(": {line}")).unwrap_or_default();
        let failure = (!(200..300).contains(&answer.status))
            .then(|| (Cause::CommandFailed, format!("{how}{last}")));
        let end = self.outcomes.of(job, &calls, Said { how, failure }, checks, &work).await;
        drop((known, noted));
        end
    }

    /// Why there is no answer: the service itself may have gone.
    async fn gone(&self, words: String) -> String {
        let Some(server) = &self.server else { return format!("no answer: {words}") };
        match server.lock().await.ended() {
            Some(how) => format!("no answer: the service {how}"),
            None => format!("no answer: {words}"),
        }
    }
}

//! The service of the user's while a run lasts: started, waited for, and stopped with everything
//! that it started.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use reqwest::{Client, Url};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::config::HttpConfig;
use crate::target::command::how;
use crate::target::host::Host;
use crate::target::process::{Running, Start, Watched};
use crate::{Exit, Failure};

/// How often it is asked whether it is ready.
const EVERY: Duration = Duration::from_millis(50);

/// How long one question whether it is ready may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// A service that was started for a run. Dropped, it is killed.
#[derive(Debug)]
pub(super) struct Server {
    task: JoinHandle<()>,
    /// How it ended, once it has.
    ended: Arc<Mutex<Option<String>>>,
    watched: Arc<Watched>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Starts a service whose calls go to the mock.
    pub(super) fn start(
        command: &str,
        config: &HttpConfig,
        folder: Option<&Path>,
        host: &Host,
    ) -> io::Result<Self> {
        let words = ["sh", "-c", command].map(OsString::from);
        let start = Start {
            words: &words,
            environment: host.environment(&host.mock, config.keep_keys, &config.env),
            folder,
            stdin: None,
            memory_mb: None,
            kept_bytes: 0,
            secrets: &host.secrets,
        };
        let running = Running::start(start, &host.memory)?;
        let watched = running.watched();
        let ended = Arc::new(Mutex::new(None));
        let note = Arc::clone(&ended);
        let task = tokio::spawn(async move {
            let words = match running.end().await {
                Err(error) => error.to_string(),
                Ok(ended) => {
                    let last = ended.last_words().map(|words| format!(": {words}"));
                    how(ended.status) + &last.unwrap_or_default()
                }
            };
            *note.lock() = Some(words);
        });
        Ok(Self { task, ended, watched })
    }

    /// The most memory that it held at once, in kilobytes, as far as it was seen.
    pub(super) fn peak_kb(&self) -> u64 {
        self.watched.peak_kb()
    }

    /// How the service ended, where it has.
    pub(super) fn ended(&self) -> Option<String> {
        self.ended.lock().clone()
    }

    /// Ends the service and waits until it has gone.
    pub(super) async fn stop(&mut self) {
        self.task.abort();
        // Dropping it killed its group; there is nothing to hear from it.
        let _ = (&mut self.task).await;
    }
}

/// Waits until nobody listens where a service is to be started: one that was killed a moment ago
/// takes that long to go. Whoever stays is not the service that would be judged.
pub(super) async fn gone(url: &Url) -> Result<(), Failure> {
    const LIMIT: Duration = Duration::from_secs(5);
    let deadline = Instant::now() + LIMIT;
    while answers_at(url).await {
        if Instant::now() >= deadline {
            return Err(Failure::usage(format!(
                "something listens at {} already, and the service cannot be started there\n\
                 hint: stop it, or leave out `--start` and give `--mock-port`",
                place(url)
            )));
        }
        sleep(EVERY).await;
    }
    Ok(())
}

async fn answers_at(url: &Url) -> bool {
    matches!(timeout(PATIENCE, TcpStream::connect(place(url))).await, Ok(Ok(_)))
}

/// Waits until a service answers, or says why it does not.
pub(super) async fn ready(
    url: &Url,
    config: &HttpConfig,
    server: Option<&Server>,
    client: &Client,
) -> Result<(), Failure> {
    let limit = Duration::from_secs(config.ready_timeout_s.get());
    let deadline = Instant::now() + limit;
    loop {
        if let Some(words) = server.and_then(Server::ended) {
            return Err(unproved(format!("the service ended before it was ready: {words}")));
        }
        if answers(url, config.ready.as_deref(), client).await {
            return Ok(());
        }
        if Instant::now() >= deadline {
            let place = config.ready.as_deref().map_or_else(
                || place(url),
                |path| {
                    url.join(path).map_or_else(|_| path.to_owned(), |url| redact::url(url.as_str()))
                },
            );
            let after_s = limit.as_secs();
            let hint = match server {
                Some(_) => "does it listen on this port? More time: `ready_timeout_s`",
                None => "start it first, or let `--start 'COMMAND'` start it",
            };
            let words = format!("nothing answers at {place} after {after_s} s\nhint: {hint}");
            return Err(unproved(words));
        }
        sleep(EVERY).await;
    }
}

async fn answers(url: &Url, path: Option<&str>, client: &Client) -> bool {
    match path.map(|path| url.join(path)) {
        None => answers_at(url).await,
        Some(Err(_)) => false,
        Some(Ok(url)) => {
            let asked = client.get(url).timeout(PATIENCE).send().await;
            asked.is_ok_and(|answer| answer.status().is_success())
        }
    }
}

/// The host and port that a URL leads to.
fn place(url: &Url) -> String {
    let port = url.port_or_known_default().unwrap_or(80);
    format!("{}:{port}", url.host_str().unwrap_or_default())
}

/// A run that proves nothing, because its target is not there.
fn unproved(words: String) -> Failure {
    Failure::new(Exit::Inconclusive, words)
}

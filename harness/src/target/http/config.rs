//! The `[http]` section of a target's file.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::{NonZeroU16, NonZeroU64, NonZeroUsize};
use std::str::FromStr as _;

use http::{HeaderName, HeaderValue, Method};
use reqwest::Url;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strict_toml::Problem;

use crate::target::command::JOBS_AT_ONCE;

/// A service of yours that makes the calls when it is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// What is asked for each file, for example `http://127.0.0.1:8000/document`.
    pub url: String,
    /// The method.
    #[serde(default = "post")]
    pub method: String,
    /// Headers of each request.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body. `{path}`, `{content}` and `{job}` become JSON strings, or plain text where the
    /// `content-type` is not JSON.
    #[serde(default = "body")]
    pub body: String,
    /// How the service is started, by a shell; it finds the mock in its environment. Without it,
    /// the service is there already, and `mock_port` says where it looks for the mock.
    #[serde(default)]
    pub start: Option<String>,
    /// The port at which the mock listens, on 127.0.0.1; without it, whichever is free.
    #[serde(default)]
    pub mock_port: Option<NonZeroU16>,
    /// A path that answers with 2xx when the service is ready; without it, an open port will do.
    #[serde(default)]
    pub ready: Option<String>,
    /// Seconds within which it has to be ready.
    #[serde(default = "ready_timeout")]
    pub ready_timeout_s: NonZeroU64,
    /// Where it is started: below this file's folder.
    #[serde(default)]
    pub cwd: Option<String>,
    /// What is set in its environment.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Requests at once where the load hands over all jobs together.
    #[serde(default = "jobs_at_once")]
    pub jobs_at_once: NonZeroUsize,
    /// Whether the keys in your environment go along. Without it they are taken out.
    #[serde(default)]
    pub keep_keys: bool,
}

fn post() -> String {
    "POST".to_owned()
}

fn body() -> String {
    r#"{"file_path": {path}, "file_content": {content}}"#.to_owned()
}

const fn ready_timeout() -> NonZeroU64 {
    NonZeroU64::new(30).expect("thirty is not zero")
}

const fn jobs_at_once() -> NonZeroUsize {
    JOBS_AT_ONCE
}

impl HttpConfig {
    /// A service with nothing but its URL.
    pub(super) fn typed(url: String) -> Self {
        Self {
            url,
            method: post(),
            headers: BTreeMap::new(),
            body: body(),
            start: None,
            mock_port: None,
            ready: None,
            ready_timeout_s: ready_timeout(),
            cwd: None,
            env: BTreeMap::new(),
            jobs_at_once: JOBS_AT_ONCE,
            keep_keys: false,
        }
    }

    /// What cannot be used of it, with keys as they stand below `[http]`.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Err(message) = address(&self.url) {
            problems.push(Problem::new("http.url", message));
        }
        if Method::from_str(&self.method).is_err() {
            problems.push(Problem::new("http.method", "no method of HTTP".to_owned()));
        }
        for (name, value) in &self.headers {
            if HeaderName::from_str(name).is_err() || HeaderValue::from_str(value).is_err() {
                let key = format!("http.headers.{name}");
                problems.push(Problem::new(key, "no header of HTTP".to_owned()));
            }
        }
        if let Err(problem) = self.reachable() {
            problems.push(problem);
        }
        problems
    }

    /// Refuses a service that cannot know where the mock is.
    fn reachable(&self) -> Result<(), Problem> {
        if self.start.is_some() || self.mock_port.is_some() {
            return Ok(());
        }
        let message = "the service cannot know where the mock listens";
        let hint = "give `start` (`--start 'COMMAND'`), or `mock_port` (`--mock-port PORT`) and \
                    start the service with ANTHROPIC_BASE_URL=http://127.0.0.1:PORT";
        Err(Problem { hint: Some(hint.to_owned()), ..Problem::new("http.start", message) })
    }
}

/// The URL of a service, where it is one that can be asked.
pub(super) fn address(url: &str) -> Result<Url, String> {
    let parsed = Url::parse(url).map_err(|error| format!("no URL: {error}"))?;
    if parsed.scheme() != "http" && parsed.scheme() != "https" || parsed.host_str().is_none() {
        return Err("must begin with `http://` and name a host".to_owned());
    }
    Ok(parsed)
}

/// Whether a URL leads to this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_this_machine() {
        let local = |url: &str| is_loopback(&address(url).unwrap());
        for url in ["http://127.0.0.1:8000/x", "http://localhost/", "http://[::1]:80/"] {
            assert!(local(url), "{url}");
        }
        for url in ["http://10.0.0.1/", "https://localhost.example.com/", "http://[::2]/"] {
            assert!(!local(url), "{url}");
        }
        assert!(address("127.0.0.1:8000").is_err() && address("file:///x").is_err());
    }
}

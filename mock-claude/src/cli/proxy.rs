//! `mock-claude proxy`: the proxy on a loopback port.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::admin::AdminArgs;
use super::failure::{Failure, INVALID_CONFIG};
use super::file;
use super::run::{listen, now_ms, until_stopped};
use crate::proxy::{Proxy, ProxyConfig, ProxyError, Recorder};

/// Forwards to an upstream, injects faults on the way, and records.
#[derive(Debug, Clone, Args)]
pub(super) struct ProxyArgs {
    /// Where requests go: `https://api.anthropic.com`, or another mock.
    #[arg(long, value_name = "URL")]
    upstream: String,
    /// Certificates to believe in place of Mozilla's, as a PEM file: for an upstream of your own.
    #[arg(long, value_name = "FILE")]
    upstream_ca: Option<PathBuf>,
    /// Records every exchange to this file, without keys and cookies. It must not exist.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// The port; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The seed of every decision left to chance; overrides the file's.
    #[arg(long)]
    seed: Option<u64>,
    /// A TOML file whose `fault` sections are injected.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A TOML file of `[[fault]]` sections; they come before those of `--config`.
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Seconds that the upstream may say nothing.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout_s: u64,
    /// The admin API.
    #[command(flatten)]
    admin: AdminArgs,
}

impl ProxyArgs {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut mock = self.config.as_deref().map(file::read).transpose()?.unwrap_or_default();
        if let Some(path) = &self.faults {
            file::put_before(&mut mock, path)?;
        }
        mock.seed = self.seed.unwrap_or(mock.seed);
        let recorder = self.record.as_ref().map(|path| self.recorder(path)).transpose()?;
        let read = |path: &PathBuf| {
            std::fs::read(path).map_err(|error| {
                Failure::usage(format!("cannot read `{}`: {error}", path.display()))
            })
        };
        let config = ProxyConfig {
            upstream: self.upstream,
            certificates: self.upstream_ca.as_ref().map(read).transpose()?,
            timeout: Duration::from_secs(self.timeout_s),
            mock,
            recorder,
        };
        until_stopped(async move |stop| {
            let proxy = Proxy::new(config, now_ms()).map_err(|error| match error {
                ProxyError::Address(_) => Failure::usage(error.to_string()),
                ProxyError::Certificates(_) => {
                    Failure { message: error.to_string(), code: INVALID_CONFIG }
                }
            })?;
            let (listener, bound) = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)))?;
            self.admin.start(proxy.mock())?;
            let _ = writeln!(io::stdout(), "http://{bound}");
            proxy.serve(listener, stop.notified()).await;
            Ok(())
        })
    }

    /// Never on top of an earlier recording: it may be the only copy.
    fn recorder(&self, path: &std::path::Path) -> Result<Recorder, Failure> {
        File::create_new(path)
            .and_then(|file| Recorder::new(BufWriter::new(file), &self.upstream))
            .map_err(|error| {
                Failure::usage(format!("cannot record to `{}`: {error}", path.display()))
            })
    }
}

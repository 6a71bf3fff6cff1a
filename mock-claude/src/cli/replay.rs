//! `mock-claude replay`: a recording on a loopback port.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;

use super::failure::{Failure, INVALID_CONFIG};
use super::run::{listen, until_stopped};
use crate::proxy::Replay;

/// Answers from a recording.
#[derive(Debug, Clone, Args)]
pub(super) struct ReplayArgs {
    /// The recording.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The port; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// How much of the recorded timing is kept: 100 is all, 50 twice as fast, 0 none.
    #[arg(long, value_name = "PERCENT", default_value_t = 100)]
    timing_percent: u32,
}

impl ReplayArgs {
    pub(super) fn run(self) -> Result<(), Failure> {
        let shown = self.file.display();
        let file = File::open(&self.file)
            .map_err(|error| Failure::usage(format!("cannot read `{shown}`: {error}")))?;
        let replay =
            Replay::read(BufReader::new(file), self.timing_percent).map_err(|error| Failure {
                message: format!("`{shown}` is not a recording\n  {error}"),
                code: INVALID_CONFIG,
            })?;
        until_stopped(async move |stop| {
            let (listener, bound) = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)))?;
            let _ = writeln!(io::stdout(), "http://{bound}");
            replay.serve(listener, stop.notified()).await;
            Ok(())
        })
    }
}

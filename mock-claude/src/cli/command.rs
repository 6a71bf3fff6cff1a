//! What the binary does in place of serving the mock: the subcommands.

use clap::Subcommand;

use super::failure::Failure;
use super::{proxy, replay};

/// What the binary does in place of serving the mock.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum Command {
    /// Forwards to an upstream, injects faults on the way, and records.
    Proxy(proxy::ProxyArgs),
    /// Answers from a recording.
    Replay(replay::ReplayArgs),
}

impl Command {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Proxy(args) => args.run(),
            Self::Replay(args) => args.run(),
        }
    }
}

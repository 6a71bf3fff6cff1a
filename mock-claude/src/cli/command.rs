//! What the binary does in place of serving the mock: the subcommands, and what they share.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::server;
use clap::Subcommand;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::{Failure, INTERNAL, proxy, replay};

/// What the binary does in place of serving the mock.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
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

/// Runs `serve` until it ends; it is told to stop by the first signal.
pub(super) fn until_stopped<F: Future<Output = Result<(), Failure>>>(
    serve: impl FnOnce(Arc<Notify>) -> F,
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| internal(&format!("the runtime cannot start: {error}")))?;
    let stop = Arc::new(Notify::new());
    let on_signal = Arc::clone(&stop);
    ctrlc::set_handler(move || on_signal.notify_one())
        .map_err(|error| internal(&format!("signals cannot be handled: {error}")))?;
    runtime.block_on(serve(stop))
}

pub(super) fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Failure> {
    let listener = server::listen(address)
        .map_err(|error| Failure::usage(format!("cannot listen on {address}: {error}")))?;
    let bound = listener.local_addr().map_err(|error| internal(&error.to_string()))?;
    Ok((listener, bound))
}

pub(super) fn internal(message: &str) -> Failure {
    Failure { message: message.to_owned(), code: INTERNAL }
}

//! What the binary does beside serving the mock: the admin API on a second port, and the
//! subcommands. One file each.

mod admin;
mod proxy;
mod replay;

use std::net::SocketAddr;
use std::sync::Arc;

use clap::Subcommand;
use mock_claude::server;
use tokio::net::TcpListener;
use tokio::sync::Notify;

pub(crate) use self::admin::AdminArgs;
use crate::{Failure, INTERNAL, USAGE};

/// What the binary does in place of serving the mock.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Forwards to an upstream, injects faults on the way, and records.
    Proxy(proxy::ProxyArgs),
    /// Answers from a recording.
    Replay(replay::ReplayArgs),
}

impl Command {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Proxy(args) => args.run(),
            Self::Replay(args) => args.run(),
        }
    }
}

/// Runs `serve` until it ends; it is told to stop by the first signal.
fn until_stopped<F: Future<Output = Result<(), Failure>>>(
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

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Failure> {
    let listener = server::listen(address)
        .map_err(|error| usage(format!("cannot listen on {address}: {error}")))?;
    let bound = listener.local_addr().map_err(|error| internal(&error.to_string()))?;
    Ok((listener, bound))
}

fn usage(message: String) -> Failure {
    Failure { message, code: USAGE }
}

fn internal(message: &str) -> Failure {
    Failure { message: message.to_owned(), code: INTERNAL }
}

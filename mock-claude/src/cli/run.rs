//! What every command that serves needs: a runtime that ends with the first signal, a port, the
//! day, and whether colours are wanted.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::failure::Failure;
use crate::basis::clock::SIMULATED_EPOCH_MS;
use crate::server;

/// Runs `serve` until it ends; it is asked to stop by the first signal.
pub(super) fn until_stopped<F: Future<Output = Result<(), Failure>>>(
    serve: impl FnOnce(Arc<Notify>) -> F,
) -> Result<(), Failure> {
    allow_descriptors();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::internal("the runtime cannot start", &error))?;
    let stop = Arc::new(Notify::new());
    let on_signal = Arc::clone(&stop);
    ctrlc::set_handler(move || on_signal.notify_one())
        .map_err(|error| Failure::internal("signals cannot be handled", &error))?;
    runtime.block_on(serve(stop))
}

/// Lets this process open as many files as the system gives anybody of this user: each connection
/// takes one, each process under way five, and the usual limit is made for programs that open few.
pub fn allow_descriptors() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        // Refused, the limit stays as it was; whoever runs into it says so.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

/// A listener on this address, and the address that it got.
pub(super) fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Failure> {
    let listener = server::listen(address).map_err(|error| {
        let hint = match error.kind() {
            ErrorKind::AddrInUse => "`--port 0` takes a free port",
            ErrorKind::PermissionDenied => "ports from 1024 on need no privilege",
            ErrorKind::AddrNotAvailable => "`--host 127.0.0.1` is this machine",
            _ => "`--host` and `--port` say where to listen",
        };
        Failure::usage(format!("cannot listen on {address}: {error}\nhint: {hint}"))
    })?;
    let bound = listener
        .local_addr()
        .map_err(|error| Failure::internal("the port has no address", &error))?;
    Ok((listener, bound))
}

/// The one place where the mock learns what day it is.
pub(super) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(SIMULATED_EPOCH_MS)
}

/// Whether the user wants no colours (<https://no-color.org>).
pub(super) fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

//! A mock on a port: prints its URL, serves until a signal comes, drains, and sums up.

use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::{Args, Failure};
use crate::config::Config;
use crate::journal::{Journal, Ledger};
use crate::server::{self, MockClaude};

/// Serves `config` where the flags say.
pub fn run(args: &Args, config: Config) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::internal("the runtime cannot start", &error))?;
    let stop = Arc::new(Notify::new());
    let on_signal = Arc::clone(&stop);
    ctrlc::set_handler(move || on_signal.notify_one())
        .map_err(|error| Failure::internal("signals cannot be handled", &error))?;
    runtime.block_on(async {
        let listener = listen(SocketAddr::new(args.host, args.port))?;
        let bound = listener
            .local_addr()
            .map_err(|error| Failure::internal("the port has no address", &error))?;
        if !args.host.is_loopback() {
            say(&format!(
                "warning: {} can be reached from other machines, and any key is accepted",
                args.host
            ));
        }
        let mock = MockClaude::with(config, now_ms(), Journal::default());
        args.admin.start(&mock)?;
        // Whoever started this reads the URL; where nobody does, the mock serves all the same.
        let _ = writeln!(io::stdout(), "http://{bound}").and_then(|()| io::stdout().flush());
        mock.clone().serve(listener, stop.notified()).await;
        say(&summary(&mock.ledger()));
        Ok(())
    })
}

fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    server::listen(address).map_err(|error| {
        let hint = match error.kind() {
            ErrorKind::AddrInUse => "`--port 0` takes a free port",
            ErrorKind::PermissionDenied => "ports from 1024 on need no privilege",
            ErrorKind::AddrNotAvailable => "`--host 127.0.0.1` is this machine",
            _ => "`--host` and `--port` say where to listen",
        };
        Failure::usage(format!("cannot listen on {address}: {error}\nhint: {hint}"))
    })
}

/// What was served, in one line.
fn summary(ledger: &Ledger) -> String {
    format!(
        "{} requests, {} errors, {} tokens in, {} tokens out, ${}.{:06}",
        ledger.requests,
        ledger.errors,
        ledger.tokens_in,
        ledger.tokens_out,
        ledger.cost_microusd / 1_000_000,
        ledger.cost_microusd % 1_000_000,
    )
}

fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// The one place where the mock learns what day it is.
pub(super) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(crate::clock::SIMULATED_EPOCH_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_one_line_with_the_money_in_dollars() {
        let ledger =
            Ledger { requests: 3, errors: 1, cost_microusd: 1_000_042, ..Ledger::default() };
        assert_eq!(summary(&ledger), "3 requests, 1 errors, 0 tokens in, 0 tokens out, $1.000042");
    }
}

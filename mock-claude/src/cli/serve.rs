//! A mock on a port: prints its URL, serves until a signal comes, drains, and sums up.

use crate::basis::count::counted;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::Notify;

use super::args::Args;
use super::failure::Failure;
use super::run::{listen, now_ms, until_stopped};
use super::ui::{self, Addresses, Ui};
use super::watch::Watch;
use crate::journal::conduct;
use crate::journal::{Journal, Ledger};
use crate::mock::{Config, MockClaude};

/// Serves `config` where the flags say.
pub(super) fn run(args: &Args, config: Config) -> Result<(), Failure> {
    if args.ui {
        ui::check()?;
    }
    until_stopped(async move |stop| {
        let (listener, bound) = listen(SocketAddr::new(args.host, args.port))?;
        if !args.host.is_loopback() {
            say(&format!(
                "warning: {} can be reached from other machines, and any key is accepted",
                args.host
            ));
        }
        if args.until_stdin_closes {
            stop_with_stdin(Arc::clone(&stop));
        }
        let epoch_ms = now_ms();
        let watch = match (args.ui, args.quiet) {
            (true, _) => Some(Watch::silent()),
            (false, true) => None,
            (false, false) => Watch::of_terminal(epoch_ms),
        };
        let watched = watch.clone().map(|watch| Journal::watched_by(watch));
        let mock = MockClaude::with(config, epoch_ms, watched.unwrap_or_default());
        let page = args.admin.start(&mock)?;
        // Whoever started this reads the URL; where nobody does, the mock serves all the same.
        let _ = writeln!(io::stdout(), "http://{bound}").and_then(|()| io::stdout().flush());
        let screen = if args.ui {
            let addresses = Addresses { api: format!("http://{bound}"), page };
            Some(Ui::start(mock.clone(), addresses, Arc::clone(&stop))?)
        } else {
            None
        };
        // The screen is left before the connections are drained, which may take seconds.
        let mut shown = Ok(());
        let stopped = async {
            stop.notified().await;
            shown = screen.map_or(Ok(()), Ui::close);
        };
        mock.clone().serve(listener, stopped).await;
        if let Some(watch) = watch {
            let failed = watch.end();
            // The clients are taken to have ended with the mock.
            let conduct = conduct::judge_ended(&mock.records()).text();
            let conduct = redact::text(&conduct);
            let _ = write!(io::stderr(), "{}\n{failed}{conduct}", summary(&mock.ledger()));
        } else if !args.quiet {
            say(&summary(&mock.ledger()));
        }
        shown
    })
}

/// Asks the mock to stop when standard input ends. The thread outlives the runtime, which would
/// wait for a blocked read of its own.
fn stop_with_stdin(stop: Arc<Notify>) {
    std::thread::spawn(move || {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        stop.notify_one();
    });
}

/// What was served, in one line.
fn summary(ledger: &Ledger) -> String {
    format!(
        "{}, {}, {} tokens in, {} tokens out, ${}.{:06}",
        counted(ledger.requests, "request"),
        counted(ledger.errors, "error"),
        ledger.tokens_in,
        ledger.tokens_out,
        ledger.cost_microusd / 1_000_000,
        ledger.cost_microusd % 1_000_000,
    )
}

fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_one_line_with_the_money_in_dollars() {
        let ledger =
            Ledger { requests: 3, errors: 1, cost_microusd: 1_000_042, ..Ledger::default() };
        assert_eq!(summary(&ledger), "3 requests, 1 error, 0 tokens in, 0 tokens out, $1.000042");
    }
}

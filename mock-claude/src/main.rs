//! `mock-claude`: the mock on a real port, until it is told to stop.

mod command;

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser;
use command::{AdminArgs, Command};
use mock_claude::journal::Journal;
use mock_claude::{Config, MockClaude, server};
use tokio::sync::Notify;

/// A stand-in for the Claude API on a real port.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Example:\n  mock-claude --port 8080 --config brownout.toml\n  \
    curl http://127.0.0.1:8080/v1/messages -H 'x-api-key: any' -H 'anthropic-version: 2023-06-01' \\\n    \
    -d '{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":99,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}'"
)]
struct Args {
    /// The port; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// The seed of every decision left to chance; overrides the file's.
    #[arg(long)]
    seed: Option<u64>,
    /// A TOML file with the sections `limits`, `latency`, `reply` and `fault`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    admin: AdminArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(io::stderr)
        .init();
    let mut args = Args::parse();
    let ran = match args.command.take() {
        Some(command) => command.run(),
        None => config(&args).and_then(|config| run(&args, config)),
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nothing is left to do if even standard error is gone.
            let _ = writeln!(io::stderr(), "error: {}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}

/// Why the binary ends early, and the exit code that says so.
struct Failure {
    message: String,
    code: u8,
}

const USAGE: u8 = 2;
const INVALID_CONFIG: u8 = 104;
const INTERNAL: u8 = 1;

fn config(args: &Args) -> Result<Config, Failure> {
    let mut config = match &args.config {
        Some(path) => read(path)?,
        None => Config::default(),
    };
    if let Some(seed) = args.seed {
        config.seed = seed;
    }
    Ok(config)
}

fn read(path: &Path) -> Result<Config, Failure> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| Failure {
        message: format!("cannot read `{shown}`: {error}"),
        code: USAGE,
    })?;
    let config: Config = toml::from_str(&text).map_err(|error| Failure {
        message: format!("`{shown}` is not a valid configuration\n{error}"),
        code: INVALID_CONFIG,
    })?;
    let problems: Vec<String> = config
        .problems()
        .iter()
        .map(|problem| format!("  `{}` {}", problem.key, problem.message))
        .collect();
    if problems.is_empty() {
        return Ok(config);
    }
    Err(Failure {
        message: format!("`{shown}` is not a valid configuration\n{}", problems.join("\n")),
        code: INVALID_CONFIG,
    })
}

fn run(args: &Args, config: Config) -> Result<(), Failure> {
    let internal = |what: &str, error: &dyn std::fmt::Display| Failure {
        message: format!("{what}: {error}"),
        code: INTERNAL,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| internal("the runtime cannot start", &error))?;
    let stop = Arc::new(Notify::new());
    let on_signal = Arc::clone(&stop);
    ctrlc::set_handler(move || on_signal.notify_one())
        .map_err(|error| internal("signals cannot be handled", &error))?;
    runtime.block_on(async {
        let address = SocketAddr::new(args.host, args.port);
        let listener = server::listen(address).map_err(|error| Failure {
            message: format!(
                "cannot listen on {address}: {error}\nhint: `--port 0` takes a free port"
            ),
            code: USAGE,
        })?;
        let bound = listener.local_addr().map_err(|error| internal("no address", &error))?;
        let mock = MockClaude::with(config, now_ms(), Journal::default());
        args.admin.start(&mock)?;
        let _ = writeln!(io::stdout(), "http://{bound}");
        mock.clone().serve(listener, stop.notified()).await;
        let ledger = mock.ledger();
        let _ = writeln!(
            io::stderr(),
            "{} requests, {} errors, {} tokens in, {} tokens out, {} micro-dollars",
            ledger.requests,
            ledger.errors,
            ledger.tokens_in,
            ledger.tokens_out,
            ledger.cost_microusd,
        );
        Ok(())
    })
}

/// The one place where the mock learns what day it is.
fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(mock_claude::clock::SIMULATED_EPOCH_MS)
}

//! What may be typed, and nothing about what it means.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::Parser;

use super::admin::AdminArgs;

#[cfg(feature = "proxy")]
use super::command::Command;

const EXAMPLES: &str = "Examples:
  mock-claude --port 8080 --preset realistic
  mock-claude --port 0 --limits start --faults brownout.toml --seed 7
  mock-claude --preset instant --reply json
  mock-claude --ui --admin-port 0
  mock-claude --show-preset stress > mine.toml && mock-claude --config mine.toml

  curl http://127.0.0.1:8080/v1/messages -H 'x-api-key: any' -H 'anthropic-version: 2023-06-01' \\
    -d '{\"model\":\"claude-sonnet-4-6\",\"max_tokens\":99,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}'

Exit codes: 0 stopped, 2 wrong flag or port in use, 104 wrong file, 1 internal error.
Environment: RUST_LOG=info logs every request, NO_COLOR switches colours off. Every flag has a
variable, for example MOCK_CLAUDE_PORT for --port; a flag that is typed wins.";

/// A stand-in for the Claude API on a real port.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "mock-claude",
    version,
    args_conflicts_with_subcommands = true,
    after_help = EXAMPLES
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that was typed or was not")]
pub struct Args {
    /// The port; 0 takes a free one. The first line that is printed is the URL.
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// The address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub host: IpAddr,
    /// The seed of every decision left to chance; overrides the file's.
    #[arg(long)]
    pub seed: Option<u64>,
    /// A configuration that is shipped; see `--list-presets`.
    #[arg(long, value_name = "NAME")]
    pub preset: Option<String>,
    /// A TOML file; its sections replace the preset's.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The limits of a tier (evaluation, start, build, scale), under those of the file; `off`
    /// switches every limit off.
    #[arg(long, value_name = "TIER")]
    pub limits: Option<String>,
    /// A TOML file of `[[fault]]` sections; they come before the preset's and the file's.
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// What every answer says, before the file's canned replies: `echo`, `json`, `text=WORDS`,
    /// `file=FILE`, `schema=JSON`, `schema_file=FILE`, `call=TOOL`. May be given more than once:
    /// where a tool cannot be called, the next one is said.
    #[arg(long = "reply", value_name = "SAY")]
    pub replies: Vec<String>,
    /// Accept made-up ids and odd bodies, as the official SDK's own tests send them.
    #[arg(long)]
    pub contract: bool,
    /// Stops when standard input ends: with whoever started this, however that ends.
    #[arg(long, hide = true)]
    pub until_stdin_closes: bool,
    /// Shows no request and no summary, in a terminal either.
    #[arg(long)]
    pub quiet: bool,
    /// Shows a live screen in place of a line a request: rates, latencies, the latest requests, the
    /// verdict on the clients, and keys that change faults. `q` ends it, `?` explains it.
    #[arg(long, conflicts_with_all = ["quiet", "until_stdin_closes"])]
    pub ui: bool,
    /// Prints the names of the presets and what they are.
    #[arg(long, exclusive = true)]
    pub list_presets: bool,
    /// Prints a preset as a TOML file to start from.
    #[arg(long, value_name = "NAME", exclusive = true)]
    pub show_preset: Option<String>,
    /// The admin API.
    #[command(flatten)]
    pub(super) admin: AdminArgs,
    /// What to do in place of serving the mock.
    #[cfg(feature = "proxy")]
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

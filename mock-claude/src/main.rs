//! `mock-claude`: the mock on a real port, until it is asked to stop.

use std::process::ExitCode;

use mock_claude::cli;

fn main() -> ExitCode {
    cli::parse().map_or_else(|wrong| wrong, cli::run)
}

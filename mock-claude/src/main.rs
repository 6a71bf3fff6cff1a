//! `mock-claude`: the mock on a real port, until it is asked to stop.

use std::process::ExitCode;

use mimalloc::MiMalloc;
use mock_claude::cli;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    cli::parse().map_or_else(|wrong| wrong, cli::run)
}

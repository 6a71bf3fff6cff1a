//! `mock-claude`: the mock on a real port, until it is asked to stop.

use std::process::ExitCode;

use clap::Parser;
use mock_claude::cli::{self, Args};

fn main() -> ExitCode {
    cli::run(Args::parse())
}

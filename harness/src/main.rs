//! `chaos`: parse, do, exit.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use harness::args::Args;
use harness::command;
use harness::process::terminal;

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(io::stderr)
        .with_ansi(terminal::colour_in_errors())
        .init();
    let exit = command::execute(Args::parse()).unwrap_or_else(|failure| {
        terminal::say(&format!("error: {failure}"));
        failure.exit
    });
    ExitCode::from(exit.code())
}

//! `chaos`: parse, do, exit.

use std::io;
use std::process::ExitCode;

use harness::args::Args;
use harness::command;
use harness::process::terminal;
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        // What a client sends and a server says may hold keys.
        .with_writer(|| redact::Masking(io::stderr()))
        .with_ansi(terminal::colour_in_errors())
        .init();
    let args: Args = match mock_claude::cli::parse() {
        Ok(args) => args,
        Err(wrong) => return wrong,
    };
    let exit = command::execute(args).unwrap_or_else(|failure| {
        terminal::say(&format!("error: {failure}"));
        failure.exit
    });
    ExitCode::from(exit.code())
}

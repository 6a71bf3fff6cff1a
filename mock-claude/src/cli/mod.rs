//! The command line: what may be typed ([`args`]), what it means ([`settings`], [`presets`],
//! [`mod@file`]), and a mock on a port until it is told to stop ([`serve`]).
//!
//! It is part of the library so that another binary can start the same mock with the same flags.
//! Exit codes: 0 after a stop that was asked for, 2 for a wrong flag or a port that is taken, 104
//! for a wrong file, 1 for what only a bug or the machine can cause.

pub mod admin;
pub mod args;
pub mod command;
pub mod file;
pub mod presets;
pub mod proxy;
pub mod replay;
pub mod serve;
pub mod settings;

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

pub use self::args::Args;

/// A wrong flag, a file that cannot be read, a port that is taken.
pub const USAGE: u8 = 2;
/// A file whose content is wrong.
pub const INVALID_CONFIG: u8 = 104;
/// What no user can cause.
pub const INTERNAL: u8 = 1;

/// Why the command ends early, and the exit code that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What happened and what helps, without the word `error`.
    pub message: String,
    /// The exit code.
    pub code: u8,
}

impl Failure {
    /// A failure that the command line caused.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: USAGE }
    }

    fn internal(what: &str, error: &dyn fmt::Display) -> Self {
        Self { message: format!("{what}: {error}"), code: INTERNAL }
    }
}

/// Does what was typed, and says on standard error why it cannot.
pub fn run(args: Args) -> ExitCode {
    start_log();
    match execute(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nothing is left to do if even standard error is gone.
            let _ = writeln!(io::stderr(), "error: {}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}

/// Does what was typed: prints what it asks for, or serves until a signal comes.
pub fn execute(args: Args) -> Result<(), Failure> {
    let mut args = args;
    if let Some(command) = args.command.take() {
        command.run()
    } else if args.list_presets {
        print(&presets::list())
    } else if let Some(name) = &args.show_preset {
        presets::find(name).and_then(|preset| print(preset.text))
    } else {
        settings::read(&args).and_then(|config| serve::run(&args, config))
    }
}

/// Structured logs on standard error, as `RUST_LOG` asks, coloured only where that is seen.
fn start_log() {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    // A log that somebody else has started stays.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_ansi(!no_color && io::stderr().is_terminal())
        .with_writer(io::stderr)
        .try_init();
}

fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().write_all(text.as_bytes()) {
        // `mock-claude --show-preset x | head -1` is no failure.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::internal("cannot write to standard output", &error))
        }
        _ => Ok(()),
    }
}

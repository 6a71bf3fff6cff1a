//! The command line: what may be typed (`args`) or set (`environment`), what it means (`settings`,
//! `presets`, `file`), and a mock on a port until it is asked to stop (`serve`), with what a
//! terminal shows of it (`watch`, `ui`).
//!
//! It is part of the library so that another binary can start the same mock with the same flags.
//! Exit codes: 0 after a stop that was asked for, 2 for a wrong flag or a port that is taken, 104
//! for a wrong file, 1 for what only a bug or the machine can cause.

mod admin;
mod args;
#[cfg(feature = "proxy")]
mod command;
mod environment;
mod failure;
mod file;
mod presets;
#[cfg(feature = "proxy")]
mod proxy;
#[cfg(feature = "proxy")]
mod replay;
mod replies;
mod run;
mod serve;
mod settings;
mod ui;
mod watch;
mod words;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;

pub use self::args::Args;
use self::environment::Wrong;
pub use self::environment::{TYPED_ONLY, name_of, variable_of, with_variables};
pub use self::failure::{Failure, INTERNAL, INVALID_CONFIG, USAGE};
pub use self::run::allow_descriptors;

/// Does what was typed, and says on standard error why it cannot.
pub fn run(args: Args) -> ExitCode {
    start_log();
    match execute(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nothing is left to do if even standard error is gone.
            let _ = writeln!(io::stderr(), "error: {failure}");
            ExitCode::from(failure.code)
        }
    }
}

/// What was typed. Where that cannot be understood, it says so, without the credentials that may
/// have been typed, and ends.
pub fn parse<T: Parser>() -> Result<T, ExitCode> {
    let mut command = T::command();
    let typed: Vec<OsString> = std::env::args_os().collect();
    let parsed = environment::matches(&command, &typed).and_then(|matches| {
        let format = |error: clap::Error| error.format(&mut command);
        T::from_arg_matches(&matches).map_err(format).map_err(Wrong::of)
    });
    parsed.map_err(|Wrong { error, variables }| {
        let words = error.render();
        let is_seen = !run::no_color() && io::stderr().is_terminal();
        let words = if is_seen { words.ansi().to_string() } else { words.to_string() };
        // Help and version are asked for, and hold nothing that was typed.
        let _ = if error.use_stderr() {
            let from = variables.iter().map(|name| format!("hint: the environment has `{name}`\n"));
            let words = words + &from.collect::<String>();
            write!(io::stderr(), "{}", redact::text(&words))
        } else {
            error.print()
        };
        ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(USAGE))
    })
}

/// Does what was typed: prints what it asks for, or serves until a signal comes.
pub fn execute(args: Args) -> Result<(), Failure> {
    #[cfg(feature = "proxy")]
    if let Some(command) = args.command {
        return command.run();
    }
    if args.list_presets {
        print(&presets::list())
    } else if let Some(name) = &args.show_preset {
        presets::find(name).and_then(|preset| print(preset.text))
    } else {
        settings::read(&args).and_then(|config| serve::run(&args, config))
    }
}

/// Structured logs on standard error, as `RUST_LOG` asks, coloured only where that is seen.
fn start_log() {
    // A log that somebody else has started stays.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_ansi(!run::no_color() && io::stderr().is_terminal())
        // What a client sends and a server says may hold keys.
        .with_writer(|| redact::Masking(io::stderr()))
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

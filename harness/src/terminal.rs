//! What the program may show: colour, width and progress, by who is watching.
//!
//! Standard output carries results, standard error everything else. A pipe that closes early is the
//! reader's choice and no error.

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use reports::Style;

use crate::failure::Failure;

/// The width of a report where nobody tells.
const WIDTH: usize = 100;

/// The style of what goes to standard output.
pub fn style() -> Style {
    let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    Style { colour, width: WIDTH }
}

/// Prints results.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::internal(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Says something beside the results.
pub fn say(text: &str) {
    // Nothing is left to do if even standard error is gone.
    let _ = writeln!(io::stderr(), "{text}");
}

/// A line that moves while a person watches; nothing anywhere else.
pub fn progress(quiet: bool, what: &str, length: u64) -> ProgressBar {
    let target = if quiet || !io::stderr().is_terminal() {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    };
    let bar = ProgressBar::with_draw_target(Some(length), target);
    let template = "{prefix} {wide_bar} {pos}/{len}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_prefix(what.to_owned());
    bar
}

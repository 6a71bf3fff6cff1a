//! What the program may show: colour and width, by who is watching.
//!
//! Standard output carries results, standard error everything else. A pipe that closes early is the
//! reader's choice and no error.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::ops::RangeInclusive;
use std::path::Path;

use reports::Style;
use reports::text::escape;
use terminal_size::{Width, terminal_size_of};

use crate::Failure;

/// The width of what is printed where nobody says another one: in a pipe.
const WIDTH: usize = 80;

/// The widths that are followed: sentences are hard to read in longer lines, and tables in shorter.
const WIDTHS: RangeInclusive<usize> = 40..=120;

/// The style of what goes to standard output.
pub fn style() -> Style {
    Style { colour: coloured(io::stdout().is_terminal()), width: width(), ..Style::PLAIN }
}

/// The columns of standard output: what `COLUMNS` says, or the terminal.
pub fn width() -> usize {
    let set = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let width = set.or_else(|| {
        let (Width(columns), _) = terminal_size_of(io::stdout())?;
        Some(usize::from(columns))
    });
    width.unwrap_or(WIDTH).clamp(*WIDTHS.start(), *WIDTHS.end())
}

/// Whether what goes to standard error may be coloured.
pub fn colour_in_errors() -> bool {
    coloured(io::stderr().is_terminal())
}

/// Whether a stream is coloured: never where `NO_COLOR` is set (<https://no-color.org>), always
/// where `CLICOLOR_FORCE` is, and else on a terminal that is not a dumb one.
fn coloured(is_terminal: bool) -> bool {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if set("NO_COLOR").is_some() {
        return false;
    }
    let forced = set("CLICOLOR_FORCE").is_some_and(|value| value != "0");
    forced || (is_terminal && set("TERM").is_none_or(|value| value != "dumb"))
}

/// Prints results.
pub fn print(text: &str) -> Result<(), Failure> {
    stream(|out| out.write_all(text.as_bytes()))
}

/// Prints results piece by piece.
pub fn stream(content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    match content(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::internal(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Says something alongside the results. It may quote paths and server messages, which a terminal
/// must not obey, and credentials, which are masked.
pub fn say(text: &str) {
    let lines: Vec<String> = redact::text(text).split('\n').map(escape).collect();
    // Nothing is left to do if even standard error is gone.
    let _ = writeln!(io::stderr(), "{}", lines.join("\n"));
}

/// A path in what is printed, where a terminal must not obey it.
pub fn shown(path: &Path) -> String {
    escape(&path.display().to_string())
}

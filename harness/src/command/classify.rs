//! `chaos classify`: what a test runner printed, read exactly.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use reports::render::testlog as page;
use reports::testlog::{self, Completeness, Log};

use crate::args::TestFormat;
use crate::failure::{Exit, Failure};
use crate::terminal;

/// The bytes that are read at once: logs are large.
const BUFFER: usize = 256 << 10;

/// Reads every file, or standard input; exits with the worst of what they say.
pub fn execute(files: &[PathBuf], format: Option<TestFormat>) -> Result<Exit, Failure> {
    let format = format.map(Into::into);
    let mut exit = Exit::Pass;
    let standard_input = [PathBuf::from("-")];
    let inputs = if files.is_empty() { &standard_input } else { files };
    for input in inputs {
        let log = if input == Path::new("-") {
            read(io::stdin().lock(), format, input)?
        } else {
            let file = File::open(input).map_err(|error| Failure::unreadable(input, &error))?;
            read(BufReader::with_capacity(BUFFER, file), format, input)?
        };
        if log.runs.is_empty() {
            terminal::say(&format!(
                "`{}`: no test output found\nhint: name the format with `--format`",
                input.display()
            ));
        }
        terminal::print(&page::render(&log, terminal::style()))?;
        exit = exit.worst(verdict(&log));
    }
    Ok(exit)
}

fn read(input: impl BufRead, format: Option<testlog::Format>, name: &Path) -> Result<Log, Failure> {
    testlog::read(input, format).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => {
            Failure::new(Exit::Invalid, format!("`{}`: {error}", name.display()))
        }
        _ => Failure::unreadable(name, &error),
    })
}

/// Failures are failures, however much of the log is missing; without any, a log that is not
/// whole proves nothing.
fn verdict(log: &Log) -> Exit {
    let failed = |run: &testlog::TestRun| {
        run.failures().next().is_some() || run.exit_hint.is_some_and(|code| code != 0)
    };
    let whole = |run: &testlog::TestRun| run.completeness == Completeness::Reconciled;
    if log.runs.iter().any(failed) {
        Exit::Failed
    } else if log.runs.is_empty() || !log.runs.iter().all(whole) {
        Exit::Inconclusive
    } else {
        Exit::Pass
    }
}

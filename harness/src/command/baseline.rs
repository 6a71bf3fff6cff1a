//! `chaos baseline accept`: the figures of runs become the ones to hold.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use reports::Baseline;

use super::read_run;
use crate::failure::{Exit, Failure};
use crate::output::write_atomically;
use crate::terminal;

/// Adds runs to a baseline, each in place of what the baseline holds of its scenario.
pub fn accept(path: &Path, reason: Option<&str>, runs: &[PathBuf]) -> Result<Exit, Failure> {
    let mut baseline = match fs::read_to_string(path) {
        Ok(text) => parse(path, &text)?,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Baseline::empty(env!("CARGO_PKG_VERSION"))
        }
        Err(error) => return Err(Failure::unreadable(path, &error)),
    };
    for folder in runs {
        let run = read_run(folder)?;
        baseline.accept(&run, reason.map(str::to_owned)).map_err(|reasons| {
            let reasons = reasons.join("\n  ");
            let message = format!("`{}` cannot be a baseline:\n  {reasons}", folder.display());
            Failure::new(Exit::Inconclusive, message)
        })?;
        terminal::say(&format!("accepted {} into {}", run.header.scenario, path.display()));
    }
    write_atomically(path, &baseline.to_json())?;
    Ok(Exit::Pass)
}

/// Reads a baseline.
pub fn read(path: &Path) -> Result<Baseline, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        let mut failure = Failure::unreadable(path, &error);
        failure.message.push_str("\nhint: `chaos baseline accept` makes one");
        failure
    })?;
    parse(path, &text)
}

fn parse(path: &Path, text: &str) -> Result<Baseline, Failure> {
    Baseline::read(text).map_err(|error| {
        Failure::new(Exit::Invalid, format!("`{}` is not a baseline: {error}", path.display()))
    })
}

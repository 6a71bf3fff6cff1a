//! `chaos baseline accept`: the figures of runs become the ones to keep to.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use reports::{Baseline, Verdict};

use super::run::records;
use crate::process::terminal;
use crate::storage::files::write_atomically;
use crate::{Exit, Failure};

/// Adds runs to a baseline, each in place of what the baseline holds of its scenario.
pub fn accept(path: &Path, reason: Option<&str>, runs: &[PathBuf]) -> Result<Exit, Failure> {
    let mut baseline = match fs::read_to_string(path) {
        Ok(text) => parse(path, &text)?,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Baseline::empty(env!("CARGO_PKG_VERSION"))
        }
        Err(error) => return Err(Failure::unreadable(path, &error)),
    };
    let mut accepted = Vec::new();
    for folder in runs {
        let judged = records::named(folder)?;
        baseline.accept(&judged, reason.map(str::to_owned)).map_err(|reasons| {
            let reasons = reasons.join("\n  ");
            let message = format!("`{}` cannot be a baseline:\n  {reasons}", folder.display());
            Failure::new(Exit::Inconclusive, message)
        })?;
        let scenario = &judged.run().header.scenario;
        if judged.verdict() != Verdict::Pass {
            terminal::say(&format!("warning: {scenario} does not meet its own expectations"));
        }
        accepted.push(scenario.clone());
    }
    // Named on the command line, so it is for the user to name another one.
    write_atomically(path, &baseline.to_json())
        .map_err(|failure| Failure { exit: Exit::Usage, ..failure })?;
    for scenario in accepted {
        terminal::say(&format!("accepted {scenario} into {}", path.display()));
    }
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
    Baseline::read(text)
        .map_err(|error| Failure::new(Exit::Invalid, format!("`{}`: {error}", path.display())))
}

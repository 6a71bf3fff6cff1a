//! `chaos baseline`: the figures of runs become the ones to keep to; what they are, and what two
//! files of them differ in.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use reports::render::{self, Exporter};
use reports::{Baseline, Difference, Verdict};

use super::deliver::Delivery;
use super::run::records;
use crate::process::{measure, terminal};
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
        let earlier = baseline.entries.clone();
        baseline.accept(&judged, reason.map(str::to_owned)).map_err(|reasons| {
            let reasons = reasons.join("\n  ");
            let message = format!("`{}` cannot be a baseline:\n  {reasons}", folder.display());
            Failure::new(Exit::Inconclusive, message)
        })?;
        let scenario = &judged.run().header.scenario;
        if judged.verdict() != Verdict::Pass {
            terminal::say(&format!("warning: {scenario} does not meet its own expectations"));
        }
        if let Some(entry) = baseline.entries.iter_mut().find(|of| of.scenario == *scenario) {
            // The same numbers again are no news.
            let before = earlier.iter().find(|before| before.scenario == *scenario);
            let same = before.filter(|before| before.has_numbers_of(entry));
            entry.accepted = match same {
                Some(before) => before.accepted.clone(),
                None => Some(measure::today()),
            };
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

/// Prints a baseline, or all numbers of one scenario in it.
pub fn show(path: &Path, scenario: Option<&str>) -> Result<Exit, Failure> {
    let baseline = read(path)?;
    let page = match scenario {
        None => render::baseline::overview(&baseline, terminal::style()),
        Some(name) => {
            let entry = baseline.entries.iter().find(|entry| entry.scenario == name);
            let entry = entry.ok_or_else(|| {
                let path = path.display();
                Failure::usage(format!(
                    "`{path}` has no scenario `{name}`\n\
                     hint: `chaos baseline show {path}` lists them"
                ))
            })?;
            render::baseline::entry(entry, terminal::style())
        }
    };
    terminal::print(&page)?;
    Ok(Exit::Pass)
}

/// Prints what two baselines differ in. That they do is no failure.
pub fn diff(
    base: &Path,
    head: &Path,
    format: &'static dyn Exporter<Difference>,
) -> Result<Exit, Failure> {
    let difference = reports::diff(&read(base)?, &read(head)?);
    Delivery::new(&[format], None, false)?.send(&difference)?;
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

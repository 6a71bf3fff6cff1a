//! `chaos report`: the reports of a run again, from its records alone.

use std::fs;
use std::path::Path;

use reports::render::{comparison, jobs};
use reports::{Measured, judge};

use super::read_run;
use super::run::SHOWN_JOBS;
use crate::failure::{Exit, Failure};
use crate::output::MEASURED;
use crate::terminal;

/// Prints the reports of a run; exits with its verdict.
pub fn execute(run: &Path, verbose: bool) -> Result<Exit, Failure> {
    let records = read_run(run)?;
    let judgement = judge(&records);
    // A run without its measurements is still a run.
    let measured =
        fs::read_to_string(run.join(MEASURED)).ok().and_then(|text| Measured::read(&text).ok());
    let style = terminal::style();
    let cap = if verbose { None } else { Some(SHOWN_JOBS) };
    let mut text = comparison::render(&records, &judgement, measured.as_ref(), style);
    text.push('\n');
    text.push_str(&jobs::render(&records, cap, style));
    terminal::print(&text)?;
    Ok(judgement.verdict.into())
}

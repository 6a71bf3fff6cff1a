//! The subcommands, one file each: what the arguments mean, the work, what is printed, the exit.

pub mod ablate;
pub mod baseline;
pub mod claims;
pub mod classify;
pub mod compare;
pub mod estimate;
pub mod gate;
pub mod generate;
pub mod list;
pub mod mock;
pub mod report;
pub mod run;
pub mod show;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use reports::{Run, RunReader};

use crate::args::{Args, BaselineAction, Command};
use crate::plan::run_plan::RunPlan;
use crate::process::interrupt::Interrupt;
use crate::storage::folder::{RECORDS, RunFolder};
use crate::{Exit, Failure};

/// Does what was asked for.
pub fn execute(args: Args) -> Result<Exit, Failure> {
    match args.command {
        Command::Run(args) => run::execute(&args),
        Command::Estimate(args) => estimate::execute(&args),
        Command::List => list::execute(),
        Command::Show { name } => show::execute(&name),
        Command::Report(args) => report::execute(&args),
        Command::Classify(args) => classify::execute(&args),
        Command::Compare { base, head } => compare::execute(&base, &head),
        Command::Gate { baseline, out, runs } => gate::execute(&baseline, &runs, out.as_deref()),
        Command::Baseline { action: BaselineAction::Accept { baseline, reason, runs } } => {
            baseline::accept(&baseline, reason.as_deref(), &runs)
        }
        Command::Ablate(args) => ablate::execute(&args),
        Command::Claims(args) => claims::execute(&args),
        Command::Generate { what } => generate::execute(what),
        Command::Mock(args) => mock::execute(*args),
    }
}

/// Runs a plan for its figures alone: its folder is removed once it has been read.
fn observe(plan: &RunPlan, interrupt: &Interrupt) -> Result<Run, Failure> {
    let folder = tempfile::tempdir()
        .map_err(|error| Failure::internal(format!("no temporary folder: {error}")))?;
    let place = RunFolder::at(&folder.path().join("run"), false)?;
    run::perform(plan, &place, interrupt, true)?;
    if interrupt.asked() {
        return Err(Failure::new(Exit::Interrupted, "interrupted before all runs had ended"));
    }
    read_run(place.path())
}

/// The record file of a run that is named by its folder or by the file itself.
fn records_of(run: &Path) -> PathBuf {
    if run.is_dir() { run.join(RECORDS) } else { run.to_owned() }
}

/// Reads a run back from its records.
fn read_run(run: &Path) -> Result<Run, Failure> {
    let path = records_of(run);
    let file = File::open(&path).map_err(|error| {
        let mut failure = Failure::unreadable(&path, &error);
        failure.message.push_str("\nhint: name the folder of a run, as `chaos run` printed it");
        failure
    })?;
    let malformed = |error: reports::ReadError| {
        Failure::new(Exit::Invalid, format!("`{}`: {error}", path.display()))
    };
    let mut reader = RunReader::default();
    let mut lines = BufReader::new(file);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = lines
            .read_until(b'\n', &mut line)
            .map_err(|error| Failure::unreadable(&path, &error))?;
        if read == 0 {
            return reader.finish().map_err(malformed);
        }
        let text = String::from_utf8_lossy(&line);
        reader.push(text.trim_end_matches(['\n', '\r'])).map_err(malformed)?;
    }
}

//! Runs a plan into a folder, reads what it left, and writes the reports that every run keeps.
//!
//! A run is judged here, where it is read: every command gets it as a [`Judged`].

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::Arc;

use reports::render::{Exporter, RUNS};
use reports::{Judged, Measured, Run, RunReader, Style, Watch, judge};

use crate::args::CurrencyArg;
use crate::plan::run_plan::{self, RunPlan};
use crate::process::in_order::in_order;
use crate::process::interrupt::Interrupt;
use crate::process::meter::Meter;
use crate::process::terminal;
use crate::run::Aftermath;
use crate::run::ground::Ground;
use crate::run::progress::Progress;
use crate::run::recorder::Recorder;
use crate::run::shared::Shared;
use crate::storage::folder::{MEASURED, OUTPUT, RECORDS, RunFolder};
use crate::{Exit, Failure};

/// The longest line of a record file that is read, in bytes. The longest that is written has a
/// scenario's question and all its expectations, or the words of a server, which are cut.
const MAX_LINE_BYTES: u64 = 16 * 1024 * 1024;

/// Runs one plan into its folder.
pub fn perform(
    plan: &RunPlan,
    folder: &RunFolder,
    interrupt: &Interrupt,
    quiet: bool,
    shared: &Shared,
) -> Result<Measured, Failure> {
    let write_through = plan.clock == reports::record::Clock::Wall;
    let jobs = plan.jobs();
    let meter = Meter::new(quiet, &plan.name, jobs).among(&shared.lines);
    let progress = Progress::on(meter);
    let file = folder.records()?;
    let path = folder.path().join(RECORDS);
    let checkpoint = plan.has_checkpoints().then(|| folder.checkpoint(&file)).transpose()?;
    if let Some(checkpoint) = &checkpoint {
        checkpoint.belongs_to(&plan.header())?;
        let earlier = File::open(&path).map_err(|error| Failure::unreadable(&path, &error))?;
        checkpoint.knows(earlier)?;
        // The checkpoint has every record that counts, and what is written now follows them.
        file.set_len(0).map_err(|error| Failure::unwritable(&path, &error))?;
    }
    let recorder = Recorder::new(path.clone(), file, write_through, interrupt.clone(), progress);
    let watch = plan.aborts.then(|| Watch::new(&plan.header()));
    let recorder = recorder.with_checkpoint(checkpoint.map(Arc::new)).with_watch(watch);
    let recorder = Arc::new(recorder);
    let _ground = Ground::guard(path, Arc::clone(&recorder));
    let measured = crate::run::run(plan, &recorder, interrupt, shared);
    recorder.finish(interrupt.asked())?;
    let Aftermath { measured, printed } = measured?;
    if !printed.is_empty() {
        folder.write(OUTPUT, &printed)?;
    }
    if !interrupt.asked() {
        folder.close_checkpoint()?;
    }
    Ok(measured)
}

/// Runs a plan for its figures alone: its folder is removed once it has been read.
pub fn observe(plan: &RunPlan, interrupt: &Interrupt, shared: &Shared) -> Result<Judged, Failure> {
    let folder = tempfile::tempdir()
        .map_err(|error| Failure::internal(format!("no temporary folder: {error}")))?;
    let place = RunFolder::at(&folder.path().join("run"), false)?;
    let measured = perform(plan, &place, interrupt, true, shared)?;
    if interrupt.asked() {
        return Err(Failure::new(Exit::Interrupted, "interrupted before all runs had ended"));
    }
    judged(&place, measured)
}

/// The run that a folder holds now that it has ended, and what it took on this machine.
pub fn judged(folder: &RunFolder, measured: Measured) -> Result<Judged, Failure> {
    Ok(judge(read(folder.path())?).with_measured(Some(measured)))
}

/// A run that the user names by its folder or by its record file, under that name.
pub fn named(path: &Path) -> Result<Judged, Failure> {
    named_in(path, None)
}

/// The same with its costs in another currency, where one is asked for.
pub fn named_in(path: &Path, currency: Option<CurrencyArg>) -> Result<Judged, Failure> {
    // A run without its measurements is still a run.
    let measured = fs::read_to_string(path.join(MEASURED)).ok();
    let measured = measured.and_then(|text| Measured::read(&text).ok());
    let mut run = read(path)?;
    if let Some(currency) = currency {
        run.header.currency = run_plan::currency(currency.resolved());
    }
    Ok(judge(run).named(path.display().to_string()).with_measured(measured))
}

/// The runs of a folder that holds runs and is none itself, by name.
pub fn below(folder: &Path) -> Vec<PathBuf> {
    if folder.join(RECORDS).exists() {
        return Vec::new();
    }
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut runs: Vec<PathBuf> = entries.filter(|path| path.join(RECORDS).is_file()).collect();
    runs.sort();
    runs
}

/// Reads a run back from its records.
pub fn read(run: &Path) -> Result<Run, Failure> {
    let path = if run.is_dir() { run.join(RECORDS) } else { run.to_owned() };
    let file = File::open(&path).map_err(|error| {
        let mut failure = Failure::unreadable(&path, &error);
        let hint = match below(run).first() {
            Some(one) => format!(
                "`{}` holds runs: name one of them, for example `{}`",
                terminal::shown(run),
                terminal::shown(one)
            ),
            None => "name the folder of a run, as `chaos run` printed it".to_owned(),
        };
        failure.message.push_str("\nhint: ");
        failure.message.push_str(&hint);
        failure
    })?;
    let malformed = |error: reports::ReadError| {
        Failure::new(Exit::Invalid, format!("`{}`: {error}", path.display()))
    };
    let mut reader = RunReader::default();
    let mut lines = BufReader::new(file);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = lines
            .by_ref()
            .take(MAX_LINE_BYTES)
            .read_until(b'\n', &mut line)
            .map_err(|error| Failure::unreadable(&path, &error))?;
        if read == 0 {
            break;
        }
        if read as u64 == MAX_LINE_BYTES {
            let message = format!("`{}`: line {number} is longer than any record", path.display());
            return Err(Failure::new(Exit::Invalid, message));
        }
        // Checking is quicker than mending, which nearly no line needs.
        let text = str::from_utf8(&line).map(Cow::Borrowed);
        let text = text.unwrap_or_else(|_| String::from_utf8_lossy(&line));
        reader.push(text.trim_end_matches(['\n', '\r'])).map_err(malformed)?;
    }
    reader.finish().map_err(malformed)
}

/// What `one` makes of each plan, in their order, as many at once as there is room for. The first
/// failure ends what is under way alongside.
pub fn each<T: Send>(
    plans: &[RunPlan],
    interrupt: &Interrupt,
    shared: &Shared,
    one: impl Fn(usize, &RunPlan) -> Result<T, Failure> + Sync,
) -> Result<Vec<T>, Failure> {
    let (mut all, mut failed) = (Vec::new(), None);
    let room = |plan: &RunPlan| plan.room(shared);
    in_order(shared.runs(), plans, room, one, |ended| match ended {
        Ok(made) => {
            all.push(made);
            ControlFlow::Continue(())
        }
        Err(failure) => {
            failed = Some(failure);
            interrupt.ask();
            ControlFlow::Break(())
        }
    });
    failed.map_or(Ok(all), Err)
}

/// The formats that were asked for, as files beside the records.
pub fn write_formats(
    folder: &RunFolder,
    formats: &[&'static dyn Exporter<[Judged]>],
    judged: &Judged,
) -> Result<(), Failure> {
    let runs = slice::from_ref(judged);
    let files = formats.iter().flat_map(|format| format.files(runs, Style::PLAIN));
    files.into_iter().try_for_each(|file| folder.report(&file))
}

/// Everything that follows from the records, as files alongside them, and what this machine took.
pub fn write_reports(folder: &RunFolder, judged: &Judged) -> Result<(), Failure> {
    let runs = slice::from_ref(judged);
    for format in RUNS.iter().filter(|format| format.format().kept) {
        for file in format.files(runs, Style::PLAIN) {
            folder.report(&file)?;
        }
    }
    judged.measured().map_or(Ok(()), |measured| folder.write(MEASURED, &measured.to_json()))
}

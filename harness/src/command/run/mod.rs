//! `chaos run`: runs scenarios, keeps their records, prints the outcome.

pub mod records;
pub mod warped;

use std::collections::BTreeMap;

use reports::render::{Exporter, Terminal};
use reports::{Judged, Measured, Style, judge};

use crate::args::RunArgs;
use crate::plan;
use crate::plan::run_plan::RunPlan;
use crate::process::interrupt::Interrupt;
use crate::process::room::free_memory;
use crate::process::terminal;
use crate::storage::checkpoint;
use crate::storage::folder::RunFolder;
use crate::{Exit, Failure};

/// Runs everything that was asked for; exits with the worst verdict.
pub fn execute(args: &RunArgs) -> Result<Exit, Failure> {
    let plans = plan::runs(args)?;
    let targets: Vec<_> = plans.iter().map(|plan| &plan.targets[..]).collect();
    if let Some(exit) = warped::below(args.speed, &targets)? {
        return Ok(exit);
    }
    plans.iter().try_for_each(|plan| fits(plan, args.quiet))?;
    let interrupt = Interrupt::on_signals()?;
    let several = plans.len() > 1;
    let mut printed = Vec::new();
    let mut exit = Exit::Pass;
    for plan in &plans {
        let folder = folder(args, plan, several)?;
        let judged = if let Some(judged) = finished(args, plan, &folder)? {
            judged
        } else {
            let measured = records::perform(plan, &folder, &interrupt, args.quiet)?;
            records::judged(&folder, measured)?
        };
        records::write_reports(&folder, &judged)?;
        if args.format.len() > 1 {
            records::write_formats(&folder, &args.format, &judged)?;
        }
        exit = exit.worst(judged.verdict().into());
        if interrupt.by_a_person() {
            exit = exit.worst(Exit::Interrupted);
        }
        match &args.format[..] {
            [one] if one.format() != Terminal.format() => printed.push(judged),
            _ if args.quiet => {}
            _ => {
                let style = Style { verbose: args.verbose, ..terminal::style() };
                let places = places(&folder, judged.measured());
                terminal::print(&Terminal.page(&judged, &places, style))?;
            }
        }
        if interrupt.asked() {
            break;
        }
    }
    // One document for all runs: several in one stream could be read by nothing.
    if let ([format], false) = (&args.format[..], printed.is_empty()) {
        terminal::stream(|out| format.write(&printed, Style::PLAIN, out))?;
    }
    Ok(exit)
}

/// What a run takes of memory before it is worth a line, in bytes.
const MUCH: u64 = 500_000_000;

/// Refuses a run that needs more memory than there is, and says of a large one what it needs.
fn fits(plan: &RunPlan, quiet: bool) -> Result<(), Failure> {
    let Some(needed) = plan.memory().filter(|needed| *needed > MUCH) else { return Ok(()) };
    let words = |bytes: u64| reports::text::memory(bytes / 1024);
    match free_memory() {
        Some(free) if needed > free => Err(Failure::usage(format!(
            "`{}` needs about {} of memory at once, and {} are free\n\
             hint: fewer jobs at once: a lower `repeat`, or a load that is no burst",
            plan.name,
            words(needed),
            words(free)
        ))),
        _ => {
            if !quiet {
                terminal::say(&format!("{} takes up to {} of memory", plan.name, words(needed)));
            }
            Ok(())
        }
    }
}

fn folder(args: &RunArgs, plan: &RunPlan, several: bool) -> Result<RunFolder, Failure> {
    let name = plan::folder_name(&plan.name);
    match &args.out {
        None => RunFolder::numbered(&name),
        Some(out) => {
            let out = if several { out.join(name) } else { out.clone() };
            if args.resume { RunFolder::resumed(&out) } else { RunFolder::at(&out, args.force) }
        }
    }
}

/// A run that is to be resumed and has come to its end already.
fn finished(args: &RunArgs, plan: &RunPlan, folder: &RunFolder) -> Result<Option<Judged>, Failure> {
    if !args.resume {
        return Ok(None);
    }
    // A run that was killed early cannot even be read, and is there to go on all the same.
    let Ok(run) = records::read(folder.path()) else { return Ok(None) };
    if !run.complete() || run.pipelines.iter().any(|pipeline| pipeline.end.is_none()) {
        return Ok(None);
    }
    if run.header != plan.header() {
        return Err(checkpoint::other_run());
    }
    folder.close_checkpoint()?;
    // Killed after its last record, it has no measurements.
    let unknown = Measured {
        format: reports::measured::FORMAT,
        wall_us: 0,
        pipelines: BTreeMap::new(),
        peak_rss_kb: None,
        generators: BTreeMap::new(),
        exhausted: BTreeMap::new(),
        pipelines_peak_rss_kb: BTreeMap::new(),
        warped: None,
    };
    let measured = folder.measured().unwrap_or(unknown);
    Ok(Some(judge(run).with_measured(Some(measured))))
}

/// Where everything is, and what it took here.
fn places(folder: &RunFolder, measured: Option<&Measured>) -> String {
    let memory = measured
        .and_then(|measured| measured.peak_rss_kb)
        .map(|kilobytes| format!(", {} at most", reports::text::memory(kilobytes)))
        .unwrap_or_default();
    let kept = folder
        .kept()
        .map(|kept| format!("the run that was there is now in {}\n", terminal::shown(kept)))
        .unwrap_or_default();
    let wall_us = measured.map_or(0, |measured| measured.wall_us);
    let warped = measured.and_then(|measured| measured.warped.as_ref());
    let warped = warped.map(|warped| warped.words(wall_us) + "\n").unwrap_or_default();
    format!(
        "\nrun took {} of real time{memory}\n{warped}{kept}records and reports: {}\n",
        reports::text::duration(wall_us),
        terminal::shown(folder.path())
    )
}

//! `chaos run`: runs scenarios, keeps their records, prints the outcome.

pub mod records;
pub mod warped;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use reports::render::{Exporter, Terminal};
use reports::{Judged, Measured, Style, judge};

use crate::args::RunArgs;
use crate::plan;
use crate::plan::run_plan::RunPlan;
use crate::process::in_order::in_order;
use crate::process::interrupt::Interrupt;
use crate::process::room::free_memory;
use crate::process::terminal;
use crate::run::shared::{self, Shared};
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
    let alone = plans.iter().any(|plan| plan.needs_order() || plan.docs.is_some());
    let threads = shared::threads(args.threads.threads);
    let shared = Shared::new(threads, if alone { 1 } else { plans.len() });
    plans.iter().try_for_each(|plan| fits(plan, &shared, args.quiet))?;
    let interrupt = Interrupt::on_signals()?;
    let all = Runs { args, interrupt, shared, several: plans.len() > 1 };
    all.execute(&plans)
}

/// The runs that were asked for.
struct Runs<'a> {
    args: &'a RunArgs,
    interrupt: Interrupt,
    shared: Shared,
    several: bool,
}

/// A run that has ended, with its reports in its folder.
struct Ended {
    folder: RunFolder,
    judged: Judged,
    interrupt: Interrupt,
}

impl Runs<'_> {
    /// Runs all of them, as many at once as there is room for, and prints them in order.
    fn execute(&self, plans: &[RunPlan]) -> Result<Exit, Failure> {
        let mut printed = Vec::new();
        let mut exit = Exit::Pass;
        let mut failed = None;
        let room = |plan: &RunPlan| plan.room(&self.shared);
        let one = |index: usize, plan: &RunPlan| {
            let is_begun = index == 0 || !self.interrupt.asked();
            is_begun.then(|| self.one(plan))
        };
        in_order(self.shared.runs(), plans, room, one, |ended: Option<Result<Ended, Failure>>| {
            let shown = match ended {
                None => return ControlFlow::Break(()),
                Some(ended) => ended.and_then(|ended| self.show(ended, &mut exit, &mut printed)),
            };
            shown.unwrap_or_else(|failure| {
                failed = Some(failure);
                // What is under way alongside is no longer wanted.
                self.interrupt.ask();
                ControlFlow::Break(())
            })
        });
        if let Some(failure) = failed {
            return Err(failure);
        }
        // One document for all runs: several in one stream could be read by nothing.
        if let ([format], false) = (&self.args.format[..], printed.is_empty()) {
            terminal::stream(|out| format.write(&printed, Style::PLAIN, out))?;
        }
        Ok(exit)
    }

    /// Runs one, unless it is to be resumed and is over, and writes its reports.
    fn one(&self, plan: &RunPlan) -> Result<Ended, Failure> {
        let Self { args, shared, .. } = self;
        let folder = folder(args, plan, self.several)?;
        let interrupt = self.interrupt.of_one_run();
        let judged = if let Some(judged) = finished(args, plan, &folder)? {
            judged
        } else {
            let measured = records::perform(plan, &folder, &interrupt, args.quiet, shared)?;
            records::judged(&folder, measured)?
        };
        records::write_reports(&folder, &judged)?;
        if args.format.len() > 1 {
            records::write_formats(&folder, &args.format, &judged)?;
        }
        Ok(Ended { folder, judged, interrupt })
    }

    /// Shows a run, or keeps it for the document of all; the last one where it was interrupted.
    fn show(
        &self,
        ended: Ended,
        exit: &mut Exit,
        printed: &mut Vec<Judged>,
    ) -> Result<ControlFlow<()>, Failure> {
        let Self { args, shared, .. } = self;
        let Ended { folder, judged, interrupt } = ended;
        *exit = exit.worst(judged.verdict().into());
        if interrupt.by_a_person() {
            *exit = exit.worst(Exit::Interrupted);
        }
        match &args.format[..] {
            [one] if one.format() != Terminal.format() => printed.push(judged),
            _ if args.quiet => {}
            _ => {
                let style = Style { verbose: args.verbose, ..terminal::style() };
                let places = places(&folder, judged.measured());
                let page = Terminal.page(&judged, &places, style);
                shared.lines.hidden(|| terminal::print(&page))?;
            }
        }
        let over = interrupt.asked();
        Ok(if over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}

/// What a run takes of memory before it is worth a line, in bytes.
const MUCH: u64 = 500_000_000;

/// Refuses a run that needs more memory than there is, and says of a large one what it needs.
fn fits(plan: &RunPlan, shared: &Shared, quiet: bool) -> Result<(), Failure> {
    let at_once = plan.targets_at_once(shared.threads(), shared.free_memory());
    let Some(needed) = plan.memory(at_once as u64).filter(|needed| *needed > MUCH) else {
        return Ok(());
    };
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

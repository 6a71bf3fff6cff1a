//! `chaos run`: runs scenarios, keeps their records, prints what came of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use reports::render::{Named, comparison, failures_csv, failures_txt, github, html};
use reports::render::{jobs, junit, matrix};
use reports::{Measured, Run, Style, judge};

use super::read_run;
use crate::args::RunArgs;
use crate::plan;
use crate::plan::run_plan::RunPlan;
use crate::process::interrupt::Interrupt;
use crate::process::terminal;
use crate::run::recorder::Recorder;
use crate::storage::checkpoint;
use crate::storage::folder::{MEASURED, RECORDS, RunFolder};
use crate::{Exit, Failure};

/// Files whose lines are shown for each pipeline without `--verbose`.
pub const SHOWN_JOBS: usize = 10;

/// Runs everything that was asked for; exits with the worst verdict.
pub fn execute(args: &RunArgs) -> Result<Exit, Failure> {
    let plans = plan::runs(args)?;
    let interrupt = Interrupt::on_signals()?;
    let several = plans.len() > 1;
    let mut exit = Exit::Pass;
    for plan in &plans {
        let folder = folder(args, plan, several)?;
        let measured = match finished(args, plan, &folder)? {
            Some(measured) => measured,
            None => perform(plan, &folder, &interrupt, args.quiet)?,
        };
        let run = read_run(folder.path())?;
        let judgement = judge(&run);
        write_reports(&folder, &run, &measured)?;
        exit = exit.worst(judgement.verdict.into());
        if interrupt.asked() {
            exit = exit.worst(Exit::Interrupted);
        }
        if !args.quiet {
            let style = terminal::style();
            let cap = if args.verbose { None } else { Some(SHOWN_JOBS) };
            let mut text = comparison::render(&run, &judgement, Some(&measured), style);
            text.push('\n');
            text.push_str(&jobs::render(&run, cap, style));
            text.push_str(&places(&folder, &measured));
            terminal::print(&text)?;
        }
        if interrupt.asked() {
            break;
        }
    }
    Ok(exit)
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

/// What a run took that is to be resumed and has come to its end already.
fn finished(
    args: &RunArgs,
    plan: &RunPlan,
    folder: &RunFolder,
) -> Result<Option<Measured>, Failure> {
    if !args.resume {
        return Ok(None);
    }
    // A run that was killed early cannot even be read, and is there to go on all the same.
    let Ok(run) = read_run(folder.path()) else { return Ok(None) };
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
        pipelines_peak_rss_kb: BTreeMap::new(),
    };
    Ok(Some(folder.measured().unwrap_or(unknown)))
}

/// Runs one plan into its folder.
pub fn perform(
    plan: &RunPlan,
    folder: &RunFolder,
    interrupt: &Interrupt,
    quiet: bool,
) -> Result<Measured, Failure> {
    let write_through = plan.clock == reports::record::Clock::Wall;
    let jobs = plan.jobs() * plan.targets.len() as u64;
    let progress = terminal::progress(quiet, &plan.name, jobs);
    let file = folder.records()?;
    let path = folder.path().join(RECORDS);
    let checkpoint = plan.has_checkpoints().then(|| folder.checkpoint(&file)).transpose()?;
    if let Some(checkpoint) = &checkpoint {
        checkpoint.belongs_to(&plan.header())?;
        // The checkpoint has every record that counts, and what is written now follows them.
        file.set_len(0).map_err(|error| Failure::unwritable(&path, &error))?;
    }
    let recorder = Recorder::new(path, file, write_through, interrupt.clone(), progress);
    let recorder = Arc::new(recorder.with_checkpoint(checkpoint.map(Arc::new)));
    let measured = crate::run::run(plan, &recorder, interrupt);
    recorder.finish(interrupt.asked())?;
    let measured = measured?;
    if !interrupt.asked() {
        folder.close_checkpoint()?;
    }
    Ok(measured)
}

/// Everything that follows from the records, as files beside them.
pub fn write_reports(folder: &RunFolder, run: &Run, measured: &Measured) -> Result<(), Failure> {
    let judgement = judge(run);
    folder.write("summary.txt", &comparison::render(run, &judgement, None, Style::PLAIN))?;
    folder.write("jobs.txt", &jobs::render(run, None, Style::PLAIN))?;
    // By its scenario and not by its folder: the same run is the same text everywhere.
    let named = [Named { name: &run.header.scenario, run }];
    folder.write("failures.csv", &failures_csv::render(&named))?;
    folder.write("failures.txt", &failures_txt::render(&named))?;
    folder.write("matrix.txt", &matrix::render(&named, Style::PLAIN))?;
    folder.write("junit.xml", &junit::render(&named))?;
    folder.write("annotations.txt", &github::render(&named))?;
    folder.write("report.html", &html::render(&named))?;
    folder.write(MEASURED, &measured.to_json())
}

/// Where everything is, and what it took here.
fn places(folder: &RunFolder, measured: &Measured) -> String {
    let memory = measured
        .peak_rss_kb
        .map(|kilobytes| format!(", {} at most", reports::text::memory(kilobytes)))
        .unwrap_or_default();
    let kept = folder
        .kept()
        .map(|kept| format!("the run that was there is now in {}\n", kept.display()))
        .unwrap_or_default();
    format!(
        "\nrun took {} of real time{memory}\n{kept}records and reports: {}\n",
        reports::text::duration(measured.wall_us),
        folder.path().display()
    )
}

//! `chaos diagnose`: a report card of a command, a service or a pipeline.

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reports::card::{Card, FORMAT, Gate, ProbeLine, Volume};
use reports::render::{CARD, Exporter, run_one, table};
use reports::text::{counted, escape, thousands};
use reports::{Judged, Verdict};
use scenarios::library::PROBES;

use super::deliver::Delivery;
use super::run::{records, warped};
use crate::args::DiagnoseArgs;
use crate::diagnose::battery::{Battery, Outcome};
use crate::diagnose::criteria::grade;
use crate::diagnose::seen::Probe;
use crate::diagnose::weight::weight;
use crate::plan;
use crate::process::interrupt::Interrupt;
use crate::process::meter::Meter;
use crate::process::terminal;
use crate::run::shared::Shared;
use crate::target::TargetPlan;
use crate::{Exit, Failure};

/// What time is sped up by unless something else is typed.
const SPEED: u32 = 60;

/// Runs the battery and delivers the card; exits with its verdict.
pub fn execute(args: &DiagnoseArgs) -> Result<Exit, Failure> {
    if args.list {
        return list();
    }
    let deliveries = deliveries(args)?;
    let before = args.baseline.as_deref().map(read).transpose()?;
    let target = target(args)?;
    let speed = speed(args, &*target);
    if let Some(exit) = warped::below(speed, &[std::slice::from_ref(&target)])? {
        return Ok(exit);
    }
    let interrupt = Interrupt::on_signals()?;
    let speed = speed.filter(|speed| *speed > 1);
    let battery = Battery::new(&target, args.seed, &args.only, speed)?;
    let meter = Meter::weighed(args.quiet, "probes", battery.count() as u64, battery.weight());
    let at_once = if target.is_shared() { 1 } else { usize::from(args.at_once) };
    let shared = Shared::new(NonZeroUsize::new(at_once).unwrap_or(NonZeroUsize::MIN), at_once);
    let (name, lost) = (escape(&target.header().name), AtomicU64::new(0));
    let observe = |plan: &_| -> Result<Judged, Failure> {
        let judged = records::observe(plan, &interrupt, &shared)?;
        let failed: u64 = judged.summaries().iter().map(|summary| summary.failed).sum();
        lost.fetch_add(failed, Ordering::Relaxed);
        Ok(judged)
    };
    let ended = |plan: &_| {
        meter.step(weight(plan));
        meter.note(|| format!("{name}: {} lost", thousands(lost.load(Ordering::Relaxed))));
    };
    let outcome = battery.run(at_once, &observe, &ended);
    meter.finish();
    let card = card(args, &*target, &battery, speed, &outcome?);
    let card = match &before {
        Some(before) => card.held_against(before),
        None => card.held_against_grade(args.fail_below),
    };
    deliveries.iter().try_for_each(|delivery| delivery.send(&card))?;
    let exit = Exit::from(card.gate.verdict);
    Ok(if interrupt.asked() { exit.worst(Exit::Interrupted) } else { exit })
}

/// Where the card goes. With a folder and no formats, everywhere.
fn deliveries(args: &DiagnoseArgs) -> Result<Vec<Delivery<'_, Card>>, Failure> {
    let text: &[&'static dyn Exporter<Card>] = &CARD[..1];
    let out = args.out.as_deref();
    Ok(match (&args.format[..], out) {
        ([], None) => vec![Delivery::new(text, None, args.verbose)?],
        ([], Some(folder)) => {
            fs::create_dir_all(folder).map_err(|error| Failure::unwritable(folder, &error))?;
            vec![Delivery::new(text, None, args.verbose)?, Delivery::new(&CARD, out, args.verbose)?]
        }
        (formats, out) => vec![Delivery::new(formats, out, args.verbose)?],
    })
}

/// What is diagnosed.
fn target(args: &DiagnoseArgs) -> Result<Arc<dyn TargetPlan>, Failure> {
    let mut all = plan::own_targets(&args.service, &args.command, args.quiet)?;
    if let Some(name) = &args.pipeline {
        all.extend(plan::targets(std::slice::from_ref(name))?);
    }
    if !args.service.allow_remote {
        plan::all_here(&all)?;
    }
    all.pop().ok_or_else(|| {
        Failure::usage(
            "there is nothing to diagnose\n\
             hint: chaos diagnose -- python pipeline.py {file}",
        )
    })
}

/// How fast time passes: as fast as was asked for, or fast where it can be.
fn speed(args: &DiagnoseArgs, target: &dyn TargetPlan) -> Option<u32> {
    if args.speed.is_some() || !target.needs_real_time() {
        return args.speed;
    }
    match target.can_be_warped() {
        Ok(()) => Some(SPEED),
        Err(failure) => {
            if !args.quiet {
                let why = failure.message.lines().next().unwrap_or_default().to_owned();
                terminal::say(&format!(
                    "note: {why}; the probes run in real time, which takes half an hour and more"
                ));
            }
            None
        }
    }
}

fn card(
    args: &DiagnoseArgs,
    target: &dyn TargetPlan,
    battery: &Battery,
    speed: Option<u32>,
    outcome: &Outcome,
) -> Card {
    let ran = PROBES.iter().filter_map(|probe| outcome.seen.probe(probe.name));
    let probes: Vec<ProbeLine> = ran.map(Probe::line).collect();
    let mut card = Card {
        format: FORMAT,
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        run_one: Some(run_one(&target.header(), speed)),
        target: target.header().name,
        battery_sha256: battery.sha256.clone(),
        speed,
        volume: Volume {
            files: args.files_a_month,
            troubled_ppm: u64::from(args.troubled) * 10_000,
        },
        rows: grade(&outcome.seen),
        probes,
        gaps: outcome.gaps.clone(),
        gate: Gate { verdict: Verdict::Inconclusive, rule: String::new(), broken: Vec::new() },
    };
    card.sort();
    card
}

/// Reads the card of an earlier diagnosis.
fn read(path: &Path) -> Result<Card, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        let mut failure = Failure::unreadable(path, &error);
        failure.message.push_str("\nhint: `chaos diagnose --out card/ -- COMMAND` writes one");
        failure
    })?;
    let card: Card = serde_json::from_str(&text).map_err(|error| {
        Failure::new(
            Exit::Invalid,
            format!(
                "`{}`: no report card: {error}\n\
                 hint: name the card.json that `chaos diagnose --out DIR` wrote",
                path.display()
            ),
        )
    })?;
    if card.format != FORMAT {
        return Err(Failure::new(
            Exit::Invalid,
            format!(
                "`{}`: `format` is {}, and this version reads {FORMAT}\nhint: make a new baseline",
                path.display(),
                card.format
            ),
        ));
    }
    Ok(card)
}

/// The probes, with what is wrong in each and what it finds out.
fn list() -> Result<Exit, Failure> {
    let mut rows = Vec::new();
    for probe in PROBES {
        let scenario = scenarios::Scenario::parse(probe.name, probe.text)?;
        rows.push(vec![probe.name.to_owned(), escape(&scenario.title), escape(&scenario.question)]);
    }
    let header = ["probe", "what is wrong in it", "what it finds out"].map(str::to_owned).to_vec();
    let table = table::table(header, rows, 3, terminal::style());
    terminal::print(&format!("{}\n\n{table}", counted(PROBES.len(), "probe")))?;
    Ok(Exit::Pass)
}

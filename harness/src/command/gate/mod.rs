//! `chaos gate`: red when an exact figure differs from the baseline's, or when a pipeline is worse
//! than another one in real time.
//!
//! Without runs to judge, the baseline's own scenarios are run again in simulated time, into a
//! folder that is removed afterwards unless it was asked for.

mod pair;

use std::collections::BTreeMap;

use reports::text::escape;
use reports::{Baseline, BaselineEntry, GateScenario, Judged, gate_within, incomparable};

use super::baseline;
use super::deliver::Delivery;
use super::run::records;
use crate::args::GateArgs;
use crate::plan;
use crate::plan::run_plan::RunPlan;
use crate::process::interrupt::Interrupt;
use crate::process::meter::Meter;
use crate::run::shared::{self, Shared};
use crate::storage::folder::RunFolder;
use crate::{Exit, Failure};

/// Judges runs against a baseline; exits with the verdict.
pub fn execute(args: &GateArgs) -> Result<Exit, Failure> {
    let delivery = Delivery::new(&args.format, args.out.as_deref(), false)?;
    let Some(path) = &args.baseline else { return pair::execute(args, &delivery) };
    let baseline = baseline::read(path)?;
    let Again { folders, runs, refused } = if args.runs.is_empty() {
        run_again(&baseline, args)?
    } else {
        let runs = args.runs.iter().map(|run| records::named(run)).collect::<Result<_, _>>()?;
        Again { runs, ..Again::default() }
    };
    let report = gate_within(&baseline, &runs, &refused, &args.tolerance);
    for (folder, judged) in folders.iter().zip(runs) {
        // The pages of a run that is kept say what the gate says of it.
        let found = report.scenarios.iter().find(|of| of.scenario == judged.run().header.scenario);
        let judged = judged.with_checks(found.map(GateScenario::checks).unwrap_or_default());
        records::write_reports(folder, &judged)?;
    }
    delivery.send(&report)?;
    Ok(report.verdict.into())
}

/// The scenarios of a baseline, run again.
#[derive(Default)]
struct Again {
    /// Where the runs are kept, if they are.
    folders: Vec<RunFolder>,
    runs: Vec<Judged>,
    /// The scenarios that could not have been compared, and why.
    refused: BTreeMap<String, Vec<String>>,
}

/// Runs what can be compared with a baseline, several scenarios at a time.
fn run_again(baseline: &Baseline, args: &GateArgs) -> Result<Again, Failure> {
    if let Some(entry) = baseline.entries.iter().find(|entry| entry.input != "generated") {
        return Err(Failure::new(
            Exit::Inconclusive,
            format!(
                "`{}` was accepted with `--input`, and the baseline does not hold the files\n\
                 hint: run it on the tree with `--out DIR`, then `chaos gate --baseline FILE DIR`",
                entry.scenario
            ),
        ));
    }
    let interrupt = Interrupt::on_signals()?;
    let mut again = Again::default();
    let mut plans = Vec::new();
    for entry in &baseline.entries {
        let plan = plan_of(entry)?;
        let reasons = incomparable(entry, &plan.header());
        if reasons.is_empty() {
            plans.push(plan);
        } else {
            again.refused.insert(entry.scenario.clone(), reasons);
        }
    }
    let alone = plans.iter().any(RunPlan::needs_order);
    let runs = if alone { 1 } else { plans.len() };
    let shared = Shared::new(shared::threads(args.threads.threads), runs);
    let meter = Meter::new(args.quiet, "gate", plans.len() as u64);
    let made = records::each(&plans, &interrupt, &shared, |_, plan| {
        meter.note(|| escape(&plan.name));
        let (folder, judged) = match &args.keep {
            None => (None, records::observe(plan, &interrupt, &shared)?),
            Some(keep) => {
                let folder = RunFolder::at(&keep.join(plan::folder_name(&plan.name)), false)?;
                let judged = kept(plan, &folder, &interrupt, &shared)?;
                (Some(folder), judged)
            }
        };
        meter.step(1);
        Ok((folder, judged))
    });
    meter.finish();
    for (folder, judged) in made? {
        again.folders.extend(folder);
        again.runs.push(judged);
    }
    Ok(again)
}

/// The run that a baseline's figures of a scenario are from.
fn plan_of(entry: &BaselineEntry) -> Result<RunPlan, Failure> {
    let mut plan = plan::scenario(&entry.scenario)?;
    let mut names: Vec<String> = entry.pipelines.keys().cloned().collect();
    // In the order of the scenario, so that ratios and sentences are those of its own runs.
    let place = |name: &String| plan.scenario.pipelines.iter().position(|of| of == name);
    names.sort_by_key(|name| place(name).unwrap_or(usize::MAX));
    plan.give(plan::targets(&names)?);
    plan::all_here(&plan.targets)?;
    plan.seed = entry.seed;
    plan::generate(&mut plan)?;
    Ok(plan)
}

/// Runs a plan and leaves its records in a folder.
fn kept(
    plan: &RunPlan,
    folder: &RunFolder,
    interrupt: &Interrupt,
    shared: &Shared,
) -> Result<Judged, Failure> {
    let measured = records::perform(plan, folder, interrupt, true, shared)?;
    if interrupt.asked() {
        return Err(Failure::new(Exit::Interrupted, "interrupted before the gate could judge"));
    }
    records::judged(folder, measured)
}

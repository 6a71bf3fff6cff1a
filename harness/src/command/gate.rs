//! `chaos gate`: red when an exact figure differs from the baseline's.
//!
//! Without runs to judge, the baseline's own scenarios are run again in simulated time, into a
//! folder that is removed afterwards unless it was asked for.

use std::path::{Path, PathBuf};

use reports::render::GATE;
use reports::{Baseline, Judged, gate};

use super::baseline;
use super::deliver::Delivery;
use super::run::records;
use crate::plan;
use crate::plan::run_plan::RunPlan;
use crate::process::interrupt::Interrupt;
use crate::storage::folder::RunFolder;
use crate::{Exit, Failure};

/// Judges runs against a baseline; exits with the verdict.
pub fn execute(path: &Path, folders: &[PathBuf], out: Option<&Path>) -> Result<Exit, Failure> {
    let baseline = baseline::read(path)?;
    let runs = if folders.is_empty() {
        run_again(&baseline, out)?
    } else {
        folders.iter().map(|folder| records::named(folder)).collect::<Result<_, _>>()?
    };
    let report = gate(&baseline, &runs);
    Delivery::new(&GATE, None, false)?.send(&report)?;
    Ok(report.verdict.into())
}

fn run_again(baseline: &Baseline, out: Option<&Path>) -> Result<Vec<Judged>, Failure> {
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
    let mut runs = Vec::new();
    for entry in &baseline.entries {
        let mut plan = plan::scenario(&entry.scenario)?;
        let names: Vec<String> = entry.pipelines.keys().cloned().collect();
        plan.give(plan::targets(&names)?);
        plan::all_here(&plan.targets)?;
        plan.seed = entry.seed;
        plan::generate(&mut plan)?;
        runs.push(match out {
            None => records::observe(&plan, &interrupt)?,
            Some(out) => kept(&plan, out, &interrupt)?,
        });
    }
    Ok(runs)
}

/// Runs a plan and leaves its records and reports below `out`.
fn kept(plan: &RunPlan, out: &Path, interrupt: &Interrupt) -> Result<Judged, Failure> {
    let place = RunFolder::at(&out.join(plan::folder_name(&plan.name)), false)?;
    let measured = records::perform(plan, &place, interrupt, true)?;
    if interrupt.asked() {
        return Err(Failure::new(Exit::Interrupted, "interrupted before the gate could judge"));
    }
    let judged = records::judged(&place, measured)?;
    records::write_reports(&place, &judged)?;
    Ok(judged)
}

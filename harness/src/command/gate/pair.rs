//! Two pipelines held against each other in real time: each is run several times, in turns, on
//! the same machine under the same scenario and seed.

use std::sync::Arc;

use reports::record::Clock;
use reports::{GateReport, Judged, against};

use crate::args::{GateArgs, PairArgs};
use crate::command::deliver::Delivery;
use crate::command::run::{records, warped};
use crate::plan::run_plan::RunPlan;
use crate::process::interrupt::Interrupt;
use crate::process::meter::Meter;
use crate::process::terminal;
use crate::run::shared::Shared;
use crate::source::tree;
use crate::storage::folder::RunFolder;
use crate::target::TargetPlan;
use crate::{Exit, Failure, plan};

/// Runs both in turns; exits with the verdict.
pub(super) fn execute(
    args: &GateArgs,
    delivery: &Delivery<'_, GateReport>,
) -> Result<Exit, Failure> {
    let (base, head) = plans(&args.pair)?;
    let targets = [&base.targets[..], &head.targets[..]];
    if let Some(exit) = warped::below(args.pair.speed, &targets)? {
        return Ok(exit);
    }
    let interrupt = Interrupt::on_signals()?;
    let faster = if args.pair.speed.is_some() {
        ""
    } else {
        "; `--speed 60` lets waits of commands pass faster"
    };
    if !args.quiet {
        terminal::say(&format!(
            "note: {} runs of each side in real time, each as long as a `chaos run`{faster}",
            args.pair.repeats
        ));
    }
    let runs = u64::from(args.pair.repeats) * 2;
    let meter = Meter::new(args.quiet, "gate", runs);
    let shared = Shared::in_turn();
    let with = (&interrupt, &shared);
    let (mut bases, mut heads) = (Vec::new(), Vec::new());
    for number in 1..=args.pair.repeats {
        let mut turns = [("base", &base, &mut bases), ("head", &head, &mut heads)];
        // Whoever is first meets the machine as the one before has left it, so both are.
        if number % 2 == 0 {
            turns.reverse();
        }
        for (side, plan, judged) in turns {
            meter.note(|| format!("{side}, run {number}"));
            judged.push(one(args, plan, &format!("{side}-{number}"), with)?);
            meter.step(1);
        }
    }
    meter.finish();
    let report = against(&bases, &heads, &args.tolerance);
    delivery.send(&report)?;
    Ok(report.verdict.into())
}

/// One run of one side, kept where that was asked for.
fn one(
    args: &GateArgs,
    plan: &RunPlan,
    name: &str,
    (interrupt, shared): (&Interrupt, &Shared),
) -> Result<Judged, Failure> {
    let Some(keep) = &args.keep else { return records::observe(plan, interrupt, shared) };
    let place = RunFolder::at(&keep.join(name), false)?;
    let judged = super::kept(plan, &place, interrupt, shared)?;
    records::write_reports(&place, &judged)?;
    Ok(judged)
}

/// The runs of both sides. What the scenario expects of its own pipelines is no matter here.
fn plans(pair: &PairArgs) -> Result<(RunPlan, RunPlan), Failure> {
    let (Some(base), Some(head), Some(scenario)) = (&pair.base, &pair.head, &pair.scenario) else {
        return Err(Failure::internal("two pipelines and a scenario are asked for together"));
    };
    let mut plan = plan::scenario(scenario)?;
    if let Some(root) = &pair.input {
        plan.files = tree::files(root).map_err(|error| Failure::usage(error.to_string()))?;
        plan.from_disk = true;
    }
    plan.seed = pair.seed.unwrap_or(plan.seed);
    plan.speed = pair.speed.filter(|speed| *speed > 1);
    plan.judged = false;
    plan::generate(&mut plan)?;
    let side = |name: &String| -> Result<RunPlan, Failure> {
        let targets: Vec<Arc<dyn TargetPlan>> = plan::targets(std::slice::from_ref(name))?;
        plan::all_here(&targets)?;
        let mut plan = plan.clone();
        plan.give(targets);
        (plan.clock, plan.mixes_clocks) = (Clock::Wall, false);
        Ok(plan)
    };
    Ok((side(base)?, side(head)?))
}

//! `chaos ablate`: one stage of a pipeline off at a time, over the same files and the same faults.

use reports::ablation::{Ablation, WITHOUT};
use reports::render;

use super::run::records;
use crate::args::AblateArgs;
use crate::plan;
use crate::plan::stage::Stage;
use crate::process::interrupt::Interrupt;
use crate::process::terminal;
use crate::run::shared::{self, Shared};
use crate::storage::folder::RunFolder;
use crate::target::builtin;
use crate::{Exit, Failure};
use engine::Preset;

/// Runs the whole pipeline and each pipeline that lacks a stage, and shows what each is worth.
pub fn execute(args: &AblateArgs) -> Result<Exit, Failure> {
    let mut plan = plan::scenario(&args.scenario)?;
    let whole = whole(args)?;
    let Some((name, preset)) = whole.first() else {
        return Err(Failure::internal("a pipeline that was asked for is not there"));
    };
    let stages = Stage::ALL.into_iter().filter_map(|stage| {
        Some((format!("{name}{WITHOUT}{}", stage.name()), stage.switched_off(preset)?))
    });
    plan.targets = builtin::targets(whole.iter().cloned().chain(stages).collect());
    if plan.targets.len() == 1 {
        return Err(Failure::usage(format!(
            "every stage of `{name}` is off already\n\
             hint: `--pipeline hardened` has stages to spare"
        )));
    }
    plan.seed = args.seed.unwrap_or(plan.seed);
    plan::generate(&mut plan)?;
    let folder = match &args.out {
        Some(out) => RunFolder::at(out, args.force)?,
        None => RunFolder::numbered(&format!("ablate-{}", plan::folder_name(&plan.name)))?,
    };
    let shared = Shared::new(shared::threads(args.threads.threads), 1);
    let interrupt = Interrupt::on_signals()?;
    let measured = records::perform(&plan, &folder, &interrupt, args.quiet, &shared)?;
    let judged = records::judged(&folder, measured)?;
    records::write_reports(&folder, &judged)?;
    if interrupt.asked() {
        return Ok(Exit::Interrupted);
    }
    let Some(ablation) = Ablation::of(&judged) else { return Ok(Exit::Inconclusive) };
    folder.write("ablation.txt", &render::ablation::render(&ablation, reports::Style::PLAIN))?;
    terminal::print(&format!(
        "{}\nrecords and reports: {}\n",
        render::ablation::render(&ablation, terminal::style()),
        terminal::shown(folder.path())
    ))?;
    Ok(Exit::Pass)
}

/// The pipeline without the stages that are off from the beginning, which are part of its name.
fn whole(args: &AblateArgs) -> Result<Vec<(String, Preset)>, Failure> {
    let mut whole = plan::pipelines(std::slice::from_ref(&args.pipeline))?;
    for (name, preset) in &mut whole {
        for stage in &args.without {
            *preset = stage.switched_off(preset).ok_or_else(|| {
                let stage = stage.name();
                Failure::usage(format!(
                    "`{stage}` is off already\nhint: leave `{stage}` out of `--without`"
                ))
            })?;
            name.push_str(if name.contains(WITHOUT) { "," } else { WITHOUT });
            name.push_str(stage.name());
        }
    }
    Ok(whole)
}

//! What is typed after `--expect`: a threshold for one pipeline, or for every pipeline of the run.

use reports::record::Threshold;

use super::run_plan::RunPlan;
use crate::Failure;

/// Refuses a run that is to end early for expectations that it does not have.
pub(super) fn is_there(plan: &RunPlan) -> Result<(), Failure> {
    if !plan.aborts || plan.header().expect.values().any(|of| !of.checks.is_empty()) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "`--abort-on-fail`: nothing of `{}` is expected that could be missed on the way\n\
         hint: --expect 'failed < 3', or `checks` in the scenario",
        plan.name
    )))
}

/// Adds thresholds to what a run is held against: `phase3: success_rate >= 95%`.
pub(super) fn add(plan: &mut RunPlan, typed: &[String]) -> Result<(), Failure> {
    let names: Vec<String> = plan.targets.iter().map(|target| target.header().name).collect();
    for text in typed {
        let (pipeline, threshold) = match text.rsplit_once(':') {
            Some((pipeline, threshold)) => (Some(pipeline.trim()), threshold),
            None => (None, text.as_str()),
        };
        let threshold: Threshold = threshold.parse().map_err(|error| {
            Failure::usage(format!(
                "`--expect {text}`: {error}\n\
                 hint: --expect 'phase3: success_rate >= 95%', or without a pipeline for all"
            ))
        })?;
        let of: Vec<&String> =
            names.iter().filter(|name| pipeline.is_none_or(|of| of == name.as_str())).collect();
        if of.is_empty() {
            return Err(Failure::usage(format!(
                "`--expect {text}`: the run has no pipeline `{}`\nhint: it has {}",
                pipeline.unwrap_or_default(),
                names.join(", ")
            )));
        }
        for name in of {
            plan.expect.entry(name.clone()).or_default().push(threshold.clone());
        }
    }
    Ok(())
}

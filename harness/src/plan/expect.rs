//! What is typed after `--expect`: a threshold for one pipeline, or for every pipeline of the run.

use reports::record::Threshold;

use super::run_plan::RunPlan;
use crate::Failure;

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

//! `chaos estimate` without its screen: what a run over a source tree would come to.
//!
//! The files are read and cut as a run would read and cut them; [`survey`] says what would be sent,
//! [`case`] how many tokens that may be, and [`forecast`] plays the pipeline through with those
//! numbers. Nothing is called and nothing is waited for. What the forecast leaves out (faults,
//! jitter, the wording of answers) is said with the result.

mod case;
mod forecast;
mod queue;
mod survey;

use std::collections::{BTreeMap, BTreeSet};

use mock_claude::limits::Tier;
use mock_claude::prices;
use reports::Cause;
use reports::estimate::{Breakage, Estimate, FORMAT, PipelineEstimate, Range};
use reports::record::Currency;

use self::case::{CASES, Case};
use self::forecast::Forecast;
use self::survey::{FilePlan, Survey};
use crate::pipeline::Preset;
use crate::source::SourceFile;

/// What is estimated.
#[derive(Debug)]
pub struct Question {
    /// The files of the tree.
    pub files: Vec<SourceFile>,
    /// The pipelines, by name.
    pub pipelines: Vec<(String, Preset)>,
    /// The tier whose rate limits hold; none without one.
    pub limits: Option<Tier>,
}

/// Estimates every pipeline.
pub fn estimate(question: &Question, currency: Currency) -> Estimate {
    let survey = Survey::of(&question.files);
    let pipelines = question.pipelines.iter().map(|(name, preset)| {
        let plans = survey.plans(preset);
        pipeline(name, preset, &plans, question.limits)
    });
    Estimate {
        format: FORMAT,
        files: survey.files.len() as u64,
        skipped: survey.skipped.clone(),
        lines: survey.total(|file| file.facts.lines),
        bytes: survey.total(|file| file.bytes),
        definitions: survey.total(|file| file.facts.definitions.len() as u64),
        assumptions: case::assumptions(question.limits),
        pipelines: pipelines.collect(),
        currency,
    }
}

fn pipeline(
    name: &str,
    preset: &Preset,
    plans: &[FilePlan],
    limits: Option<Tier>,
) -> PipelineEstimate {
    let model = prices::model(&preset.request.model).expect("presets name models that exist");
    let cases = CASES.map(|case: Case| Forecast::of(preset, model, plans, case, limits));
    let range = |of: fn(&Forecast) -> u64| Range::of([0, 1, 2].map(|index| of(&cases[index])));
    PipelineEstimate {
        pipeline: name.to_owned(),
        model: preset.request.model.clone(),
        documented: range(|case| case.documented),
        calls: range(|case| case.calls),
        refused: range(|case| case.refused),
        cache_hits: range(|case| case.cache_hits),
        tokens_in: range(|case| case.tokens_in),
        tokens_out: range(|case| case.tokens_out),
        cost_microusd: range(|case| case.cost_microusd),
        elapsed_us: range(|case| case.elapsed_us),
        failures: breakages(&cases, plans),
    }
}

/// The causes of every case; the example is that of the middle one where it has any.
fn breakages(cases: &[Forecast; 3], plans: &[FilePlan]) -> Vec<Breakage> {
    let causes: BTreeSet<Cause> =
        cases.iter().flat_map(|case| case.failures.keys().copied()).collect();
    let first = |cause: &Cause| {
        let files = [1, 2, 0].into_iter().find_map(|case| cases[case].failures.get(cause));
        files.and_then(|files| files.first()).map(|file| plans[*file].path.clone())
    };
    let count = |failures: &BTreeMap<Cause, Vec<usize>>, cause| {
        failures.get(cause).map_or(0, |files| files.len() as u64)
    };
    causes
        .iter()
        .map(|cause| Breakage {
            cause: *cause,
            files: Range::of([0, 1, 2].map(|case| count(&cases[case].failures, cause))),
            example: first(cause).unwrap_or_default(),
        })
        .collect()
}

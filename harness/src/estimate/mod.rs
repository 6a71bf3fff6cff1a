//! `chaos estimate` without its screen: what a run over a source tree would come to.
//!
//! The files are read and cut as a run would read and cut them; `survey` says what would be sent,
//! `case` how many tokens that may be, and `forecast` plays the pipeline through with those
//! numbers. Nothing is called and nothing is waited for. What the forecast leaves out (faults,
//! jitter, the wording of answers) is said with the result.

mod case;
mod forecast;
mod queue;
mod survey;

use std::collections::BTreeSet;

use engine::Preset;
use mock_claude::internals::prices;
use mock_claude::limits::Tier;
use reports::Cause;
use reports::estimate::{Breakage, Estimate, FORMAT, PipelineEstimate, Range};
use reports::record::Currency;

use self::case::CASES;
use self::forecast::Forecast;
use self::survey::{FilePlan, Survey};
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
    let forecasts = CASES.map(|case| Forecast::of(preset, model, plans, case, limits));
    let range = |of: fn(&Forecast) -> u64| Range::of([0, 1, 2].map(|index| of(&forecasts[index])));
    PipelineEstimate {
        pipeline: name.to_owned(),
        model: preset.request.model.clone(),
        documented: range(|one| one.documented),
        calls: range(|one| one.calls),
        refused: range(|one| one.refused),
        cache_hits: range(|one| one.cache_hits),
        tokens_in: range(|one| one.tokens_in),
        tokens_out: range(|one| one.tokens_out),
        cost_microusd: range(|one| one.cost_microusd),
        elapsed_us: range(|one| one.elapsed_us),
        failures: breakages(&forecasts, plans),
    }
}

/// The causes of every case; the example is that of the middle one where it has any.
fn breakages(forecasts: &[Forecast; 3], plans: &[FilePlan]) -> Vec<Breakage> {
    let causes: BTreeSet<Cause> =
        forecasts.iter().flat_map(|forecast| forecast.failures.keys().copied()).collect();
    let breakage = |cause: Cause| {
        let files = [0, 1, 2].map(|index| forecasts[index].failures.get(&cause));
        let first = [1, 2, 0].into_iter().find_map(|index| files[index]?.first());
        Breakage {
            cause,
            files: Range::of(files.map(|files| files.map_or(0, |files| files.len() as u64))),
            example: first.map(|file| plans[*file].path.clone()).unwrap_or_default(),
        }
    };
    causes.into_iter().map(breakage).collect()
}

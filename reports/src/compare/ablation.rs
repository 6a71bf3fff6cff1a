//! What each stage of a pipeline is worth: the same run with one stage off at a time.
//!
//! Everything is measured against the whole pipeline of the same run, so the jobs, the seed and the
//! faults are the same for all of them.

use std::collections::BTreeMap;

use crate::judge::{Judged, Summary};
use crate::record::Cause;

/// A pipeline, whole and with each of its stages off.
#[derive(Debug, Clone, PartialEq)]
pub struct Ablation {
    /// The scenario.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// The whole pipeline.
    pub whole: Summary,
    /// The pipeline without a stage, in the order in which they ran.
    pub without: Vec<Without>,
}

/// A pipeline with one stage off.
#[derive(Debug, Clone, PartialEq)]
pub struct Without {
    /// The stage that is off.
    pub stage: String,
    /// Its numbers.
    pub summary: Summary,
    /// The failures that the whole pipeline does not have, by cause.
    pub returned: BTreeMap<Cause, u64>,
}

/// What comes between a pipeline's name and the stage that it lacks, in the records.
pub const WITHOUT: &str = " without ";

impl Ablation {
    /// Reads the ablation of a run whose first pipeline is whole; none where the run has no
    /// pipeline.
    pub fn of(judged: &Judged) -> Option<Self> {
        let header = &judged.run().header;
        let mut summaries = judged.summaries().iter().cloned();
        let whole = summaries.next()?;
        let without = summaries.map(|summary| {
            let stage = summary.pipeline.rsplit_once(WITHOUT).map_or("", |(_, stage)| stage);
            Without { stage: stage.to_owned(), returned: returned(&whole, &summary), summary }
        });
        Some(Self {
            scenario: header.scenario.clone(),
            seed: header.seed,
            without: without.collect(),
            whole,
        })
    }
}

/// How many more jobs failed of each cause.
fn returned(whole: &Summary, without: &Summary) -> BTreeMap<Cause, u64> {
    let more = without.failures.iter().map(|(cause, count)| {
        let before = whole.failures.get(cause).copied().unwrap_or_default();
        (*cause, count.saturating_sub(before))
    });
    more.filter(|(_, count)| *count > 0).collect()
}

impl Without {
    /// Whether the stage keeps failures away here.
    pub fn carries(&self) -> bool {
        !self.returned.is_empty()
    }

    /// Whether the run is the same without the stage, in everything that a table shows.
    pub fn idle(&self, whole: &Summary) -> bool {
        let Self { summary, .. } = self;
        summary.failures == whole.failures
            && summary.calls == whole.calls
            && summary.cost_microusd == whole.cost_microusd
            && summary.elapsed_us == whole.elapsed_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn only_failures_that_the_whole_pipeline_does_not_have_return() {
        // The pipeline that loses six is the one without a stage.
        let ablation = Ablation::of(&fixture::judged(|run| {
            run.pipelines.reverse();
            run.pipelines[1].header.name = "phase3 without retry".into();
        }));
        let ablation = ablation.unwrap();
        let [without] = ablation.without.as_slice() else { panic!("one stage is off") };
        assert_eq!(without.stage, "retry");
        assert!(without.carries());
        assert_eq!(without.returned.get(&Cause::RateLimited), Some(&6));
        let other_way = Ablation::of(&fixture::judged(|_| ())).unwrap();
        assert!(!other_way.without[0].carries(), "nothing returns where less fails");
    }
}

//! What a history keeps of a run or of test logs: plain data that is read back years later.
//!
//! Invariants: only a whole run gets in, because a figure of half a run would read as a step;
//! nothing in it says where a run was kept or what was typed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::compare::{Metric, Numbers, flaws};
use crate::judge::{Judged, Summary};
use crate::record::{Clock, Measured};

/// One addition to a history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When it was.
    pub mark: Mark,
    /// What was added.
    pub kept: Kept,
}

/// The place of an entry in time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// The day, for example `2026-11-30`.
    pub day: String,
    /// What was tested, for example a commit, where the user said it.
    pub label: Option<String>,
}

/// What an entry is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// A run of `chaos`.
    Run(KeptRun),
    /// The logs of a test run.
    Tests(KeptTests),
}

/// A run: what makes it comparable, and the figures of each pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptRun {
    /// The version of `chaos` that made the run.
    pub tool: String,
    /// The scenario's name.
    pub scenario: String,
    /// The hash of everything in the scenario that decides the outcome, the mock included.
    pub scenario_sha256: String,
    /// The seed.
    pub seed: u64,
    /// Which clock the run followed.
    pub clock: Clock,
    /// How many times as fast time passed, where it was warped.
    pub speed: Option<u32>,
    /// The pipelines, in the order in which they ran.
    pub pipelines: Vec<KeptPipeline>,
}

/// The figures of one pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptPipeline {
    /// The pipeline.
    pub name: String,
    /// Its figures, as a baseline has them.
    pub numbers: Numbers,
    /// How many samples are behind each percentile, by the name of its metric.
    pub samples: BTreeMap<String, u64>,
}

/// The failures of a test run, one for each signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptTests {
    /// The name of the suite: logs of two suites say nothing about each other.
    pub suite: String,
    /// Whether everything was read, by the runner's own counts.
    pub complete: bool,
    /// The tests that ran or were skipped.
    pub tests: u64,
    /// Those that passed.
    pub passed: u64,
    /// Whether the logs name every test that passed.
    pub names_passes: bool,
    /// The failures, sorted by their signature's id.
    pub failures: Vec<KeptFailure>,
    /// The ids of signatures of earlier logs, not among these, of which a test passed this time.
    pub gone: Vec<String>,
    /// Failures that say nothing by which they could be known again.
    pub mute: u64,
}

/// The tests that are kept of one signature.
pub const MAX_TESTS: usize = 50;

/// All failures with one signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptFailure {
    /// The same for the same signature on every machine.
    pub id: String,
    /// The exception, the masked message and the last frame outside of the test.
    pub signature: String,
    /// How many failures.
    pub failures: u64,
    /// Their tests, sorted; the first [`MAX_TESTS`] of very many.
    pub tests: Vec<String>,
}

impl KeptRun {
    /// What is kept of a run; the error is everything that keeps it out.
    pub fn of(judged: &Judged) -> Result<Self, Vec<String>> {
        let mut flaws = flaws(judged);
        flaws.extend(judged.measured().map(beside_the_load).unwrap_or_default());
        if !flaws.is_empty() {
            return Err(flaws);
        }
        let header = &judged.run().header;
        Ok(Self {
            tool: header.tool.clone(),
            scenario: header.scenario.clone(),
            scenario_sha256: header.scenario_sha256.clone(),
            seed: header.seed,
            clock: header.clock,
            speed: header.speed,
            pipelines: judged
                .summaries()
                .iter()
                .map(|s| KeptPipeline::of(header.clock, s))
                .collect(),
        })
    }
}

/// Why a run was not under the load that was asked for, or not on a machine that could bear it.
fn beside_the_load(measured: &Measured) -> Vec<String> {
    let lagged = measured.generators.iter().filter_map(|(pipeline, generator)| {
        Some(format!("{pipeline}: the generator lagged: {}", generator.lagged()?))
    });
    let ran_out = measured.exhausted.keys().map(|what| format!("the machine ran out of {what}"));
    lagged.chain(ran_out).collect()
}

impl KeptPipeline {
    fn of(clock: Clock, summary: &Summary) -> Self {
        let mut numbers = Numbers::of(summary);
        let mut samples = BTreeMap::new();
        for metric in Metric::ALL {
            let Some((quantile, count)) = metric.samples(summary) else { continue };
            let name = metric.name();
            // In real time a percentile of a few samples is chance, and no report shows it.
            if clock == Clock::Wall && count < quantile.floor() {
                numbers.metrics.remove(name);
            } else if numbers.metrics.contains_key(name) {
                samples.insert(name.to_owned(), count);
            }
        }
        Self { name: summary.pipeline.clone(), numbers, samples }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::run::Gap;

    #[test]
    fn an_incomplete_run_is_kept_out_with_every_reason() {
        let cut = fixture::judged(|run| {
            run.gaps = vec![Gap::NoFooter];
            run.pipelines[0].attempts.pop();
        });
        let reasons = KeptRun::of(&cut).unwrap_err();
        assert_eq!(reasons[0], "the run died before its end: it has no footer");
        assert!(reasons.len() > 1, "{reasons:?}");
    }

    #[test]
    fn a_run_that_the_machine_could_not_bear_is_kept_out() {
        let measured = r#"{"format": 1, "wall_us": 1, "pipelines": {}, "exhausted": {"ports": 3}}"#;
        let judged = fixture::judged(|_| ()).with_measured(Measured::read(measured).ok());
        assert_eq!(KeptRun::of(&judged).unwrap_err(), ["the machine ran out of ports"]);
    }

    #[test]
    fn a_percentile_is_kept_with_its_samples_and_in_real_time_only_with_enough() {
        let simulated = KeptRun::of(&fixture::judged(|_| ())).unwrap();
        let phase3 = &simulated.pipelines[1];
        assert_eq!(phase3.samples["latency_p95_us"], 10);
        assert!(phase3.numbers.metrics.contains_key("latency_p95_us"));
        let real = KeptRun::of(&fixture::judged(|run| run.header.clock = Clock::Wall)).unwrap();
        let phase3 = &real.pipelines[1];
        assert!(!phase3.numbers.metrics.contains_key("latency_p95_us"), "10 of 59 samples");
        assert_eq!(phase3.samples["latency_p50_us"], 10);
    }
}

//! One run of one pipeline as a point in time, and what it can be compared with.

use super::entry::{KeptPipeline, KeptRun, Mark};
use crate::record::Clock;

/// What runs have in common that can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// The scenario.
    pub scenario: String,
    /// The pipeline.
    pub pipeline: String,
    /// The hash of the scenario's definition.
    pub scenario_sha256: String,
    /// The seed.
    pub seed: u64,
    /// Whether time was simulated: then every metric is exact.
    pub clock: Clock,
    /// How many times as fast time passed, where it was warped.
    pub speed: Option<u32>,
}

/// One run of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// When.
    pub mark: Mark,
    /// The version of `chaos`.
    pub tool: String,
    /// The hash of the pipeline's configuration.
    pub config_sha256: Option<String>,
    /// What was kept.
    pub(super) kept: KeptPipeline,
}

impl Point {
    pub(super) fn of(mark: &Mark, run: &KeptRun, kept: &KeptPipeline) -> Self {
        Self {
            mark: mark.clone(),
            tool: run.tool.clone(),
            config_sha256: kept.numbers.config_sha256.clone(),
            kept: kept.clone(),
        }
    }
}

impl Basis {
    /// Whether the metrics of the runs are exact.
    pub fn is_exact(&self) -> bool {
        self.clock == Clock::Simulated
    }

    pub(super) fn of(run: &KeptRun, pipeline: &str) -> Self {
        Self {
            scenario: run.scenario.clone(),
            pipeline: pipeline.to_owned(),
            scenario_sha256: run.scenario_sha256.clone(),
            seed: run.seed,
            clock: run.clock,
            speed: run.speed,
        }
    }

    /// Why runs on this basis cannot be compared with runs on an earlier one.
    pub(super) fn parted_from(&self, earlier: &Self) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.scenario_sha256 != earlier.scenario_sha256 {
            reasons.push("the scenario or its mock was defined otherwise".to_owned());
        }
        if self.seed != earlier.seed {
            reasons.push(format!("the seed was {}", earlier.seed));
        }
        if (self.clock, self.speed) != (earlier.clock, earlier.speed) {
            reasons.push(match (earlier.clock, earlier.speed) {
                (Clock::Simulated, _) => "time was simulated".to_owned(),
                (Clock::Wall, None) => "time was real".to_owned(),
                (Clock::Wall, Some(speed)) => format!("time was warped x{speed}"),
            });
        }
        reasons
    }
}

//! The stages that can be switched off one at a time, to see which failure each keeps away.
//!
//! Switching off means what the stage's own `off` means; where a stage cannot be off, it is what
//! the naive pipeline has: one worker.

use std::num::NonZeroUsize;

use super::adaptive::AdaptivePolicy;
use super::breaker::BreakerPolicy;
use super::budget::BudgetPolicy;
use super::cache::CachePolicy;
use super::chunk::ChunkPolicy;
use super::pacing::PacingPolicy;
use super::preset::Preset;
use super::retry::RetryPolicy;
use super::schedule::Scope;
use super::spend::SpendPolicy;
use super::store::StorePolicy;

/// A stage that can be switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Stage {
    /// Answers that are kept.
    Cache,
    /// One call for all who ask for the same at the same moment.
    SingleFlight,
    /// Kept answers compared with their checksum.
    Checksum,
    /// One answer for equal files, whatever their paths.
    Sharing,
    /// Large files sent in parts.
    Chunk,
    /// More than one part at once.
    Workers,
    /// One queue for all jobs in place of workers for each.
    Queue,
    /// Concurrency that follows what the API bears.
    Adaptive,
    /// Calls sent as fast as the announced limits allow.
    Pacing,
    /// Failed calls tried again.
    Retry,
    /// A bound on retries.
    Budget,
    /// Calls held back while the API is down.
    Breaker,
    /// Caps on what is spent.
    Spend,
    /// A time limit for a call.
    Deadline,
    /// Answers that survive the death of the process; a run in simulated time has none to lose.
    Store,
}

impl Stage {
    /// Every stage, in the order in which a file meets them.
    pub const ALL: [Self; 15] = [
        Self::Cache,
        Self::SingleFlight,
        Self::Checksum,
        Self::Sharing,
        Self::Chunk,
        Self::Workers,
        Self::Queue,
        Self::Adaptive,
        Self::Pacing,
        Self::Retry,
        Self::Budget,
        Self::Breaker,
        Self::Spend,
        Self::Deadline,
        Self::Store,
    ];

    /// The name on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cache => "cache",
            Self::SingleFlight => "single-flight",
            Self::Checksum => "checksum",
            Self::Sharing => "sharing",
            Self::Chunk => "chunk",
            Self::Workers => "workers",
            Self::Queue => "queue",
            Self::Adaptive => "adaptive",
            Self::Pacing => "pacing",
            Self::Retry => "retry",
            Self::Budget => "budget",
            Self::Breaker => "breaker",
            Self::Spend => "spend",
            Self::Deadline => "deadline",
            Self::Store => "store",
        }
    }
}

impl Preset {
    /// The pipeline with one stage switched off; none where that changes nothing.
    pub fn without(&self, stage: Stage) -> Option<Self> {
        let mut preset = self.clone();
        match stage {
            Stage::Cache => preset.cache = CachePolicy::Off,
            Stage::SingleFlight | Stage::Checksum | Stage::Sharing => preset.cache.lose(stage),
            Stage::Chunk => preset.chunk = ChunkPolicy::Off,
            Stage::Workers => preset.schedule.workers = NonZeroUsize::MIN,
            Stage::Queue => preset.schedule.scope = Scope::Invocation,
            Stage::Adaptive => preset.schedule.adaptive = AdaptivePolicy::Off,
            Stage::Pacing => preset.schedule.pacing = PacingPolicy::Off,
            Stage::Retry => preset.retry = RetryPolicy::Off,
            Stage::Budget => preset.budget = BudgetPolicy::Off,
            Stage::Breaker => preset.breaker = BreakerPolicy::Off,
            Stage::Spend => preset.spend = SpendPolicy::Off,
            Stage::Deadline => preset.deadline.call_ms = None,
            Stage::Store => preset.store = StorePolicy::Off,
        }
        (preset != *self).then_some(preset)
    }
}

impl CachePolicy {
    /// Switches off what only the full cache has; another one has nothing to lose.
    fn lose(&mut self, stage: Stage) {
        let Self::Full { path, single_flight, checksum, .. } = self else { return };
        match stage {
            Stage::SingleFlight => *single_flight = false,
            Stage::Checksum => *checksum = false,
            Stage::Sharing => *path = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::preset::shipped;

    fn on(name: &str) -> Vec<&'static str> {
        let preset = Preset::parse(name, shipped(name).unwrap()).unwrap();
        let stages = Stage::ALL.into_iter().filter(|stage| preset.without(*stage).is_some());
        stages.map(Stage::name).collect()
    }

    #[test]
    fn the_naive_pipeline_has_nothing_to_switch_off_and_the_hardened_one_has_everything() {
        assert_eq!(on("phase1"), Vec::<&str>::new());
        assert_eq!(on("phase3"), ["cache", "chunk", "workers", "retry", "deadline"]);
        assert_eq!(on("hardened"), Stage::ALL.map(Stage::name));
    }

    #[test]
    fn a_stage_that_is_off_cannot_be_switched_off_again() {
        let preset = Preset::parse("hardened", shipped("hardened").unwrap()).unwrap();
        for stage in Stage::ALL {
            let without = preset.without(stage).unwrap();
            assert_eq!(without.without(stage), None, "{}", stage.name());
        }
    }
}

//! The stages that can be switched off one at a time, to see which failure each keeps away.
//!
//! Switching off means what the stage's own `off` means; where a stage cannot be off, it is what
//! the naive pipeline has: one worker.

use std::num::NonZeroUsize;

use engine::Preset;
use engine::admission::adaptive::AdaptivePolicy;
use engine::admission::breaker::BreakerPolicy;
use engine::admission::budget::BudgetPolicy;
use engine::admission::pacing::PacingPolicy;
use engine::admission::spend::SpendPolicy;
use engine::cache::CachePolicy;
use engine::call::retry::RetryPolicy;
use engine::chunk::ChunkPolicy;
use engine::preset::schedule::Scope;
use engine::preset::store::StorePolicy;

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

    /// The pipeline with this stage switched off; none where that changes nothing.
    pub fn switched_off(self, whole: &Preset) -> Option<Preset> {
        let mut preset = whole.clone();
        match self {
            Self::Cache => preset.cache = CachePolicy::Off,
            Self::SingleFlight | Self::Checksum | Self::Sharing => {
                self.taken_from(&mut preset.cache);
            }
            Self::Chunk => preset.chunk = ChunkPolicy::Off,
            Self::Workers => preset.schedule.workers = NonZeroUsize::MIN,
            Self::Queue => preset.schedule.scope = Scope::Invocation,
            Self::Adaptive => preset.schedule.adaptive = AdaptivePolicy::Off,
            Self::Pacing => preset.schedule.pacing = PacingPolicy::Off,
            Self::Retry => preset.retry = RetryPolicy::Off,
            Self::Budget => preset.budget = BudgetPolicy::Off,
            Self::Breaker => preset.breaker = BreakerPolicy::Off,
            Self::Spend => preset.spend = SpendPolicy::Off,
            Self::Deadline => preset.deadline.call_ms = None,
            Self::Store => preset.store = StorePolicy::Off,
        }
        (preset != *whole).then_some(preset)
    }

    /// Switches off what only the full cache has; another one has nothing to lose.
    fn taken_from(self, policy: &mut CachePolicy) {
        let CachePolicy::Full { path, single_flight, checksum, .. } = policy else { return };
        match self {
            Self::SingleFlight => *single_flight = false,
            Self::Checksum => *checksum = false,
            Self::Sharing => *path = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::preset::shipped;

    fn on(name: &str) -> Vec<&'static str> {
        let preset = Preset::parse(name, shipped(name).unwrap()).unwrap();
        let stages = Stage::ALL.into_iter().filter(|stage| stage.switched_off(&preset).is_some());
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
            let without = stage.switched_off(&preset).unwrap();
            assert_eq!(stage.switched_off(&without), None, "{}", stage.name());
        }
    }
}

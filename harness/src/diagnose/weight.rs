//! What a probe is expected to take beside the others, so that the time left does not jump when a
//! server that hangs has its turn.
//!
//! Nothing but the progress line rests on it.

use crate::plan::run_plan::RunPlan;

/// What a program computes for a file, in milliseconds: its start, above all.
const START_MS: u64 = 1_000;

/// What most probes wait, in milliseconds.
const WAIT_MS: u64 = 6_000;

/// Probes that take longer, by what an SDK with five minutes of patience waits in them.
const LONG_MS: [(&str, u64); 8] = [
    ("hang", 300_000),
    ("stall", 300_000),
    ("stall-pings", 300_000),
    ("big", 90_000),
    ("slow", 80_000),
    ("rate-limit-minute", 65_000),
    ("edited", 65_000),
    ("killed", 150_000),
];

/// Milliseconds of the machine's clock: waits pass as many times as fast as the plan says.
pub fn weight(plan: &RunPlan) -> u64 {
    let long = LONG_MS.iter().find(|(name, _)| *name == plan.name);
    let wait_ms = long.map_or(WAIT_MS, |(_, wait_ms)| *wait_ms);
    plan.jobs() * START_MS + wait_ms / u64::from(plan.speed.unwrap_or(1).max(1))
}

#[cfg(test)]
mod tests {
    use scenarios::library::PROBES;

    use super::*;

    #[test]
    fn every_long_probe_is_one_that_ships() {
        for (name, _) in LONG_MS {
            assert!(PROBES.iter().any(|probe| probe.name == name), "{name}");
        }
    }
}

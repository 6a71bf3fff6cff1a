//! The scenarios that ship with the binary: the five of the seed documents with their variants,
//! and what production adds: faults of caches, of the API and of the network, what costs and who
//! pays, and the platforms underneath.

/// A scenario file that is part of the binary.
#[derive(Debug, Clone, Copy)]
pub struct Shipped {
    /// Its name on the command line.
    pub name: &'static str,
    /// The file, comments included.
    pub text: &'static str,
}

macro_rules! shipped {
    ($folder:literal: $($name:literal),* $(,)?) => {
        [$(Shipped { name: $name, text: include_str!(concat!($folder, $name, ".toml")) }),*]
    };
}

/// Every shipped scenario, in the order of the seed documents; platforms last.
pub const ALL: [Shipped; 32] = shipped!["../":
    "large-file",
    "large-file-50k",
    "large-repo",
    "sequential-100",
    "repeated",
    "concurrent",
    "burst-100",
    "nested",
    "cache-stampede",
    "cache-expired",
    "cache-corruption",
    "cache-outage",
    "edit-storm",
    "rename",
    "timeout",
    "slow-decode",
    "mid-stream-cut",
    "brownout",
    "outage",
    "retry-storm",
    "thundering-herd",
    "noisy-neighbour",
    "spend-cap",
    "budget-stop",
    "key-revoked",
    "crash-resume",
    "poison-file",
    "out-of-memory",
    "gateway-timeout",
    "function-burst",
    "queue-burst",
    "bedrock-quota",
];

/// The probes of `chaos diagnose`: each is one kind of trouble for one or a few files. The first
/// has none, and decides whether the others can tell anything.
pub const PROBES: [Shipped; 45] = shipped!["../probes/":
    "healthy",
    "rate-limit",
    "rate-limit-date",
    "rate-limit-ms",
    "rate-limit-minute",
    "rate-limit-bare",
    "overloaded",
    "server-error",
    "unavailable",
    "timeout-504",
    "bad-gateway",
    "edge-timeout",
    "request-timeout",
    "conflict",
    "reset",
    "down",
    "outage-30s",
    "outage-2m",
    "invalid",
    "unauthorized",
    "not-found",
    "too-large",
    "do-not-retry",
    "do-retry",
    "spend-limit",
    "cut",
    "reset-midway",
    "overloaded-first",
    "overloaded-midway",
    "silent-end",
    "hang",
    "stall",
    "stall-pings",
    "slow",
    "truncated",
    "refusal",
    "paused",
    "many",
    "concurrency",
    "budget",
    "identical",
    "edited",
    "twins",
    "big",
    "killed",
];

/// The shipped scenario or probe of this name.
pub fn find(name: &str) -> Option<Shipped> {
    ALL.into_iter().chain(PROBES).find(|shipped| shipped.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::scenario::Scenario;

    #[test]
    fn every_shipped_scenario_is_valid_and_expects_something_of_every_pipeline() {
        for shipped in ALL {
            let file = format!("{}.toml", shipped.name);
            let scenario =
                Scenario::parse(&file, shipped.text).unwrap_or_else(|invalid| panic!("{invalid}"));
            assert!(scenario.question.ends_with('?'), "{file} asks no question");
            for pipeline in &scenario.pipelines {
                assert!(scenario.expect.contains_key(pipeline), "{file}: {pipeline}");
            }
        }
    }

    #[test]
    fn every_probe_is_valid_asks_a_question_and_has_a_seed_of_its_own() {
        let mut seeds = BTreeSet::new();
        for probe in PROBES {
            let scenario = Scenario::parse(probe.name, probe.text)
                .unwrap_or_else(|invalid| panic!("{invalid}"));
            assert!(scenario.question.ends_with('?'), "{} asks no question", probe.name);
            assert!(seeds.insert(scenario.seed), "{}: a cache would know its files", probe.name);
        }
    }

    #[test]
    fn no_probe_has_the_name_of_a_scenario() {
        for probe in PROBES {
            assert!(ALL.iter().all(|shipped| shipped.name != probe.name), "{}", probe.name);
        }
    }

    /// The names of the TOML files in a folder of this crate, sorted.
    fn files(folder: &str) -> Vec<String> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
            .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
            .filter(|name| name != "Cargo" && name != "clippy")
            .collect();
        files.sort();
        files
    }

    #[test]
    fn every_scenario_file_in_the_folders_is_shipped() {
        let names = |all: &[Shipped]| {
            let mut names: Vec<String> = all.iter().map(|one| one.name.to_owned()).collect();
            names.sort();
            names
        };
        assert_eq!(files(""), names(&ALL));
        assert_eq!(files("probes"), names(&PROBES));
    }
}

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
    ($($name:literal),* $(,)?) => {
        [$(Shipped { name: $name, text: include_str!(concat!("../", $name, ".toml")) }),*]
    };
}

/// Every shipped scenario, in the order of the seed documents; platforms last.
pub const ALL: [Shipped; 31] = shipped![
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
];

/// The shipped scenario of this name.
pub fn find(name: &str) -> Option<Shipped> {
    ALL.into_iter().find(|shipped| shipped.name == name)
}

#[cfg(test)]
mod tests {
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
    fn every_scenario_file_in_the_folder_is_shipped() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
            .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
            .filter(|name| name != "Cargo" && name != "clippy")
            .collect();
        files.sort();
        let mut names = ALL.map(|shipped| shipped.name.to_owned()).to_vec();
        names.sort();
        assert_eq!(files, names);
    }
}

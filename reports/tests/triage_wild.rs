//! Goal: the rules are measured on failures that nobody made for them.
//! Method: failures of real projects, labelled by what their threads found, are split by project.

use serde::Deserialize;
use std::collections::BTreeMap;

const FILES: [(Runner, &str); 5] = [
    (Runner::Pytest, include_str!("triage/wild/pytest.toml")),
    (Runner::Cargo, include_str!("triage/wild/cargo.toml")),
    (Runner::Go, include_str!("triage/wild/go.toml")),
    (Runner::Jest, include_str!("triage/wild/jest.toml")),
    (Runner::Java, include_str!("triage/wild/java.toml")),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Runner {
    Pytest,
    Cargo,
    Go,
    Jest,
    Java,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Half {
    Known,
    Unseen,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    failure: Vec<Failure>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    project: String,
    source: String,
    label: Label,
    why: String,
    message: String,
    #[expect(dead_code, reason = "read for its shape only")]
    test: String,
    #[expect(dead_code, reason = "read for its shape only")]
    phase: Option<Phase>,
    #[expect(dead_code, reason = "read for its shape only")]
    readable: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Label {
    Bug,
    Configuration,
    Environment,
    TestDesign,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    Collect,
    Setup,
}

impl Failure {
    /// Nobody chooses: the hash of the project's name does.
    fn half(&self) -> Half {
        let name = self.project.to_lowercase();
        if fnv1a(name.as_bytes()).is_multiple_of(2) { Half::Known } else { Half::Unseen }
    }
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn failures() -> Vec<(Runner, Failure)> {
    let read = |(runner, text)| {
        let file: File = toml::from_str(text).expect("a readable file");
        file.failure.into_iter().map(move |failure| (runner, failure))
    };
    FILES.into_iter().flat_map(read).collect()
}

fn count<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, usize> {
    keys.fold(BTreeMap::new(), |mut counts, key| {
        *counts.entry(key).or_default() += 1;
        counts
    })
}

#[test]
fn the_set_is_wide_enough_to_mean_something() {
    let all = failures();
    assert!(all.len() >= 120, "{} failures", all.len());
    let projects = count(all.iter().map(|(_, failure)| failure.project.to_lowercase()));
    assert!(projects.len() >= 40 && projects.values().all(|&of_one| of_one <= 6), "{projects:?}");
    let labels = count(all.iter().map(|(_, failure)| failure.label));
    assert!(labels.len() == 4 && labels.values().all(|&of_one| of_one >= 20), "{labels:?}");
    let runners = count(all.iter().map(|(runner, _)| *runner));
    assert!(runners[&Runner::Pytest] >= 40, "{runners:?}");
    assert!(runners[&Runner::Cargo] >= 20 && runners[&Runner::Go] >= 20, "{runners:?}");
    assert!(runners[&Runner::Jest] + runners[&Runner::Java] >= 20, "{runners:?}");
    for (_, Failure { source, why, message, .. }) in &all {
        assert!(source.starts_with("https://"), "{source}");
        assert!(!why.is_empty() && !message.trim().is_empty(), "{source}");
    }
}

#[test]
fn the_split_is_by_project_and_computed() {
    let all = failures();
    let halves = count(all.iter().map(|(_, failure)| failure.half()));
    assert_eq!(halves, BTreeMap::from([(Half::Known, 67), (Half::Unseen, 57)]));
}

//! Goal: the crates know each other as the design says, and in no other way.
//! Method: compare what every manifest declares with the picture. A crate of this workspace can
//! only be reached through a declared dependency, so the manifests alone are proof, and reading
//! them needs neither a network nor the sources of anything else. Only normal dependencies count:
//! a test may use what the code under test may not.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Every crate with the crates that it may know.
const ARROWS: [(&str, &[&str]); 6] = [
    ("generators", &["strict-toml"]),
    ("harness", &["generators", "mock-claude", "reports", "scenarios"]),
    ("mock-claude", &["strict-toml"]),
    ("reports", &["strict-toml"]),
    ("scenarios", &["generators", "mock-claude", "reports", "strict-toml"]),
    ("strict-toml", &[]),
];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .no_deps()
        .other_options(vec!["--offline".to_owned()])
        .exec()
        .expect("cargo knows this workspace")
}

#[test]
fn the_arrows_are_those_of_the_design() {
    let metadata = metadata();
    let packages = metadata.workspace_packages();
    let members: BTreeSet<String> = packages.iter().map(|found| found.name.to_string()).collect();
    let drawn: BTreeMap<String, BTreeSet<String>> = packages
        .iter()
        .map(|package| {
            let declared = package.dependencies.iter();
            let known = declared
                .filter(|dependency| dependency.kind == DependencyKind::Normal)
                .map(|dependency| dependency.name.clone())
                .filter(|name| members.contains(name));
            (package.name.to_string(), known.collect())
        })
        .collect();
    let designed: BTreeMap<String, BTreeSet<String>> = ARROWS
        .iter()
        .map(|(name, known)| {
            ((*name).to_owned(), known.iter().map(|name| (*name).to_owned()).collect())
        })
        .collect();
    assert_eq!(drawn, designed, "left: the manifests, right: the design");
}

#[test]
fn a_folder_has_the_name_of_its_crate() {
    for package in metadata().workspace_packages() {
        let folder = package.manifest_path.parent().and_then(|folder| folder.file_name());
        assert_eq!(folder, Some(package.name.as_str()));
    }
}

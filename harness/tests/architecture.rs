//! Goal: the crates know each other as the design says, and in no other way, and inside a crate
//! no files import each other in a circle.
//! Method: compare what every manifest declares with the picture. A crate of this workspace can
//! only be reached through a declared dependency, so the manifests alone are proof, and reading
//! them needs neither a network nor the sources of anything else. Only normal dependencies count:
//! a test may use what the code under test may not. Inside a crate, every import is read.

#[path = "architecture/imports.rs"]
mod imports;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Every crate with the crates that it may know.
const ARROWS: [(&str, &[&str]); 10] = [
    ("engine", &["mock-claude", "reports", "strict-toml"]),
    ("generators", &["strict-toml"]),
    (
        "harness",
        &[
            "engine",
            "generators",
            "mock-claude",
            "redact",
            "reports",
            "scenarios",
            "strict-toml",
            "testlog",
            "warp",
        ],
    ),
    ("mock-claude", &["redact", "strict-toml"]),
    // A leaf: whatever lets text out may know it, and it knows nothing of what it reads.
    ("redact", &[]),
    ("reports", &["strict-toml"]),
    ("scenarios", &["generators", "mock-claude", "reports", "strict-toml"]),
    ("strict-toml", &[]),
    ("testlog", &["redact", "reports"]),
    ("warp", &[]),
];

/// The most files that may import each other in a circle: a type and its closest companions.
const MAX_CIRCLE: usize = 3;

/// Crates with larger circles, to be opened, and how many files are in their largest.
const KNOTS: [(&str, usize); 0] = [];

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

#[test]
fn no_more_than_three_files_import_each_other_in_a_circle() {
    let mut findings = String::new();
    for package in metadata().workspace_packages() {
        let folder = package.manifest_path.parent().expect("a manifest is in a folder");
        let imports = imports::Imports::of(folder.as_std_path());
        let name = package.name.as_str();
        let known = KNOTS.iter().find(|(knotted, _)| *knotted == name);
        let most = known.map_or(MAX_CIRCLE, |(_, files)| *files);
        for circle in imports.circles().iter().filter(|circle| circle.len() > most) {
            let inside = imports.inside(circle);
            let _ = writeln!(findings, "{name}: a circle of {} files\n{inside}", circle.len());
        }
    }
    assert!(findings.is_empty(), "\n{findings}");
}

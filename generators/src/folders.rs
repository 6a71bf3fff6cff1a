//! The folders that generated files are in.
//!
//! Folders that can stand at the top of a tree share no name, so a copy or a file of a later input
//! never has the path of an original.

/// The folders of a source tree.
pub(crate) const DOMAINS: &[&str] = &[
    "analytics",
    "auth",
    "billing",
    "catalog",
    "checkout",
    "compliance",
    "delivery",
    "finance",
    "fulfillment",
    "identity",
    "integrations",
    "logistics",
    "marketing",
    "messaging",
    "onboarding",
    "orders",
    "payments",
    "planning",
    "pricing",
    "reporting",
    "risk",
    "scheduling",
    "search",
    "support",
];

/// The folders inside the folders of a large source tree.
pub(crate) const LAYERS: &[&str] = &[
    "adapters",
    "api",
    "batch",
    "commands",
    "core",
    "domain",
    "events",
    "handlers",
    "helpers",
    "jobs",
    "listeners",
    "models",
    "queries",
    "rules",
    "schemas",
    "services",
    "storage",
    "tasks",
    "views",
    "workers",
];

/// Folders that hold copies of code from elsewhere.
pub(crate) const COPY_FOLDERS: &[&str] =
    &["vendor", "legacy", "backup", "third_party", "snapshots", "old", "compat", "migration"];

/// Top folders of the second and later inputs of one scenario.
pub(crate) const PROJECTS: &[&str] = &[
    "atlas", "beacon", "cobalt", "delta", "ember", "falcon", "granite", "harbor", "indigo",
    "juniper", "kestrel", "lantern", "meridian", "nimbus", "orchid", "pelican", "quartz", "raven",
    "sequoia", "tundra",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// A clash would let a copy or a later input overwrite a file of the first one.
    #[test]
    fn top_folders_of_originals_copies_and_projects_differ() {
        let all: Vec<_> = [DOMAINS, COPY_FOLDERS, PROJECTS].concat();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    }

    /// A folder that is listed twice would make two paths one.
    #[test]
    fn no_layer_is_listed_twice() {
        assert_eq!(LAYERS.iter().collect::<BTreeSet<_>>().len(), LAYERS.len());
    }
}

//! Where the fix of a failure belongs, and how soon it deserves a look: the two axes of every
//! report.
//!
//! Invariant: the categories and priorities are those of the failure analysis, by the same names.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the mending of a failure is: the categories of the failure analysis.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Category {
    /// In the pipeline's code.
    Bug,
    /// In its settings: pools, timeouts, retry budgets, limits.
    Configuration,
    /// Outside the pipeline.
    Environment,
    /// In the scenario, which asks for what nobody can do.
    TestDesign,
    /// Not yet known.
    Unknown,
}

/// How soon a failure deserves a look.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Priority {
    /// The pipeline loses work, and mending it is in the reader's hands.
    High,
    /// The pipeline loses work to something outside.
    Medium,
    /// Nothing is wrong with the pipeline, or the scenario breaks it on purpose.
    Low,
}

impl Category {
    /// Every category in the order of the reports: what the reader can mend comes first.
    pub const ALL: [Self; 5] =
        [Self::Bug, Self::Configuration, Self::Environment, Self::TestDesign, Self::Unknown];

    /// The name in reports, for example `TEST_DESIGN`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bug => "BUG",
            Self::Configuration => "CONFIGURATION",
            Self::Environment => "ENVIRONMENT",
            Self::TestDesign => "TEST_DESIGN",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// What the category means.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Bug => "Potential bug (requires investigation)",
            Self::Configuration => "Configuration issues (pools, timeouts)",
            Self::Environment => "Environment-specific (hardware, timing)",
            Self::TestDesign => "Test design issue (unrealistic expectations)",
            Self::Unknown => "Needs analysis",
        }
    }
}

impl Priority {
    /// Every priority, the most urgent first.
    pub const ALL: [Self; 3] = [Self::High, Self::Medium, Self::Low];

    /// The name in reports, for example `HIGH`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::High => "HIGH",
            Self::Medium => "MEDIUM",
            Self::Low => "LOW",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_and_priorities_are_recorded_under_their_own_names() {
        for category in Category::ALL {
            assert_eq!(serde_json::to_value(category).unwrap(), category.name());
        }
        for priority in Priority::ALL {
            assert_eq!(serde_json::to_value(priority).unwrap(), priority.name());
        }
    }
}

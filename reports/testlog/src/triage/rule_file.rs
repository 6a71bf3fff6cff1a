//! A file of rules, as it is written.
//!
//! Reading the file is the caller's; whether its rules make sense shows when they are compiled.

use reports::{Category, Confidence, Priority};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::difference::Difference;
use crate::Phase;

/// The version of the rules' format.
pub const FORMAT: i64 = 1;

/// The rules that ship, as a file.
pub const SHIPPED: &str = include_str!("../../rules.toml");

/// A file of rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// The version of this format: 1.
    pub format: i64,
    /// The rules, in the order in which they are tried.
    #[serde(default)]
    pub rule: Vec<Rule>,
}

/// One rule. It has at least one of `exception`, `message`, `status`, `difference`, `phase` and
/// `words`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The name in reports, unlike that of any other rule of the file.
    pub name: String,
    /// A regular expression for the exception's whole type, with or without its module.
    #[serde(default)]
    pub exception: Option<String>,
    /// A regular expression that is found somewhere in the message.
    #[serde(default)]
    pub message: Option<String>,
    /// HTTP statuses, one of which the message speaks of.
    #[serde(default)]
    pub status: Vec<u16>,
    /// How the two values differ that the test compared.
    #[serde(default)]
    pub difference: Option<Difference>,
    /// When the test failed.
    #[serde(default)]
    pub phase: Option<Phase>,
    /// Whole words, one of which is in the test's file or name.
    #[serde(default)]
    pub words: Vec<String>,
    /// Where the mending is.
    pub category: Category,
    /// How soon it deserves a look.
    pub priority: Priority,
    /// How sure that is.
    pub confidence: Confidence,
    /// Whether the code under test may be at fault at all.
    pub tier: Tier,
    /// What happened, in one sentence.
    pub reason: String,
    /// What mends it.
    pub remedy: String,
}

/// Whether the code under test may be at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// It cannot be.
    Certain,
    /// It may be.
    Ambiguous,
}

impl Tier {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Ambiguous => "ambiguous",
        }
    }
}

impl Rule {
    /// Whether it names anything that a failure can be matched by.
    pub(super) fn matches_something(&self) -> bool {
        let text = self.exception.is_some() || self.message.is_some() || self.phase.is_some();
        let text = text || self.difference.is_some();
        text || !self.status.is_empty() || !self.words.is_empty()
    }
}

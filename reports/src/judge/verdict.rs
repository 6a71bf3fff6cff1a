//! The three verdicts: pass, fail and inconclusive.
//!
//! Invariant: the worst verdict of all checks is the whole's, and fail is worse than inconclusive,
//! because a broken bound stays broken whatever else is unknown.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The outcome of a check, of a run or of a gate, from best to worst.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything was as it should be.
    Pass,
    /// Something could not be measured or compared.
    Inconclusive,
    /// Something was not as it should be.
    Fail,
}

impl Verdict {
    /// The worst of several verdicts; a pass where there are none.
    pub fn worst(verdicts: impl IntoIterator<Item = Self>) -> Self {
        verdicts.into_iter().max().unwrap_or(Self::Pass)
    }

    /// The word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::Fail => "FAIL",
        }
    }

    /// The word in lower case, as markup classes and documents have it.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
        }
    }

    /// The symbol in reports; never the only sign.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Pass => "✓",
            Self::Inconclusive => "?",
            Self::Fail => "✗",
        }
    }
}

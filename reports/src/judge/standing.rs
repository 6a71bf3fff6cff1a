//! How a pipeline came out of a run, in one word: a run passes where a naive pipeline breaks as its
//! scenario expects, and that is something else than being good.
//!
//! Invariant: nothing is good or broken as expected where a check failed or could not be made.

use super::verdict::Verdict;

/// How a pipeline came out of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It kept everything that is expected, and nothing is expected to break.
    Good,
    /// It broke, as its scenario expects.
    Broke,
    /// A check failed.
    Failed,
    /// A check could not be made.
    Unknown,
    /// Nothing is expected of it.
    NotJudged,
}

impl Standing {
    /// From the checks of a pipeline of which something is expected.
    pub(super) fn of(checks: Verdict, broke: bool) -> Self {
        match checks {
            Verdict::Fail => Self::Failed,
            Verdict::Inconclusive => Self::Unknown,
            Verdict::Pass if broke => Self::Broke,
            Verdict::Pass => Self::Good,
        }
    }

    /// The words in reports.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Broke => "broke as expected",
            Self::Failed => "failed",
            Self::Unknown => "inconclusive",
            Self::NotJudged => "not judged",
        }
    }

    /// The name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Broke => "broke_as_expected",
            Self::Failed => "failed",
            Self::Unknown => "inconclusive",
            Self::NotJudged => "not_judged",
        }
    }

    /// The symbol in reports; never the only sign.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Good => Verdict::Pass.symbol(),
            Self::Broke => "↓",
            Self::Failed => Verdict::Fail.symbol(),
            Self::Unknown => Verdict::Inconclusive.symbol(),
            Self::NotJudged => "–",
        }
    }

    /// The class of markup.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Good => Verdict::Pass.class(),
            Self::Broke => "broke",
            Self::Failed => Verdict::Fail.class(),
            Self::Unknown => Verdict::Inconclusive.class(),
            Self::NotJudged => "unjudged",
        }
    }
}

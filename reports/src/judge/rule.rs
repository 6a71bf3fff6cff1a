//! What a failed job means: the rule that decided, where the fix belongs, how soon it deserves a
//! look, and how sure that is.
//!
//! Invariants: only recorded facts decide, never the text of a name; rules are tried in the order
//! of [`Rule::ALL`] and the first that holds decides; a break that the scenario expects is
//! never urgent, and keeps its category.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use crate::record::{Category, Cause, Priority};

/// The rules, in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Nothing is recorded, neither a cause nor a status.
    NoCause,
    /// No cause is recorded; the status of the last request stands in for it.
    StatusAlone,
    /// The run was stopped.
    RunStopped,
    /// The scenario injects what no client survives.
    FatalFault,
    /// An injected 429: somebody else used the quota up.
    QuotaOfOthers,
    /// The last failed request was hit by an injected fault.
    InjectedFault,
    /// A 429 without a fault: the limits themselves refused the request.
    OwnLimit,
    /// A 4xx that says what is wrong with the request or that nothing may be spent any more, or a
    /// refusal of the model.
    ServerAnswer,
    /// The documentation was checked against the source, and something is missing.
    DocumentationCheck,
    /// A time limit of the pipeline or of its platform was reached.
    TimeLimit,
    /// The modelled process of the pipeline died.
    ProcessEnd,
    /// The pipeline held the call back: its spend cap was reached or its breaker was open.
    HeldBack,
    /// The file itself could not be read.
    FileUnreadable,
    /// An error on the way, and no fault on record that explains it.
    NoFaultOnRecord,
    /// The cause alone, by the table of causes.
    RecordedCause,
}

/// How sure a classification is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// A record holds the deciding fact: a fault, a refusal, a status, a missing definition.
    Certain,
    /// The pipeline saw it, and no record of the other side confirms it.
    Likely,
    /// Deduced from what little there is.
    Guess,
}

/// How Amazon Bedrock says that its quota of tokens is used up.
const BEDROCK_TOKENS: &str = "Too many tokens, please wait";

/// It announces no limit and no wait, so that neither can be kept to.
const BEDROCK_REMEDY: &str = "lower `max_tokens`, which Bedrock takes from the quota when a \
    request begins, and send fewer requests at once";

impl Failure<'_> {
    /// The rule that decides.
    pub fn rule(&self) -> Rule {
        let Some(cause) = self.job.cause else {
            return if self.status().is_some() { Rule::StatusAlone } else { Rule::NoCause };
        };
        match cause {
            Cause::Interrupted => Rule::RunStopped,
            Cause::InjectedFatal => Rule::FatalFault,
            Cause::RateLimited if self.fault.is_some() => Rule::QuotaOfOthers,
            _ if self.fault.is_some() => Rule::InjectedFault,
            Cause::RateLimited | Cause::RequestOverLimit => Rule::OwnLimit,
            Cause::PromptTooLong
            | Cause::InvalidRequest
            | Cause::Unauthorized
            | Cause::NotFound
            | Cause::SpendLimit
            | Cause::Refused => Rule::ServerAnswer,
            _ if cause.is_of_the_documentation() => Rule::DocumentationCheck,
            Cause::CallTimeout | Cause::JobTimeout | Cause::NeverAnswered => Rule::TimeLimit,
            Cause::ProcessKilled | Cause::OutOfMemory | Cause::CommandFailed => Rule::ProcessEnd,
            Cause::BudgetStop | Cause::CircuitOpen => Rule::HeldBack,
            Cause::Unreadable => Rule::FileUnreadable,
            Cause::Overloaded | Cause::ServerError | Cause::Connection | Cause::MalformedReply => {
                Rule::NoFaultOnRecord
            }
            _ => Rule::RecordedCause,
        }
    }

    /// Where the fix belongs.
    pub fn category(&self) -> Category {
        match self.rule() {
            Rule::QuotaOfOthers => Category::Environment,
            // A bug stays a bug where the scenario expects it: that only makes it less urgent.
            _ => self.deduced().map_or(Category::Unknown, Cause::category),
        }
    }

    /// How soon it deserves a look.
    pub fn priority(&self) -> Priority {
        match self.rule() {
            _ if self.expected => Priority::Low,
            Rule::QuotaOfOthers => Priority::Medium,
            _ => self.deduced().map_or(Priority::Medium, Cause::priority),
        }
    }

    /// How sure that is.
    pub fn confidence(&self) -> Confidence {
        match self.rule() {
            Rule::NoCause | Rule::StatusAlone => Confidence::Guess,
            _ if self.fault.is_some_and(|fault| fault.by_time) => Confidence::Likely,
            Rule::TimeLimit | Rule::ProcessEnd | Rule::NoFaultOnRecord | Rule::RecordedCause => {
                Confidence::Likely
            }
            _ => Confidence::Certain,
        }
    }

    /// What fixes it, in one sentence.
    pub fn remedy(&self) -> &'static str {
        let throttled = self.detail().is_some_and(|words| words.starts_with(BEDROCK_TOKENS));
        if throttled && self.job.cause == Some(Cause::RateLimited) {
            return BEDROCK_REMEDY;
        }
        self.deduced().map_or("find out why no cause was recorded", Cause::advice)
    }
}

impl Rule {
    /// Every rule, in the order in which they are tried.
    pub const ALL: [Self; 15] = [
        Self::NoCause,
        Self::StatusAlone,
        Self::RunStopped,
        Self::FatalFault,
        Self::QuotaOfOthers,
        Self::InjectedFault,
        Self::OwnLimit,
        Self::ServerAnswer,
        Self::DocumentationCheck,
        Self::TimeLimit,
        Self::ProcessEnd,
        Self::HeldBack,
        Self::FileUnreadable,
        Self::NoFaultOnRecord,
        Self::RecordedCause,
    ];

    /// The name in reports, for example `own-limit`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoCause => "no-cause",
            Self::StatusAlone => "status-alone",
            Self::RunStopped => "run-stopped",
            Self::FatalFault => "fatal-fault",
            Self::QuotaOfOthers => "quota-of-others",
            Self::InjectedFault => "injected-fault",
            Self::OwnLimit => "own-limit",
            Self::ServerAnswer => "server-answer",
            Self::DocumentationCheck => "documentation-check",
            Self::TimeLimit => "time-limit",
            Self::ProcessEnd => "process-end",
            Self::HeldBack => "held-back",
            Self::FileUnreadable => "file-unreadable",
            Self::NoFaultOnRecord => "no-fault-on-record",
            Self::RecordedCause => "recorded-cause",
        }
    }
}

impl Confidence {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Guess => "guess",
        }
    }
}

#[cfg(test)]
mod tests;

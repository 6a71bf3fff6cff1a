//! What a failed job means: the rule that decided, where the mending is, how soon it deserves a
//! look, how sure that is, and which stage of the pipeline would have saved the job.
//!
//! Invariants: only recorded facts decide, never the text of a name; rules are tried in the order
//! of [`Rule::ALL`] and the first that holds decides; a break that the scenario expects is no bug
//! and never urgent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cause::{Category, Cause, Priority};
use crate::failure::Failure;

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
    /// A 4xx that says what is wrong with the request, or that nothing may be spent any more.
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
    /// Trouble on the way, and no fault on record that explains it.
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

/// A stage of the pipeline that would have saved a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Look at the file before it is sent, without parsing it as a whole.
    Analyse,
    /// Check what the cache gives before it is used.
    Cache,
    /// Send large files in parts.
    Chunk,
    /// Send no faster than the announced limits.
    Pacing,
    /// Try again, later.
    Retry,
    /// Stop calling while nothing gets through.
    Breaker,
    /// Know how much time is left, and stop or hand over in time.
    Deadline,
    /// Hold the merged documentation against the source.
    Merge,
}

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
            Cause::RateLimited => Rule::OwnLimit,
            Cause::PromptTooLong
            | Cause::InvalidRequest
            | Cause::Unauthorized
            | Cause::NotFound
            | Cause::SpendLimit => Rule::ServerAnswer,
            _ if cause.is_of_the_documentation() => Rule::DocumentationCheck,
            Cause::CallTimeout | Cause::JobTimeout => Rule::TimeLimit,
            Cause::ProcessKilled | Cause::OutOfMemory => Rule::ProcessEnd,
            Cause::BudgetStop | Cause::CircuitOpen => Rule::HeldBack,
            Cause::Unreadable => Rule::FileUnreadable,
            Cause::Overloaded | Cause::ServerError | Cause::Connection | Cause::MalformedReply => {
                Rule::NoFaultOnRecord
            }
            _ => Rule::RecordedCause,
        }
    }

    /// Where the mending is.
    pub fn category(&self) -> Category {
        let category = match self.rule() {
            Rule::QuotaOfOthers => Category::Environment,
            _ => self.deduced().map_or(Category::Unknown, Cause::category),
        };
        match category {
            Category::Bug if self.expected => Category::TestDesign,
            category => category,
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

    /// The stage that takes the cause away; none where no stage can. Another cause may stand
    /// behind it: what kills the parser may be too long for a prompt as well.
    ///
    /// A job that was tried once needs a retry; one that was tried again in vain needs more. What
    /// was answered from the cache alone was spoilt there.
    pub fn stage(&self) -> Option<Stage> {
        let again = self.last.is_some_and(|attempt| attempt.attempt > 1);
        let is_kept = self.job.cache_hits > 0 && self.job.calls == 0;
        match self.deduced()? {
            Cause::Undocumented if is_kept => Some(Stage::Cache),
            Cause::RateLimited if again => Some(Stage::Pacing),
            Cause::Overloaded if again => Some(Stage::Breaker),
            Cause::RateLimited
            | Cause::Overloaded
            | Cause::ServerError
            | Cause::Connection
            | Cause::MalformedReply
            | Cause::CircuitOpen => Some(Stage::Retry),
            Cause::PromptTooLong | Cause::Truncated | Cause::LostLines | Cause::CallTimeout => {
                Some(Stage::Chunk)
            }
            Cause::JobTimeout => Some(Stage::Deadline),
            Cause::LostChunk | Cause::Undocumented => Some(Stage::Merge),
            Cause::ProcessKilled | Cause::OutOfMemory => Some(Stage::Analyse),
            _ => None,
        }
    }

    /// The name of that stage, or a dash.
    pub fn stage_name(&self) -> &'static str {
        self.stage().map_or("—", Stage::name)
    }

    /// What mends it, in one sentence.
    pub fn remedy(&self) -> &'static str {
        self.deduced().map_or("find out why no cause was recorded", Cause::advice)
    }

    /// The recorded cause, or the one that the status suggests.
    fn deduced(&self) -> Option<Cause> {
        self.job.cause.or_else(|| match self.status()? {
            401 | 403 => Some(Cause::Unauthorized),
            404 => Some(Cause::NotFound),
            429 => Some(Cause::RateLimited),
            400..=499 => Some(Cause::InvalidRequest),
            529 => Some(Cause::Overloaded),
            500..=599 => Some(Cause::ServerError),
            _ => None,
        })
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

impl Stage {
    /// The name as the pipeline files have it, for example `chunk`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Analyse => "analyse",
            Self::Cache => "cache",
            Self::Chunk => "chunk",
            Self::Pacing => "pacing",
            Self::Retry => "retry",
            Self::Breaker => "breaker",
            Self::Deadline => "deadline",
            Self::Merge => "merge",
        }
    }
}

#[cfg(test)]
mod tests;

//! Why an attempt or a job failed: one closed list of names, each with the words, the category and
//! the priority that every report gives it.
//!
//! A cause is decided where the failure happens, from a status, a body or a signal, never from
//! the text of a name.

use serde::{Deserialize, Serialize};

use super::category::{Category, Priority};

/// Why an attempt or a job failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// 429: the quota was used up and the pipeline gave up waiting.
    RateLimited,
    /// 529: the API was overloaded.
    Overloaded,
    /// 500, 502, 503 or 504.
    ServerError,
    /// 400 because the prompt exceeds the context window.
    PromptTooLong,
    /// Any other 4xx that says that the request is wrong.
    InvalidRequest,
    /// 401 or 403.
    Unauthorized,
    /// 404.
    NotFound,
    /// The connection failed, or broke off in the middle of an answer.
    Connection,
    /// One call took longer than the pipeline waits for it.
    CallTimeout,
    /// The job took longer than its platform allows.
    JobTimeout,
    /// The answer was cut at `max_tokens`.
    Truncated,
    /// The answer could not be read: not JSON, or not a message.
    MalformedReply,
    /// One part of the file was lost, and the pipeline merged the rest as if nothing were.
    LostChunk,
    /// The answer is whole but does not name every definition.
    Undocumented,
    /// Lines of the source were sent in no part.
    LostLines,
    /// The process of the pipeline was killed by a signal.
    ProcessKilled,
    /// The process of the pipeline ran out of memory.
    OutOfMemory,
    /// The scenario injects an error that no client can survive.
    InjectedFatal,
    /// The file could not be read when its turn came.
    Unreadable,
    /// The run was stopped before the job ended.
    Interrupted,
    /// The call could have cost more than the pipeline may spend, and was not sent.
    BudgetStop,
    /// The pipeline's circuit breaker was open, and the call was not sent.
    CircuitOpen,
    /// The parser of the pipeline raised an error that the pipeline does not catch.
    AnalysisFailed,
    /// The platform had no room for another invocation and turned the job away.
    Throttled,
    /// 429 from the gateway: requests came faster than its rate and burst allow.
    GatewayThrottled,
    /// 504: the gateway gave up waiting, while the work went on and was paid for.
    GatewayTimeout,
    /// 413: the file is larger than the platform takes in one request.
    PayloadTooLarge,
    /// The organisation or its workspace has spent what it may.
    SpendLimit,
    /// The user's command failed by itself, though every question of its was answered.
    CommandFailed,
    /// The user's command ended well and no call of its reached the mock.
    NoCall,
    /// The user's own check refused the work.
    Rejected,
    /// The documentation could not be written where it was wanted.
    Unwritable,
    /// No answer came, and the pipeline has no limit for how long it waits for one.
    NeverAnswered,
    /// 429: the request alone is larger than the limit a minute.
    RequestOverLimit,
    /// The model refused to answer.
    Refused,
}

impl Cause {
    /// Every cause, in the order of the declaration.
    pub const ALL: [Self; 35] = [
        Self::RateLimited,
        Self::Overloaded,
        Self::ServerError,
        Self::PromptTooLong,
        Self::InvalidRequest,
        Self::Unauthorized,
        Self::NotFound,
        Self::Connection,
        Self::CallTimeout,
        Self::JobTimeout,
        Self::Truncated,
        Self::MalformedReply,
        Self::LostChunk,
        Self::Undocumented,
        Self::LostLines,
        Self::ProcessKilled,
        Self::OutOfMemory,
        Self::InjectedFatal,
        Self::Unreadable,
        Self::Interrupted,
        Self::BudgetStop,
        Self::CircuitOpen,
        Self::AnalysisFailed,
        Self::Throttled,
        Self::GatewayThrottled,
        Self::GatewayTimeout,
        Self::PayloadTooLarge,
        Self::SpendLimit,
        Self::CommandFailed,
        Self::NoCall,
        Self::Rejected,
        Self::Unwritable,
        Self::NeverAnswered,
        Self::RequestOverLimit,
        Self::Refused,
    ];

    /// The name in records and baselines, for example `rate_limited`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::ServerError => "server_error",
            Self::PromptTooLong => "prompt_too_long",
            Self::InvalidRequest => "invalid_request",
            Self::Unauthorized => "unauthorized",
            Self::NotFound => "not_found",
            Self::Connection => "connection",
            Self::CallTimeout => "call_timeout",
            Self::JobTimeout => "job_timeout",
            Self::Truncated => "truncated",
            Self::MalformedReply => "malformed_reply",
            Self::LostChunk => "lost_chunk",
            Self::Undocumented => "undocumented",
            Self::LostLines => "lost_lines",
            Self::ProcessKilled => "process_killed",
            Self::OutOfMemory => "out_of_memory",
            Self::InjectedFatal => "injected_fatal",
            Self::Unreadable => "unreadable",
            Self::Interrupted => "interrupted",
            Self::BudgetStop => "budget_stop",
            Self::CircuitOpen => "circuit_open",
            Self::AnalysisFailed => "analysis_failed",
            Self::Throttled => "throttled",
            Self::GatewayThrottled => "gateway_throttled",
            Self::GatewayTimeout => "gateway_timeout",
            Self::PayloadTooLarge => "payload_too_large",
            Self::SpendLimit => "spend_limit",
            Self::CommandFailed => "command_failed",
            Self::NoCall => "no_call",
            Self::Rejected => "rejected",
            Self::Unwritable => "unwritable",
            Self::NeverAnswered => "never_answered",
            Self::RequestOverLimit => "request_over_limit",
            Self::Refused => "refused",
        }
    }

    /// The failure in words, short enough for a table.
    pub const fn words(self) -> &'static str {
        match self {
            Self::RateLimited => "429 rate limit",
            Self::Overloaded => "529 overloaded",
            Self::ServerError => "5xx server error",
            Self::PromptTooLong => "400 prompt too long",
            Self::InvalidRequest => "400 invalid request",
            Self::Unauthorized => "401 unauthorized",
            Self::NotFound => "404 not found",
            Self::Connection => "connection lost",
            Self::CallTimeout => "call timeout",
            Self::JobTimeout => "job timeout",
            Self::Truncated => "answer truncated",
            Self::MalformedReply => "malformed reply",
            Self::LostChunk => "part of the file lost",
            Self::Undocumented => "definitions undocumented",
            Self::LostLines => "source lines never sent",
            Self::ProcessKilled => "process killed",
            Self::OutOfMemory => "out of memory",
            Self::InjectedFatal => "injected fatal error",
            Self::Unreadable => "file unreadable",
            Self::Interrupted => "run interrupted",
            Self::BudgetStop => "spend cap reached",
            Self::CircuitOpen => "circuit breaker open",
            Self::AnalysisFailed => "analysis failed",
            Self::Throttled => "invocation throttled",
            Self::GatewayThrottled => "429 gateway throttled",
            Self::GatewayTimeout => "504 gateway timeout",
            Self::PayloadTooLarge => "413 payload too large",
            Self::SpendLimit => "spend limit reached",
            Self::CommandFailed => "command failed",
            Self::NoCall => "no call reached the mock",
            Self::Rejected => "refused by your check",
            Self::Unwritable => "documentation not written",
            Self::NeverAnswered => "never answered",
            Self::RequestOverLimit => "request larger than the limit",
            Self::Refused => "refused by the model",
        }
    }

    /// Where the fix belongs.
    pub const fn category(self) -> Category {
        match self {
            Self::RateLimited
            | Self::Unauthorized
            | Self::NotFound
            | Self::CallTimeout
            | Self::JobTimeout
            | Self::Throttled
            | Self::GatewayThrottled
            | Self::GatewayTimeout
            | Self::BudgetStop
            | Self::SpendLimit
            | Self::NoCall
            | Self::NeverAnswered
            | Self::RequestOverLimit => Category::Configuration,
            Self::Overloaded
            | Self::ServerError
            | Self::Connection
            | Self::Unreadable
            | Self::Unwritable
            | Self::CircuitOpen
            | Self::Refused => Category::Environment,
            Self::PromptTooLong
            | Self::InvalidRequest
            | Self::Truncated
            | Self::MalformedReply
            | Self::LostChunk
            | Self::Undocumented
            | Self::LostLines
            | Self::ProcessKilled
            | Self::OutOfMemory
            | Self::AnalysisFailed
            | Self::PayloadTooLarge
            | Self::CommandFailed
            | Self::Rejected => Category::Bug,
            Self::InjectedFatal => Category::TestDesign,
            Self::Interrupted => Category::Unknown,
        }
    }

    /// How soon it deserves a look.
    pub const fn priority(self) -> Priority {
        match self {
            Self::Overloaded
            | Self::ServerError
            | Self::Connection
            | Self::MalformedReply
            | Self::CircuitOpen
            | Self::Refused => Priority::Medium,
            Self::InjectedFatal | Self::Unreadable | Self::Interrupted | Self::BudgetStop => {
                Priority::Low
            }
            _ => Priority::High,
        }
    }

    /// Whether calls went through and the documentation is what is not whole.
    pub const fn is_of_the_documentation(self) -> bool {
        matches!(
            self,
            Self::Truncated
                | Self::LostChunk
                | Self::Undocumented
                | Self::LostLines
                | Self::Rejected
        )
    }

    /// What fixes it, in one sentence.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::RateLimited => {
                "pace to the announced limit, honour retry-after, or raise the retry budget"
            }
            Self::Overloaded => "retry with jittered backoff, and stop calling while it lasts",
            Self::ServerError => "retry with backoff: the same request may succeed later",
            Self::PromptTooLong => "split the file into parts that fit the context window",
            Self::InvalidRequest => "fix the request: retrying it cannot help",
            Self::Unauthorized => "check the API key and what it is allowed to do",
            Self::NotFound => "check the model's name and the base URL",
            Self::Connection => "retry on a new connection, and count what was already billed",
            Self::CallTimeout => "raise the call timeout, stream the answer, or send smaller parts",
            Self::JobTimeout => "split the job or checkpoint it, so that it fits the platform",
            Self::Truncated => "raise max_tokens or send smaller parts, and check stop_reason",
            Self::MalformedReply => "check the body before using it, and retry when it is broken",
            Self::LostChunk => "fail the file, or retry the part, when one part has no answer",
            Self::Undocumented => "compare the answer with the source and ask for what is missing",
            Self::LostLines => "fix the chunk boundaries: every line belongs to some part",
            Self::ProcessKilled => "find who sent the signal, and checkpoint to survive it",
            Self::OutOfMemory => "parse in parts or stream, or give the process more memory",
            Self::InjectedFatal => "nothing: the scenario injects what no client can survive",
            Self::Unreadable => "check that the file is still there and may be read",
            Self::Interrupted => "run it again: an interrupted job proves nothing",
            Self::BudgetStop => "nothing, if the cap is meant: else raise it, or send less",
            Self::CircuitOpen => "queue what the breaker turns away until the API is up again",
            Self::AnalysisFailed => {
                "catch what the parser raises, and send the file without its analysis"
            }
            Self::Throttled => "queue the work, or raise the concurrency that the platform allows",
            Self::GatewayThrottled => "slow down to the gateway's rate, or raise it",
            Self::GatewayTimeout => {
                "answer at once with a ticket and do the work in a queue: the gateway does not wait"
            }
            Self::PayloadTooLarge => "upload the file to storage and send its address",
            Self::SpendLimit => "raise the limit or spend less: no retry helps before it resets",
            Self::CommandFailed => "read the last words of the command: its calls were answered",
            Self::Rejected => "compare what the job left behind with what the check wants",
            Self::Refused => "check stop_reason, report the refusal, or ask another model",
            Self::RequestOverLimit => {
                "send a smaller request, or move to a higher tier: no wait makes room for it"
            }
            Self::NeverAnswered => {
                "set a time limit for each call and one for the job: nothing ends this wait"
            }
            Self::Unwritable => "move away what is there, or name another folder with `--docs`",
            Self::NoCall => "let the client read ANTHROPIC_BASE_URL, or give it the URL yourself",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_is_recorded_under_its_own_name() {
        for (index, cause) in Cause::ALL.into_iter().enumerate() {
            assert_eq!(cause as usize, index, "`ALL` is in the order of the declaration");
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.name());
        }
    }

    #[test]
    fn no_two_causes_share_their_words() {
        let words: std::collections::BTreeSet<_> = Cause::ALL.iter().map(|c| c.words()).collect();
        assert_eq!(words.len(), Cause::ALL.len());
    }

    #[test]
    fn the_classification_is_the_agreed_one() {
        let row = |c: Cause| (c.category(), c.priority());
        assert_eq!(row(Cause::RateLimited), (Category::Configuration, Priority::High));
        assert_eq!(row(Cause::Overloaded), (Category::Environment, Priority::Medium));
        assert_eq!(row(Cause::Truncated), (Category::Bug, Priority::High));
        assert_eq!(row(Cause::MalformedReply), (Category::Bug, Priority::Medium));
        assert_eq!(row(Cause::InjectedFatal), (Category::TestDesign, Priority::Low));
        assert_eq!(row(Cause::GatewayTimeout), (Category::Configuration, Priority::High));
        assert_eq!(row(Cause::PayloadTooLarge), (Category::Bug, Priority::High));
        assert_eq!(row(Cause::Unreadable), (Category::Environment, Priority::Low));
        assert_eq!(row(Cause::Interrupted), (Category::Unknown, Priority::Low));
        assert_eq!(row(Cause::BudgetStop), (Category::Configuration, Priority::Low));
        assert_eq!(row(Cause::CircuitOpen), (Category::Environment, Priority::Medium));
    }
}

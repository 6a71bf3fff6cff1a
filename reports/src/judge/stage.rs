//! Which stage of the pipeline would have saved a failed job.

use super::failure::Failure;
use crate::record::Cause;

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
    /// Check the merged documentation against the source.
    Merge,
}

impl Failure<'_> {
    /// The stage that takes the cause away; none where no stage can. Another cause may stand
    /// behind it: what kills the parser may be too long for a prompt as well.
    ///
    /// A job that was tried once needs a retry; one that failed again needs more than that.
    /// What was answered from the cache alone was corrupted there.
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
            Cause::PromptTooLong
            | Cause::RequestOverLimit
            | Cause::Truncated
            | Cause::LostLines
            | Cause::CallTimeout => Some(Stage::Chunk),
            Cause::JobTimeout | Cause::NeverAnswered => Some(Stage::Deadline),
            Cause::LostChunk | Cause::Undocumented => Some(Stage::Merge),
            Cause::ProcessKilled | Cause::OutOfMemory => Some(Stage::Analyse),
            _ => None,
        }
    }

    /// The name of that stage, or a dash.
    pub fn stage_name(&self) -> &'static str {
        self.stage().map_or("—", Stage::name)
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

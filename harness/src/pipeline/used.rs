//! What a job has used up: calls, tokens, money.

/// What a job has used up so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// Requests sent.
    pub calls: u64,
    /// Tokens charged for reading.
    pub tokens_in: u64,
    /// Tokens charged for writing.
    pub tokens_out: u64,
    /// Micro-dollars charged.
    pub cost_microusd: u64,
    /// Micro-dollars charged for attempts that failed.
    pub wasted_microusd: u64,
    /// Parts whose answer the cache had, or got from a call that was under way.
    pub cache_hits: u64,
    /// Parts that had to be paid for although there is a cache.
    pub cache_misses: u64,
}

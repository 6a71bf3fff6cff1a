//! The numbers that two runs are compared by: one closed list with name, unit and direction.
//!
//! Invariant: every metric is a whole number and, in simulated time, exact. Failures by cause are
//! not here: there is one for each [`crate::record::Cause`], and an absent one is zero.

use schemars::JsonSchema;
use serde::Serialize;

use crate::judge::{Latency, Quantile, Summary};

/// A number that is compared between runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Jobs that the pipeline was given.
    Jobs,
    /// Jobs that were documented.
    Documented,
    /// Jobs that failed.
    Failed,
    /// Jobs that were never meant to be sent.
    Skipped,
    /// Definitions in the source.
    Definitions,
    /// Definitions that the documentation names.
    DocumentedDefinitions,
    /// Median latency of the documented jobs.
    LatencyP50,
    /// 95th percentile of it.
    LatencyP95,
    /// 99th percentile of it.
    LatencyP99,
    /// The slowest documented job.
    LatencyMax,
    /// Median time from the sending of a request to its first token.
    FirstTokenP50,
    /// 95th percentile of it.
    FirstTokenP95,
    /// 99th percentile of it.
    FirstTokenP99,
    /// Median time from one token of a streamed answer to the next.
    BetweenTokensP50,
    /// 95th percentile of it.
    BetweenTokensP95,
    /// 99th percentile of it.
    BetweenTokensP99,
    /// Everything that was charged.
    Cost,
    /// What a documented job cost, with everything that the failed ones cost.
    CostPerSuccess,
    /// What of it bought nothing.
    Wasted,
    /// Requests sent.
    Calls,
    /// Requests beyond the first for the same part of a file.
    Retries,
    /// Input tokens charged.
    TokensIn,
    /// Output tokens charged.
    TokensOut,
    /// Parts answered from the cache.
    CacheHits,
    /// Parts looked up in the cache and not found.
    CacheMisses,
    /// From the first arrival to the end of the last job.
    Elapsed,
}

/// A distribution of a summary.
pub(super) type Distribution = fn(&Summary) -> &Latency;

/// What a metric counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Things.
    Count,
    /// Millionths of a dollar.
    Microusd,
    /// Millionths of a second.
    Microseconds,
}

/// Which way a metric gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// A greater value is better.
    More,
    /// A smaller value is better.
    Less,
    /// Neither: a difference says that other work was done.
    Neither,
}

/// How a metric moved from one run to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Not at all.
    Same,
    /// To a better value.
    Improved,
    /// To a worse value.
    Worse,
    /// To another value that is neither better nor worse.
    Changed,
}

impl Metric {
    /// Every metric in the order of the reports.
    pub const ALL: [Self; 26] = [
        Self::Jobs,
        Self::Documented,
        Self::Failed,
        Self::Skipped,
        Self::Definitions,
        Self::DocumentedDefinitions,
        Self::LatencyP50,
        Self::LatencyP95,
        Self::LatencyP99,
        Self::LatencyMax,
        Self::FirstTokenP50,
        Self::FirstTokenP95,
        Self::FirstTokenP99,
        Self::BetweenTokensP50,
        Self::BetweenTokensP95,
        Self::BetweenTokensP99,
        Self::Cost,
        Self::CostPerSuccess,
        Self::Wasted,
        Self::Calls,
        Self::Retries,
        Self::TokensIn,
        Self::TokensOut,
        Self::CacheHits,
        Self::CacheMisses,
        Self::Elapsed,
    ];

    /// The name in baselines and tables, with the unit last.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jobs => "jobs",
            Self::Documented => "documented",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Definitions => "definitions",
            Self::DocumentedDefinitions => "documented_definitions",
            Self::LatencyP50 => "latency_p50_us",
            Self::LatencyP95 => "latency_p95_us",
            Self::LatencyP99 => "latency_p99_us",
            Self::LatencyMax => "latency_max_us",
            Self::FirstTokenP50 => "first_token_p50_us",
            Self::FirstTokenP95 => "first_token_p95_us",
            Self::FirstTokenP99 => "first_token_p99_us",
            Self::BetweenTokensP50 => "between_tokens_p50_us",
            Self::BetweenTokensP95 => "between_tokens_p95_us",
            Self::BetweenTokensP99 => "between_tokens_p99_us",
            Self::Cost => "cost_microusd",
            Self::CostPerSuccess => "cost_per_success_microusd",
            Self::Wasted => "wasted_microusd",
            Self::Calls => "calls",
            Self::Retries => "retries",
            Self::TokensIn => "tokens_in",
            Self::TokensOut => "tokens_out",
            Self::CacheHits => "cache_hits",
            Self::CacheMisses => "cache_misses",
            Self::Elapsed => "elapsed_us",
        }
    }

    /// What the metric counts.
    pub const fn unit(self) -> Unit {
        match self {
            Self::Cost | Self::CostPerSuccess | Self::Wasted => Unit::Microusd,
            Self::LatencyP50
            | Self::LatencyP95
            | Self::LatencyP99
            | Self::LatencyMax
            | Self::Elapsed => Unit::Microseconds,
            _ if self.is_of_tokens() => Unit::Microseconds,
            _ => Unit::Count,
        }
    }

    /// Which way the metric gets better.
    pub const fn better(self) -> Better {
        match self {
            Self::Documented | Self::DocumentedDefinitions | Self::CacheHits => Better::More,
            Self::Jobs | Self::Skipped | Self::Definitions => Better::Neither,
            _ => Better::Less,
        }
    }

    /// Whether a baseline is whole without the metric: it came when baselines had been accepted.
    pub const fn came_later(self) -> bool {
        matches!(self, Self::CostPerSuccess) || self.is_of_tokens()
    }

    /// Whether it is a time of single tokens of streamed answers.
    const fn is_of_tokens(self) -> bool {
        matches!(
            self,
            Self::FirstTokenP50
                | Self::FirstTokenP95
                | Self::FirstTokenP99
                | Self::BetweenTokensP50
                | Self::BetweenTokensP95
                | Self::BetweenTokensP99
        )
    }

    /// The distribution that it is a point of, and which point.
    pub(super) fn quantile(self) -> Option<(Quantile, Distribution)> {
        let latency: Distribution = |summary| &summary.latency;
        let first_token: Distribution = |summary| &summary.first_token;
        let between_tokens: Distribution = |summary| &summary.between_tokens;
        Some(match self {
            Self::LatencyP50 => (Quantile::P50, latency),
            Self::LatencyP95 => (Quantile::P95, latency),
            Self::LatencyP99 => (Quantile::P99, latency),
            Self::LatencyMax => (Quantile::Max, latency),
            Self::FirstTokenP50 => (Quantile::P50, first_token),
            Self::FirstTokenP95 => (Quantile::P95, first_token),
            Self::FirstTokenP99 => (Quantile::P99, first_token),
            Self::BetweenTokensP50 => (Quantile::P50, between_tokens),
            Self::BetweenTokensP95 => (Quantile::P95, between_tokens),
            Self::BetweenTokensP99 => (Quantile::P99, between_tokens),
            _ => return None,
        })
    }

    /// Which percentile the metric is, and of how many samples; `None` of what is none.
    pub fn samples(self, summary: &Summary) -> Option<(Quantile, u64)> {
        let (quantile, of) = self.quantile().filter(|(quantile, _)| *quantile != Quantile::Max)?;
        Some((quantile, of(summary).count()))
    }

    /// The metric's value; `None` where there was nothing to measure.
    pub fn of(self, summary: &Summary) -> Option<u64> {
        if let Some((point, latency)) = self.quantile() {
            return latency(summary).quantile_us(point);
        }
        match self {
            Self::Jobs => Some(summary.jobs),
            Self::Documented => Some(summary.documented),
            Self::Failed => Some(summary.failed),
            Self::Skipped => Some(summary.skipped),
            Self::Definitions => Some(summary.definitions),
            Self::DocumentedDefinitions => Some(summary.documented_definitions),
            Self::Cost => Some(summary.cost_microusd),
            Self::CostPerSuccess => summary.cost_per_success_microusd(),
            Self::Wasted => Some(summary.wasted_microusd),
            Self::Calls => Some(summary.calls),
            Self::Retries => Some(summary.retries),
            Self::TokensIn => Some(summary.tokens_in),
            Self::TokensOut => Some(summary.tokens_out),
            Self::CacheHits => Some(summary.cache_hits),
            Self::CacheMisses => Some(summary.cache_misses),
            _ => summary.elapsed_us,
        }
    }
}

impl Better {
    /// How a value moved, exactly: one millionth of a dollar is a change.
    pub const fn change(self, base: u64, head: u64) -> Change {
        match self {
            _ if base == head => Change::Same,
            Self::Neither => Change::Changed,
            Self::More if head > base => Change::Improved,
            Self::Less if head < base => Change::Improved,
            Self::More | Self::Less => Change::Worse,
        }
    }
}

impl Change {
    /// The word in tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Improved => "improved",
            Self::Worse => "worse",
            Self::Changed => "changed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_metrics_share_a_name() {
        let names: std::collections::BTreeSet<_> = Metric::ALL.iter().map(|m| m.name()).collect();
        assert_eq!(names.len(), Metric::ALL.len());
    }

    #[test]
    fn the_smallest_move_is_a_change_in_the_metric_s_own_direction() {
        assert_eq!(Metric::Cost.better().change(100, 101), Change::Worse);
        assert_eq!(Metric::Cost.better().change(100, 99), Change::Improved);
        assert_eq!(Metric::Documented.better().change(9, 10), Change::Improved);
        assert_eq!(Metric::Documented.better().change(10, 9), Change::Worse);
        assert_eq!(Metric::Definitions.better().change(10, 9), Change::Changed);
        assert_eq!(Metric::Elapsed.better().change(7, 7), Change::Same);
    }
}

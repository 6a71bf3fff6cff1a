//! Why a request was refused, in the API's words: which status, which code, and whether a retry
//! helps.
//!
//! The wordings are recorded ones where a recording exists: rates, prompt bytes, the user's spend
//! limit. The others say the same in the same manner.

use super::bedrock::Throttled;
use super::headers::grouped;
use super::limiter::{Dimension, Exceeded};
use crate::api::error::ApiError;
use crate::basis::clock::SECOND_US;

/// A limit that refuses a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A rate of the organisation.
    Rate(Exceeded),
    /// A rate of the workspace.
    WorkspaceRate(Exceeded),
    /// A quota of Bedrock.
    Bedrock(Throttled),
    /// Too many requests under way.
    Concurrency,
    /// Too sharp a growth, for this many microseconds.
    Ramp {
        /// Until the same request is no sharp growth.
        wait_us: u64,
    },
    /// The cap that the API enforces, until the given day.
    EnforcedSpend {
        /// The first of the next month.
        until: String,
    },
    /// The cap that the user set.
    UserSpend {
        /// The first of the next month.
        until: String,
    },
    /// The cap that the user set for a workspace.
    WorkspaceSpend {
        /// The first of the next month.
        until: String,
    },
}

/// The end of every message about a rate, as recorded.
const ADVICE: &str = "For details, refer to: https://docs.claude.com/en/api/rate-limits. You can \
    see the response headers for current usage. Please reduce the prompt length or the maximum \
    tokens requested, or try again later.";

/// What follows it where no time is given.
const CONTACT: &str = "You may also contact sales at https://www.anthropic.com/contact-sales to \
    discuss your options for a rate limit increase.";

impl Refusal {
    /// Whether the answer has the headers of the rates; recorded refusals of prompt bytes have not.
    pub(super) fn is_announced(&self) -> bool {
        let (Self::Rate(exceeded) | Self::WorkspaceRate(exceeded)) = self else { return true };
        exceeded.dimension != Dimension::PromptBytes
    }

    /// Whether the request alone is more than a limit ever has room for.
    pub(crate) fn is_of_size(&self) -> bool {
        let (Self::Rate(exceeded) | Self::WorkspaceRate(exceeded)) = self else { return false };
        exceeded.wait_us.is_none()
    }

    /// The error that the client sees.
    pub(crate) fn error(&self, organization: &str, model: &str) -> ApiError {
        match self {
            Self::Rate(exceeded) => rate("organization's", *exceeded, organization, model),
            Self::WorkspaceRate(exceeded) => rate("workspace's", *exceeded, organization, model),
            // Bedrock says neither how much there is nor when there is more.
            Self::Bedrock(throttled) => {
                let what = match throttled {
                    Throttled::Requests => "requests",
                    Throttled::Tokens => "tokens",
                };
                let message = format!("Too many {what}, please wait before trying again.");
                ApiError::of_status(429, message)
            }
            Self::Concurrency => ApiError::of_status(
                429,
                "Number of concurrent connections has exceeded your rate limit. Please try again \
                 later or contact sales at https://www.anthropic.com/contact-sales to discuss \
                 your options for a rate limit increase.",
            ),
            Self::Ramp { wait_us } => ApiError::of_status(
                429,
                format!(
                    "This request would exceed your organization's acceleration limit (org: \
                     {organization}, model: {model}): usage grew too fast. Please increase your \
                     usage gradually and try again later."
                ),
            )
            .code("ramp_limit_exceeded")
            .retry_after(whole_seconds(*wait_us)),
            Self::EnforcedSpend { until } => ApiError::of_status(
                429,
                format!(
                    "Your organization has reached its monthly spend limit. Access resumes on \
                     {until} at 00:00 UTC."
                ),
            )
            .code("enforced_spend_limit_reached")
            .should_not_retry(),
            Self::UserSpend { until } => ApiError::invalid_request(format!(
                "You have reached your specified API usage limits. You will regain access on \
                 {until} at 00:00 UTC."
            )),
            Self::WorkspaceSpend { until } => ApiError::invalid_request(format!(
                "You have reached your specified workspace API usage limits. You will regain \
                 access on {until} at 00:00 UTC."
            )),
        }
    }
}

fn rate(whose: &str, exceeded: Exceeded, organization: &str, model: &str) -> ApiError {
    let what = match exceeded.dimension {
        Dimension::Requests => "requests per minute",
        Dimension::InputTokens => "input tokens per minute",
        Dimension::OutputTokens => "output tokens per minute",
        Dimension::PromptBytes => "prompt bytes per hour",
    };
    let message = format!(
        "This request would exceed your {whose} rate limit of {} {what} (org: {organization}, \
         model: {model}). {ADVICE}",
        grouped(exceeded.limit),
    );
    match exceeded.wait_us {
        Some(wait_us) if exceeded.dimension != Dimension::PromptBytes => {
            ApiError::of_status(429, message).retry_after(whole_seconds(wait_us))
        }
        // Prompt bytes were recorded without `retry-after`, with `x-should-retry: true`. What is
        // larger than the limit itself is answered the same way: no time could be kept to.
        _ => ApiError::of_status(429, format!("{message} {CONTACT}")),
    }
}

/// Whole seconds for `retry-after`: earlier retries fail.
fn whole_seconds(wait_us: u64) -> u64 {
    wait_us.div_ceil(SECOND_US).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_of_prompt_bytes_reads_as_recorded() {
        let exceeded =
            Exceeded { dimension: Dimension::PromptBytes, limit: 20_000_000, wait_us: Some(1) };
        let error = Refusal::Rate(exceeded).error("0000", "claude-sonnet-4-5-20250929");
        insta::assert_snapshot!(error.message, @"This request would exceed your organization's rate limit of 20,000,000 prompt bytes per hour (org: 0000, model: claude-sonnet-4-5-20250929). For details, refer to: https://docs.claude.com/en/api/rate-limits. You can see the response headers for current usage. Please reduce the prompt length or the maximum tokens requested, or try again later. You may also contact sales at https://www.anthropic.com/contact-sales to discuss your options for a rate limit increase.");
        assert_eq!((error.retry_after_s, error.should_retry()), (None, true));
    }
}

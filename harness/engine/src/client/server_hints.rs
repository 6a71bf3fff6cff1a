//! What a response says apart from its answer: whether to try again, when, and what is left of the
//! quota.
//!
//! Read as the official clients read it. A value that cannot be read counts as not given: a client
//! that believes nonsense waits indefinitely.

use std::fmt::Write;

use http::HeaderMap;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// Milliseconds above which a wait is nonsense: ten years.
const MAX_WAIT_MS: f64 = 315_360_000_000.0;

/// What the headers of a response say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerHints {
    /// When to try again.
    pub retry_after: Option<RetryAfter>,
    /// Whether a number was given that is no time to wait within reason, `inf` included. The
    /// official SDK believes it.
    pub asks_for_ever: bool,
    /// The `x-should-retry` header.
    pub should_retry: Option<bool>,
    /// What is left of the quota.
    pub quota: Quota,
}

/// When to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// After this many milliseconds.
    InMs(u64),
    /// At a calendar time, in milliseconds since the Unix epoch.
    AtMs(u64),
}

/// What the `anthropic-ratelimit-*` headers announce.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quota {
    /// Requests.
    pub requests: Option<Announced>,
    /// Tokens that the model reads.
    pub input_tokens: Option<Announced>,
    /// Tokens that the model writes.
    pub output_tokens: Option<Announced>,
}

/// One limit as it is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announced {
    /// The limit, a minute.
    pub limit: u64,
    /// What is left of it.
    pub remaining: u64,
    /// When it is whole again, in milliseconds since the Unix epoch.
    pub reset_ms: u64,
}

impl ServerHints {
    /// Reads the headers of a response.
    pub fn of(headers: &HeaderMap) -> Self {
        Self {
            retry_after: retry_after(headers),
            asks_for_ever: asks_for_ever(headers),
            should_retry: match text(headers, "x-should-retry") {
                Some("true") => Some(true),
                Some("false") => Some(false),
                _ => None,
            },
            quota: Quota {
                requests: announced(headers, "requests"),
                input_tokens: announced(headers, "input-tokens"),
                output_tokens: announced(headers, "output-tokens"),
            },
        }
    }
}

impl RetryAfter {
    /// Milliseconds to wait, seen from a calendar time; a date that is over is no wait.
    pub const fn wait_ms(self, now_epoch_ms: u64) -> u64 {
        match self {
            Self::InMs(wait_ms) => wait_ms,
            Self::AtMs(at_ms) => at_ms.saturating_sub(now_epoch_ms),
        }
    }

    /// Whole seconds, where it is a time to wait and not a date.
    pub const fn whole_seconds(self) -> Option<u64> {
        match self {
            Self::InMs(wait_ms) => Some(wait_ms.div_ceil(1000)),
            Self::AtMs(_) => None,
        }
    }
}

/// `retry-after-ms` before `retry-after`, as seconds or as a date.
fn retry_after(headers: &HeaderMap) -> Option<RetryAfter> {
    let milliseconds = text(headers, "retry-after-ms").and_then(|value| in_ms(value, 1.0));
    milliseconds.map(RetryAfter::InMs).or_else(|| {
        let value = text(headers, "retry-after")?;
        in_ms(value, 1000.0).map(RetryAfter::InMs).or_else(|| {
            let at = DateTimeParser::new().parse_timestamp(value).ok()?;
            epoch_ms(at).map(RetryAfter::AtMs)
        })
    })
}

fn asks_for_ever(headers: &HeaderMap) -> bool {
    [("retry-after-ms", 1.0), ("retry-after", 1000.0)].into_iter().any(|(name, unit_ms)| {
        let number = text(headers, name).and_then(|value| value.trim().parse::<f64>().ok());
        number.is_some_and(|number| number * unit_ms > MAX_WAIT_MS)
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between zero and ten years, checked just before"
)]
fn in_ms(value: &str, unit_ms: f64) -> Option<u64> {
    let wait_ms = value.trim().parse::<f64>().ok()? * unit_ms;
    // Rounded up: a retry that comes too early fails.
    (0.0..=MAX_WAIT_MS).contains(&wait_ms).then(|| wait_ms.ceil() as u64)
}

fn announced(headers: &HeaderMap, limited: &str) -> Option<Announced> {
    let mut name = String::with_capacity(48);
    let mut value = |what: &str| {
        name.clear();
        // Writing to a string cannot fail.
        let _ = write!(name, "anthropic-ratelimit-{limited}-{what}");
        text(headers, &name)
    };
    Some(Announced {
        limit: value("limit")?.parse().ok()?,
        remaining: value("remaining")?.parse().ok()?,
        reset_ms: epoch_ms(value("reset")?.parse().ok()?)?,
    })
}

fn epoch_ms(at: Timestamp) -> Option<u64> {
    u64::try_from(at.as_millisecond()).ok()
}

/// A header as text.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn hints(headers: &[(&'static str, &'static str)]) -> ServerHints {
        let pairs = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        ServerHints::of(&pairs.collect())
    }

    fn wait(headers: &[(&'static str, &'static str)]) -> Option<RetryAfter> {
        hints(headers).retry_after
    }

    #[test]
    fn milliseconds_are_preferred_to_seconds() {
        let both = [("retry-after-ms", "200"), ("retry-after", "5")];
        assert_eq!(wait(&both), Some(RetryAfter::InMs(200)));
        assert_eq!(wait(&[("retry-after", "1.5")]), Some(RetryAfter::InMs(1500)));
        let broken = [("retry-after-ms", "soon"), ("retry-after", "5")];
        assert_eq!(wait(&broken), Some(RetryAfter::InMs(5000)));
    }

    #[test]
    fn a_date_is_a_wait_until_then_and_no_wait_after_it() {
        let date = wait(&[("retry-after", "Thu, 01 Jan 2026 00:00:10 GMT")]).unwrap();
        let midnight_ms = 1_767_225_600_000;
        assert_eq!(date.wait_ms(midnight_ms), 10_000);
        assert_eq!(date.wait_ms(midnight_ms + 11_000), 0);
        assert_eq!(date.whole_seconds(), None);
    }

    #[test]
    fn nonsense_counts_as_not_given() {
        for value in ["", "soon", "-1", "NaN", "inf", "1e300", "32 Jan"] {
            assert_eq!(wait(&[("retry-after", value)]), None, "{value}");
        }
        for (value, is_number) in [("inf", true), ("1e300", true), ("NaN", false), ("-1", false)] {
            assert_eq!(hints(&[("retry-after", value)]).asks_for_ever, is_number, "{value}");
        }
        assert_eq!(hints(&[("x-should-retry", "perhaps")]).should_retry, None);
        assert_eq!(hints(&[("x-should-retry", "false")]).should_retry, Some(false));
    }

    #[test]
    fn a_limit_is_announced_when_all_three_of_its_headers_are_there() {
        let headers = [
            ("anthropic-ratelimit-requests-limit", "50"),
            ("anthropic-ratelimit-requests-remaining", "49"),
            ("anthropic-ratelimit-requests-reset", "2026-01-01T00:00:02Z"),
            ("anthropic-ratelimit-input-tokens-limit", "30000"),
        ];
        let quota = hints(&headers).quota;
        let reset_ms = 1_767_225_602_000;
        assert_eq!(quota.requests, Some(Announced { limit: 50, remaining: 49, reset_ms }));
        assert_eq!(quota.input_tokens, None);
    }
}

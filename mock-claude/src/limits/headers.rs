//! The twelve `anthropic-ratelimit-*` headers, rounded as the API rounds them.
//!
//! `tokens` is input and output together; a limit that does not exist is not announced.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{Limiter, Meter};
use crate::clock::Clock;

/// A limit as the headers announce it.
struct Announcement {
    limit: u64,
    remaining: u64,
    reset_us: u64,
}

impl Announcement {
    fn of(meter: &mut Meter, now_us: u64, round_to: u64) -> Self {
        let remaining = meter.remaining(now_us);
        let limit = meter.per_minute();
        Self {
            limit,
            // A rounded value may not promise more than the limit.
            remaining: ((remaining + round_to / 2) / round_to * round_to).min(limit),
            reset_us: now_us + meter.reset_us(now_us),
        }
    }
}

/// Adds the headers of every limit that exists.
pub fn announce(limiter: &mut Limiter, clock: &Clock, headers: &mut HeaderMap) {
    let now_us = clock.now_us();
    let requests = limiter.requests.as_mut().map(|meter| Announcement::of(meter, now_us, 1));
    let tokens = |meter: &mut Option<Meter>| {
        meter.as_mut().map(|meter| Announcement::of(meter, now_us, 1000))
    };
    let input = tokens(&mut limiter.input_tokens);
    let output = tokens(&mut limiter.output_tokens);
    let both = input.as_ref().zip(output.as_ref()).map(|(input, output)| Announcement {
        limit: input.limit + output.limit,
        remaining: input.remaining + output.remaining,
        reset_us: input.reset_us.max(output.reset_us),
    });
    let all = [
        ("requests", requests),
        ("tokens", both),
        ("input-tokens", input),
        ("output-tokens", output),
    ];
    for (name, announcement) in all {
        if let Some(announcement) = announcement {
            insert(headers, name, &announcement, clock);
        }
    }
}

fn insert(headers: &mut HeaderMap, name: &str, announcement: &Announcement, clock: &Clock) {
    let values = [
        ("limit", announcement.limit.to_string()),
        ("remaining", announcement.remaining.to_string()),
        ("reset", clock.rfc3339(announcement.reset_us)),
    ];
    for (field, value) in values {
        let name = HeaderName::try_from(format!("anthropic-ratelimit-{name}-{field}"))
            .expect("the names are lower-case ASCII");
        let value = HeaderValue::try_from(value).expect("numbers and dates are ASCII");
        headers.insert(name, value);
    }
}

/// 30000 as `30,000`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SIMULATED_EPOCH_MS;
    use crate::limits::LimitsConfig;
    use std::num::NonZeroU64;

    #[tokio::test(start_paused = true)]
    async fn all_twelve_headers_say_what_the_recorded_ones_say() {
        // The figures of a recorded answer of the real API: one request of 2,000 input tokens.
        let clock = Clock::starting_at(SIMULATED_EPOCH_MS);
        let mut limiter = Limiter::new(&LimitsConfig {
            requests_per_minute: NonZeroU64::new(50),
            input_tokens_per_minute: NonZeroU64::new(30_000),
            output_tokens_per_minute: NonZeroU64::new(8_000),
            ..LimitsConfig::default()
        });
        limiter.admit(0, 2_080).unwrap();
        let mut headers = HeaderMap::new();
        announce(&mut limiter, &clock, &mut headers);
        let lines: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        anthropic-ratelimit-requests-limit: 50
        anthropic-ratelimit-requests-remaining: 49
        anthropic-ratelimit-requests-reset: 2026-01-01T00:00:02Z
        anthropic-ratelimit-tokens-limit: 38000
        anthropic-ratelimit-tokens-remaining: 36000
        anthropic-ratelimit-tokens-reset: 2026-01-01T00:00:05Z
        anthropic-ratelimit-input-tokens-limit: 30000
        anthropic-ratelimit-input-tokens-remaining: 28000
        anthropic-ratelimit-input-tokens-reset: 2026-01-01T00:00:05Z
        anthropic-ratelimit-output-tokens-limit: 8000
        anthropic-ratelimit-output-tokens-remaining: 8000
        anthropic-ratelimit-output-tokens-reset: 2026-01-01T00:00:00Z
        ");
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(grouped(50), "50");
        assert_eq!(grouped(20_000_000), "20,000,000");
    }
}

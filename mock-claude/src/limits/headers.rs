//! The twelve `anthropic-ratelimit-*` headers, rounded as the API rounds them.
//!
//! `tokens` shows the tightest limit: input and output together, or the workspace's where less is
//! left of that. A limit that does not exist is not announced.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::limiter::{Limiter, Meter};
use crate::basis::clock::Clock;

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
            reset_us: now_us.saturating_add(meter.reset_us(now_us)),
        }
    }
}

/// The three headers of one limit.
struct Names {
    limit: HeaderName,
    remaining: HeaderName,
    reset: HeaderName,
}

macro_rules! names {
    ($limited:literal) => {
        Names {
            limit: HeaderName::from_static(concat!("anthropic-ratelimit-", $limited, "-limit")),
            remaining: HeaderName::from_static(concat!(
                "anthropic-ratelimit-",
                $limited,
                "-remaining"
            )),
            reset: HeaderName::from_static(concat!("anthropic-ratelimit-", $limited, "-reset")),
        }
    };
}

/// Adds the headers of every limit of a class that exists, and of the workspace's where they are
/// tighter.
pub(super) fn announce(
    limiter: Option<&mut Limiter>,
    workspace: Option<&mut Limiter>,
    clock: &Clock,
    headers: &mut HeaderMap,
) {
    let now_us = clock.now_us();
    let mut requests = None;
    let mut input = None;
    let mut output = None;
    if let Some(limiter) = limiter {
        requests = limiter.requests.as_mut().map(|meter| Announcement::of(meter, now_us, 1));
        input = tokens(&mut limiter.input_tokens, now_us);
        output = tokens(&mut limiter.output_tokens, now_us);
    }
    let mut both = input.as_ref().zip(output.as_ref()).map(sum);
    let workspace = workspace.and_then(|limiter| workspace_tokens(limiter, now_us));
    if let Some(workspace) = workspace
        && both.as_ref().is_none_or(|both| workspace.remaining < both.remaining)
    {
        both = Some(workspace);
    }
    let all = [
        (names!("requests"), requests),
        (names!("tokens"), both),
        (names!("input-tokens"), input),
        (names!("output-tokens"), output),
    ];
    for (names, announcement) in all {
        if let Some(announcement) = announcement {
            insert(headers, names, &announcement, clock);
        }
    }
}

fn tokens(meter: &mut Option<Meter>, now_us: u64) -> Option<Announcement> {
    meter.as_mut().map(|meter| Announcement::of(meter, now_us, 1000))
}

fn sum((input, output): (&Announcement, &Announcement)) -> Announcement {
    Announcement {
        limit: input.limit.saturating_add(output.limit),
        remaining: input.remaining.saturating_add(output.remaining),
        reset_us: input.reset_us.max(output.reset_us),
    }
}

/// What a workspace limits of its tokens: input, output, or both together.
fn workspace_tokens(limiter: &mut Limiter, now_us: u64) -> Option<Announcement> {
    let input = tokens(&mut limiter.input_tokens, now_us);
    let output = tokens(&mut limiter.output_tokens, now_us);
    match (&input, &output) {
        (Some(input), Some(output)) => Some(sum((input, output))),
        _ => input.or(output),
    }
}

fn insert(headers: &mut HeaderMap, names: Names, announcement: &Announcement, clock: &Clock) {
    headers.insert(names.limit, HeaderValue::from(announcement.limit));
    headers.insert(names.remaining, HeaderValue::from(announcement.remaining));
    let reset = HeaderValue::try_from(clock.rfc3339(announcement.reset_us));
    headers.insert(names.reset, reset.expect("dates are ASCII"));
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
    use crate::basis::clock::SIMULATED_EPOCH_MS;
    use crate::limits::{Ask, LimitsConfig, Tier};

    #[tokio::test(start_paused = true)]
    async fn all_twelve_headers_say_what_the_recorded_ones_say() {
        // The figures of a recorded answer of the real API: one request of 2,000 input tokens.
        let clock = Clock::starting_at(SIMULATED_EPOCH_MS);
        let rates = Tier::Evaluation.limits().rates("sonnet-4");
        let mut limiter = Limiter::new(&LimitsConfig::default(), &rates);
        limiter.take(0, Ask { tokens_in: 2_080, prompt_bytes: 0 });
        let mut headers = HeaderMap::new();
        announce(Some(&mut limiter), None, &clock, &mut headers);
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

//! The twelve `anthropic-ratelimit-*` headers, rounded as the API rounds them.
//!
//! `tokens` shows the tightest limit: input and output together, or the workspace's where less is
//! left of that. A limit that does not exist is not announced.

use std::sync::LazyLock;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::limiter::{Limiter, Meter};
use crate::basis::clock::{Clock, rfc3339};

/// What is announced of a limit, beside the time at which it is whole again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
}

/// The levels that an answer announces, in the order of [`LIMITED`].
pub(crate) type Levels = [Option<Level>; LIMITED.len()];

/// What is limited, as the names of the headers have it.
pub(crate) const LIMITED: [&str; 4] = ["requests", "tokens", "input-tokens", "output-tokens"];

/// The headers of an answer, and the levels that they announce.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) headers: HeaderMap,
    pub(crate) levels: Levels,
}

/// A limit as the headers announce it.
#[derive(Debug, Clone, Copy)]
struct Announcement {
    level: Level,
    reset_us: u64,
}

impl Announcement {
    fn of(meter: &mut Meter, now_us: u64, round_to: u64) -> Self {
        let remaining = meter.remaining(now_us);
        let limit = meter.per_minute();
        // A rounded value may not promise more than the limit.
        let remaining = ((remaining + round_to / 2) / round_to * round_to).min(limit);
        let reset_us = now_us.saturating_add(meter.reset_us(now_us));
        Self { level: Level { limit, remaining }, reset_us }
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

/// In the order of [`LIMITED`]; a name is looked through letter by letter when it is made.
static NAMES: LazyLock<[Names; LIMITED.len()]> = LazyLock::new(|| {
    [names!("requests"), names!("tokens"), names!("input-tokens"), names!("output-tokens")]
});

/// The headers as they were last announced. Most values are the same from answer to answer, and a
/// copy of a map costs less than as many insertions.
#[derive(Debug, Default)]
pub(super) struct Announced {
    headers: HeaderMap,
    /// How many of the headers came before those of the limits.
    before: usize,
    /// The levels, and the second at which each is whole again.
    shown: [Option<(Level, i64)>; LIMITED.len()],
}

impl Announced {
    /// Adds the headers of what is announced, in its order.
    fn add(&mut self, to: &mut HeaderMap, shown: [Option<(Level, i64)>; LIMITED.len()]) {
        let is_alike = |(old, new): (&Option<_>, &Option<_>)| old.is_some() == new.is_some();
        if self.before != to.len() || !self.shown.iter().zip(&shown).all(is_alike) {
            self.rebuild(to, &shown);
        }
        let mut values = self.headers.values_mut();
        // In this order, because the second is asked only where the first has one more.
        for (value, place) in to.values().zip(values.by_ref()) {
            place.clone_from(value);
        }
        for (old, new) in self.shown.iter_mut().zip(shown) {
            let (Some((old_level, old_at)), Some((level, at))) = (old, new) else { continue };
            let places = [values.next(), values.next(), values.next()];
            let [Some(limit), Some(remaining), Some(reset)] = places else { continue };
            if old_level.limit != level.limit {
                *limit = level.limit.into();
            }
            if old_level.remaining != level.remaining {
                *remaining = level.remaining.into();
            }
            if *old_at != at {
                *reset = date(at);
            }
            (*old_level, *old_at) = (level, at);
        }
        to.clone_from(&self.headers);
    }

    fn rebuild(&mut self, to: &HeaderMap, shown: &[Option<(Level, i64)>; LIMITED.len()]) {
        self.before = to.len();
        self.headers = to.clone();
        for (names, shown) in NAMES.iter().zip(shown) {
            if let Some((level, at)) = shown {
                self.headers.insert(&names.limit, level.limit.into());
                self.headers.insert(&names.remaining, level.remaining.into());
                self.headers.insert(&names.reset, date(*at));
            }
        }
        self.shown = *shown;
    }
}

fn date(at_s: i64) -> HeaderValue {
    HeaderValue::try_from(rfc3339(at_s)).expect("dates are ASCII")
}

/// Adds the headers of every limit of a class that exists, and of the workspace's where they are
/// tighter.
pub(super) fn announce(
    limiter: Option<&mut Limiter>,
    workspace: Option<&mut Limiter>,
    (clock, now_us): (&Clock, u64),
    told: &mut Told,
) {
    let Some(limiter) = limiter else { return };
    let requests = limiter.requests.as_mut().map(|meter| Announcement::of(meter, now_us, 1));
    let input = tokens(&mut limiter.input_tokens, now_us);
    let output = tokens(&mut limiter.output_tokens, now_us);
    let mut both = input.as_ref().zip(output.as_ref()).map(sum);
    let workspace = workspace.and_then(|limiter| workspace_tokens(limiter, now_us));
    if let Some(workspace) = workspace
        && both.as_ref().is_none_or(|both| workspace.level.remaining < both.level.remaining)
    {
        both = Some(workspace);
    }
    let all = [requests, both, input, output];
    told.levels = all.map(|announcement| Some(announcement?.level));
    let shown = all.map(|announcement| {
        announcement.map(|of| (of.level, clock.whole_second_after(of.reset_us)))
    });
    limiter.announced.add(&mut told.headers, shown);
}

fn tokens(meter: &mut Option<Meter>, now_us: u64) -> Option<Announcement> {
    meter.as_mut().map(|meter| Announcement::of(meter, now_us, 1000))
}

fn sum((input, output): (&Announcement, &Announcement)) -> Announcement {
    Announcement {
        level: Level {
            limit: input.level.limit.saturating_add(output.level.limit),
            remaining: input.level.remaining.saturating_add(output.level.remaining),
        },
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
        let mut told = Told::default();
        announce(Some(&mut limiter), None, (&clock, 0), &mut told);
        let lines: Vec<String> = told
            .headers
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

    #[tokio::test(start_paused = true)]
    async fn what_is_copied_is_what_would_be_made_anew() {
        let clock = Clock::starting_at(SIMULATED_EPOCH_MS);
        let rates = Tier::Evaluation.limits().rates("sonnet-4");
        let mut limiter = Limiter::new(&LimitsConfig::default(), &rates);
        let before = |at_us: u64| match at_us % 3 {
            0 => vec![],
            1 => vec![("anthropic-organization-id", at_us)],
            _ => vec![("anthropic-organization-id", at_us), ("anthropic-workspace-id", at_us)],
        };
        for at_us in (0..40_000_000).step_by(777_777) {
            limiter.take(at_us, Ask { tokens_in: at_us % 2_500, prompt_bytes: 0 });
            let mut told = Told::default();
            for (name, value) in before(at_us) {
                told.headers.insert(name, value.into());
            }
            let mut anew = Told { headers: told.headers.clone(), ..Told::default() };
            announce(Some(&mut limiter), None, (&clock, at_us), &mut told);
            limiter.announced = Announced::default();
            announce(Some(&mut limiter), None, (&clock, at_us), &mut anew);
            assert!(told.headers.iter().eq(anew.headers.iter()), "{told:?}\n{anew:?}");
            assert_eq!(told.headers.len(), before(at_us).len() + 12);
        }
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(grouped(50), "50");
        assert_eq!(grouped(20_000_000), "20,000,000");
    }
}

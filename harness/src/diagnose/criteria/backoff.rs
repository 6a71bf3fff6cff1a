//! Whether waits between attempts grow, where the API names none.

use reports::card::{Criterion, Grade, Row};
use reports::text::duration;

use super::sheet::{Sheet, median, ninth_decile};
use crate::diagnose::seen::Seen;

/// Probes in which the API does not say how long to wait.
pub(super) const UNTOLD: [&str; 13] = [
    "rate-limit-bare",
    "overloaded",
    "server-error",
    "unavailable",
    "timeout-504",
    "bad-gateway",
    "edge-timeout",
    "request-timeout",
    "conflict",
    "reset",
    "down",
    "outage-30s",
    "outage-2m",
];

/// A wait that is none.
const NONE_US: u64 = 50_000;

/// A wait that is too short to help.
pub(super) const SHORT_US: u64 = 250_000;

/// A wait that need not grow to help.
const LONG_US: u64 = 5_000_000;

const FIX: &str = "Wait longer from attempt to attempt: half a second, one, two, four, up to some \
                   tens of seconds, each up to a quarter shorter by chance. The SDK does so by \
                   itself; leave the retries to it instead of a loop around it.";

pub(super) fn check(seen: &Seen) -> Row {
    let mut sheet = Sheet::of(Criterion::Backoff);
    let (mut firsts, mut growths) = (Vec::new(), Vec::new());
    for probe in seen.hit(&UNTOLD) {
        for question in &probe.questions {
            let waits: Vec<u64> = question.waits().map(|wait| wait.took_us).collect();
            let Some(first) = waits.first() else { continue };
            firsts.push(*first);
            if let Some(second) = waits.get(1) {
                // In percent of the first.
                growths.push(second.saturating_mul(100) / (*first).max(1));
            }
            let words: Vec<String> = waits.iter().take(6).map(|us| duration(*us)).collect();
            let more = if waits.len() > 6 { ", …" } else { "" };
            sheet.saw(probe, format!("waits of {}{more}", words.join(", ")));
        }
    }
    let number = firsts.len();
    let Some(first) = median(firsts.clone()) else {
        return sheet.not_shown("it never tried again, so it never waited");
    };
    // Jitter may take all of a wait away: what a client means to wait is its longer waits.
    let meant = ninth_decile(firsts).unwrap_or(first);
    let growth = median(growths);
    let grows = growth.is_some_and(|percent| percent >= 120);
    let grade = match first {
        _ if first < NONE_US => Grade::F,
        _ if meant < SHORT_US => Grade::D,
        _ if grows => Grade::A,
        _ if meant >= LONG_US => Grade::B,
        _ if meant >= LONG_US / 5 || growth.is_none() => Grade::C,
        _ => Grade::D,
    };
    let how = match growth {
        None => "and there never was a second".to_owned(),
        Some(_) if grows => "and the next are longer".to_owned(),
        Some(_) => "and the next are no longer".to_owned(),
    };
    let first = duration(first);
    sheet.graded(grade, format!("the first wait is {first} (median, n={number}), {how}"), FIX)
}

//! Whether waits between attempts grow, where the API names none.

use reports::card::{Criterion, Grade, Row};
use reports::text::duration;

use super::retries::{ARGUABLE, PASSING};
use super::sheet::{Sheet, median, ninth_decile};
use crate::diagnose::seen::{Probe, Seen};

/// Trouble that lasts longer than three attempts.
const LASTING: [&str; 3] = ["down", "outage-30s", "outage-2m"];

/// The probes that were met in which the API does not say how long to wait.
pub(super) fn untold(seen: &Seen) -> impl Iterator<Item = &Probe> {
    seen.hit(&PASSING).chain(seen.hit(&ARGUABLE)).chain(seen.hit(&LASTING))
}

/// A wait that is none.
const NONE_US: u64 = 50_000;

/// A wait that is too short to help.
pub(super) const SHORT_US: u64 = 250_000;

/// A wait that need not grow to help.
const LONG_US: u64 = 5_000_000;

/// First waits that differ by this much, in percent of the longest, are left to chance.
const RANDOM_PERCENT: u64 = 60;

const FIX: &str = "Wait longer from attempt to attempt: half a second, one, two, four, up to some \
                   tens of seconds, each up to a quarter shorter by chance. The SDK does so by \
                   itself; leave the retries to it instead of a loop around it.";

pub(super) fn check(seen: &Seen) -> Row {
    let mut sheet = Sheet::of(Criterion::Backoff);
    let (mut firsts, mut ends) = (Vec::new(), Vec::new());
    for probe in untold(seen) {
        for question in &probe.questions {
            let waits: Vec<u64> = question.waits().map(|wait| wait.took_us).collect();
            let Some(first) = waits.first() else { continue };
            firsts.push(*first);
            ends.extend(waits.get(1..).and_then(<[u64]>::last).map(|last| (*first, *last)));
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
    let meant = ninth_decile(firsts.clone()).unwrap_or(first);
    let growth = Growth::of(&ends, &firsts);
    let grade = match growth {
        _ if first < NONE_US => Grade::F,
        _ if meant < SHORT_US => Grade::D,
        Growth::Shown => Grade::A,
        Growth::Unclear => Grade::B,
        _ if meant >= LONG_US => Grade::B,
        Growth::Unseen => Grade::C,
        Growth::None if meant >= LONG_US / 5 => Grade::C,
        Growth::None => Grade::D,
    };
    let how = match growth {
        Growth::Shown => "and the next are longer",
        Growth::Unseen => "and there never was a second",
        Growth::None => "and the next are no longer",
        Growth::Unclear => "and they differ too much by chance to see whether they grow",
    };
    let first = duration(first);
    sheet.graded(grade, format!("the first wait is {first} (median, n={number}), {how}"), FIX)
}

/// Whether waits grow.
#[derive(Clone, Copy)]
enum Growth {
    /// They do.
    Shown,
    /// They do not.
    None,
    /// There was no second wait.
    Unseen,
    /// They differ more by chance than they could grow.
    Unclear,
}

impl Growth {
    /// From the first and the last wait of each question, and all first ones.
    fn of(ends: &[(u64, u64)], firsts: &[u64]) -> Self {
        let (first, last) = ends.iter().fold((0, 0), |sum, ends| (sum.0 + ends.0, sum.1 + ends.1));
        if ends.is_empty() {
            Self::Unseen
        } else if last * 100 >= first * 120 {
            Self::Shown
        } else if spread_percent(firsts) >= RANDOM_PERCENT {
            Self::Unclear
        } else {
            Self::None
        }
    }
}

/// From the longest to the shortest, in percent of the longest.
fn spread_percent(waits: &[u64]) -> u64 {
    let (least, most) = (waits.iter().min(), waits.iter().max());
    let (least, most) = (least.copied().unwrap_or(0), most.copied().unwrap_or(0));
    ((most - least) * 100).checked_div(most).unwrap_or(0)
}

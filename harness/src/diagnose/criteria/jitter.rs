//! Whether waits differ by chance, so that clients that failed together do not come back together.

use reports::card::{Criterion, Grade, Row};
use reports::text::duration;

use super::backoff::{SHORT_US, untold};
use super::sheet::{Sheet, median};
use crate::diagnose::seen::{Seen, Wait};

/// Waits without which nothing can be said of their spread.
const ENOUGH: usize = 5;

/// The spread, in percent of the median, below which waits are the same: a machine is never exact.
const SAME_PERCENT: u64 = 8;

const FIX: &str = "Take a random part off each wait, a quarter at least (`wait *= 1 - 0.25 * \
                   random()`), so that clients that failed together do not come back together. \
                   tenacity: `wait_random_exponential`. The SDK does so by itself.";

pub(super) fn check(seen: &Seen) -> Row {
    let mut sheet = Sheet::of(Criterion::Jitter);
    let mut waits: Vec<u64> = Vec::new();
    for probe in untold(seen) {
        let first: Vec<u64> = probe.waits().filter(is_first).map(|wait| wait.took_us).collect();
        let words: Vec<String> = first.iter().map(|us| duration(*us)).collect();
        if !words.is_empty() {
            sheet.saw(probe, format!("first wait: {}", words.join(", ")));
        }
        waits.extend(first);
    }
    let number = waits.len();
    if number < ENOUGH {
        let why = format!("{number} first waits, and it takes {ENOUGH} to see whether they differ");
        return sheet.not_shown(&why);
    }
    waits.sort_unstable();
    let edge = number / 10;
    let (least, most) = (waits[edge], waits[number - 1 - edge]);
    if most < SHORT_US {
        // What a machine needs for a retry differs by more than any jitter.
        return sheet.not_shown("its waits are too short to see whether they differ");
    }
    let middle = median(waits).unwrap_or_default().max(1);
    let differs = (most - least).saturating_mul(100) / middle >= SAME_PERCENT;
    let grade = if differs { Grade::A } else { Grade::D };
    let range = format!("{} to {} (n={number})", duration(least), duration(most));
    let says = if differs {
        format!("first waits differ: {range}")
    } else {
        format!("first waits are all the same: {range}")
    };
    sheet.graded(grade, says, FIX)
}

const fn is_first(wait: &Wait) -> bool {
    wait.place == 0
}

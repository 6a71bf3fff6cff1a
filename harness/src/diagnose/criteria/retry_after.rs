//! Whether it waits as long as the API asks: in seconds, as a date, in milliseconds, for a minute.

use reports::card::{Criterion, Grade, Row};
use reports::text::duration;

use super::sheet::Sheet;
use crate::diagnose::seen::{Probe, Seen};

/// What is asked for, in microseconds: of a date, a second less, because it names whole seconds.
const ASKED: [(&str, u64); 4] = [
    ("rate-limit", 5_000_000),
    ("rate-limit-minute", 60_000_000),
    ("rate-limit-date", 7_000_000),
    ("rate-limit-ms", 2_500_000),
];

/// By how much a wait may be shorter: two clocks never agree.
const TOLERANCE_US: u64 = 50_000;

const FIX: &str = "Read `retry-after` (seconds, or a date) of a 429, 503 or 529 and sleep that \
                   long before the next attempt; the API refuses whatever comes earlier. The SDK \
                   does so by itself, `retry-after-ms` included.";

/// What became of what was asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heard {
    Obeyed,
    Early,
    GaveUp,
}

pub(super) fn check(seen: &Seen) -> Row {
    let mut sheet = Sheet::of(Criterion::RetryAfter);
    let mut heard = [None; 4];
    for (place, (name, asked_us)) in heard.iter_mut().zip(ASKED) {
        let Some(probe) = seen.met(name) else { continue };
        let (answer, words) = answer(probe, asked_us);
        sheet.saw(probe, words);
        *place = Some(answer);
    }
    let [seconds, minute, others @ ..] = heard;
    let grade = match seconds {
        None | Some(Heard::GaveUp) => {
            return sheet.not_shown("it never tried again after a 429 that names a wait");
        }
        Some(Heard::Early) => Grade::F,
        Some(Heard::Obeyed) => match minute {
            Some(Heard::Early) => Grade::D,
            Some(Heard::GaveUp) => Grade::C,
            _ if others.iter().flatten().any(|heard| *heard != Heard::Obeyed) => Grade::B,
            _ => Grade::A,
        },
    };
    let all = heard.iter().flatten();
    let (obeyed, asked) =
        (all.clone().filter(|heard| **heard == Heard::Obeyed).count(), all.count());
    sheet.graded(grade, format!("{obeyed} of {asked} kinds of requests to wait were obeyed"), FIX)
}

fn answer(probe: &Probe, asked_us: u64) -> (Heard, String) {
    let asked = duration(asked_us);
    match probe.waits().next() {
        None => (Heard::GaveUp, format!("asked for {asked}: it gave up")),
        Some(wait) if wait.took_us + TOLERANCE_US >= asked_us => {
            (Heard::Obeyed, format!("asked for {asked}, waited {}", duration(wait.took_us)))
        }
        Some(wait) => {
            let took = duration(wait.took_us);
            (Heard::Early, format!("asked for {asked}, came back after {took}"))
        }
    }
}

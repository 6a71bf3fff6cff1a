//! Whether trouble that passes is outlasted, and whether trouble that does not is given up.
//!
//! Invariant: what the row says in numbers covers every probe that its evidence lists.

use std::fmt::Write as _;

use reports::card::{Criterion, Grade, Row};
use reports::text::counted;

use super::sheet::{Sheet, at_best, by_share};
use crate::diagnose::seen::{Probe, Seen};

/// Trouble that is over at the third attempt.
pub(super) const PASSING: [&str; 8] = [
    "rate-limit-bare",
    "overloaded",
    "server-error",
    "unavailable",
    "timeout-504",
    "bad-gateway",
    "edge-timeout",
    "reset",
];

/// The same, where not everybody agrees that it passes.
pub(super) const ARGUABLE: [&str; 2] = ["request-timeout", "conflict"];

/// More attempts at one question than anybody needs.
const TOO_MANY: usize = 30;

const FIX: &str = "Retry 408, 409, 429, 5xx and broken connections, with pauses that add up to a \
                   minute or more, and then give up. With the SDK: `Anthropic(max_retries=8)` \
                   (TypeScript: `new Anthropic({ maxRetries: 8 })`).";

pub(super) fn check(seen: &Seen) -> Row {
    let mut sheet = Sheet::of(Criterion::Retries);
    let (mut points, mut met, mut outlasted) = (0, 0, 0);
    for probe in seen.hit(&PASSING) {
        met += 1;
        outlasted += usize::from(probe.is_done());
        points += match (probe.is_done(), probe.most_attempts()) {
            (true, _) => 2,
            (false, 2..) => 1,
            (false, _) => 0,
        };
        sheet.saw_ending(probe);
    }
    if met == 0 {
        return sheet.not_shown("no probe of passing trouble met a request");
    }
    let mut grade = by_share(points * 50 / met);
    for probe in seen.hit(&ARGUABLE) {
        met += 1;
        outlasted += usize::from(probe.is_done());
        sheet.saw_ending(probe);
        if !probe.is_done() {
            grade = at_best(grade, Grade::B);
        }
    }
    let mut says = format!("{outlasted} of {met} temporary errors");
    let outages = [("outage-30s", "half a minute"), ("outage-2m", "two minutes")];
    let outages = outages.into_iter().filter_map(|(name, words)| Some((seen.probe(name)?, words)));
    let outages: Vec<(&Probe, &str)> = outages.collect();
    for (probe, words) in &outages {
        sheet.saw(probe, format!("an outage of {words}: {}", probe.ending()));
    }
    let beaten = outages.iter().find(|(probe, _)| !probe.is_done());
    if !outages.is_empty() {
        let survived = outages.iter().filter(|(probe, _)| probe.is_done()).count();
        let _ = write!(says, " and {survived} of {}", counted(outages.len(), "outage"));
    }
    says.push_str(" were outlasted");
    if let Some((probe, words)) = beaten {
        let _ = write!(says, "; an outage of {words} is longer than its patience");
        if probe.name == "outage-30s" {
            grade = at_best(grade, Grade::B);
        }
    }
    if let Some(down) = seen.probe("down") {
        sheet.saw(down, format!("an API that stays down: {}", down.ending()));
        if down.most_attempts() > TOO_MANY || down.was_stopped() {
            grade = at_best(grade, Grade::C);
            says.push_str("; it does not give up on an API that stays down");
        } else {
            says.push_str("; it gives up on an API that stays down");
        }
    }
    sheet.graded(grade, says, FIX)
}

//! Whether trouble that passes is outlasted, and whether trouble that does not is given up.

use reports::card::{Criterion, Grade, Row};

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
        sheet.saw_ending(probe);
        if !probe.is_done() {
            grade = at_best(grade, Grade::B);
        }
    }
    let mut says = format!("{outlasted} of {met} troubles that pass were outlasted");
    let outages = [("outage-30s", "half a minute"), ("outage-2m", "two minutes")];
    let ends = outages.map(|(name, words)| Some((seen.probe(name)?, words)));
    for (probe, words) in ends.into_iter().flatten() {
        sheet.saw(probe, format!("an outage of {words}: {}", probe.ending()));
    }
    let survives = |name| seen.probe(name).is_none_or(Probe::is_done);
    if !survives("outage-30s") {
        grade = at_best(grade, Grade::B);
        says.push_str("; an outage of half a minute is longer than its patience");
    } else if !survives("outage-2m") {
        says.push_str("; an outage of two minutes is longer than its patience");
    }
    if let Some(down) = seen.probe("down") {
        sheet.saw(down, format!("an API that stays down: {}", down.ending()));
        if down.most_attempts() > TOO_MANY || down.was_stopped() {
            grade = at_best(grade, Grade::C);
            says.push_str("; it does not give up on an API that stays down");
        }
    }
    sheet.graded(grade, says, FIX)
}

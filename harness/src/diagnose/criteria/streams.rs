//! Whether an answer that broke off is noticed.

use reports::card::{Basis, Criterion, Grade, Row};

use super::sheet::Sheet;
use crate::diagnose::seen::Seen;

/// Answers that break off.
const BROKEN: [&str; 5] =
    ["cut", "reset-midway", "overloaded-first", "overloaded-midway", "silent-end"];

const FIX: &str = "A stream is whole when `message_stop` has come, and not before: treat an \
                   `error` event, a broken connection and an end without it as a failure, throw \
                   away what came, and ask again. The SDK does not try again once a stream has \
                   begun: that loop is yours.";

pub(super) fn check(seen: &Seen) -> Row {
    let mut sheet = Sheet::of(Criterion::Streams);
    let (mut met, mut kept, mut raised, mut wasted) = (0, 0, 0, 0);
    for probe in seen.hit(&BROKEN) {
        met += 1;
        wasted += probe.wasted_microusd();
        if probe.is_done() {
            sheet.saw(probe, format!("asked again: {}", probe.ending()));
        } else if probe.says_done() == Some(true) {
            kept += 1;
            sheet.saw(probe, "kept as if it were whole");
        } else {
            raised += 1;
            sheet.saw(probe, format!("noticed, and not asked again: {}", probe.ending()));
        }
    }
    if met == 0 {
        return sheet.not_shown("no answer broke off");
    }
    if kept + raised > 0 {
        sheet.costs(wasted / met, Basis::TroubledFiles);
    }
    let grade = match (kept, raised) {
        (0, 0) => Grade::A,
        (0, raised) if raised < met => Grade::B,
        (0, _) => Grade::C,
        _ => Grade::F,
    };
    let says = match (kept, raised) {
        (0, 0) => format!("all {met} answers that broke off were asked for again"),
        (0, _) => format!("{raised} of {met} answers that broke off were given up"),
        _ => format!("{kept} of {met} answers that broke off were kept as if they were whole"),
    };
    sheet.graded(grade, says, FIX)
}

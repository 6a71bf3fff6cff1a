//! Whether a run that was killed goes on where it was.

use reports::Cause;
use reports::card::{Basis, Criterion, Grade, Row};
use reports::text::counted;

use super::sheet::Sheet;
use crate::diagnose::seen::Seen;

/// Files of the probe.
const FILES: usize = 8;

const FIX: &str = "Write each answer to disk when it comes (to a temporary name, then renamed). At \
                   the start, skip what is there already and still matches its input.";

pub(super) fn check(seen: &Seen) -> Row {
    let mut sheet = Sheet::of(Criterion::Resume);
    let Some(probe) = seen.probe("killed") else {
        return sheet.not_shown("each file is a run of its own");
    };
    let [first, second] = &probe.jobs[..] else {
        return sheet.not_shown("each file is a run of its own");
    };
    if first.cause != Some(Cause::JobTimeout) {
        return sheet.not_shown("the run had ended before it was killed");
    }
    let answered = probe.attempts().filter(|attempt| attempt.cause.is_none()).count();
    let (before, after) = (first.calls, counted(second.calls, "request"));
    sheet.saw(
        probe,
        format!("killed after {}; started again, it sent {after}", counted(before, "request")),
    );
    let again = answered.saturating_sub(FILES);
    if again == 0 {
        let says = format!("started again, it sent {after} and paid for nothing twice");
        return sheet.graded(Grade::A, says, FIX);
    }
    sheet.costs(first.cost_microusd / before.max(1), Basis::RepeatedFiles);
    let again = counted(again, "answer");
    sheet.graded(Grade::F, format!("started again, it paid for {again} a second time"), FIX)
}

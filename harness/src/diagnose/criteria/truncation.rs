//! Whether an answer that says of itself that it is not whole is noticed: its `stop_reason` is not
//! `end_turn`.

use reports::card::{Basis, Criterion, Grade, Row};

use super::sheet::{Sheet, at_best};
use crate::diagnose::seen::Seen;

const FIX: &str = "Look at `stop_reason` before an answer is used. `max_tokens`: ask for less at a \
                   time or allow more; `pause_turn`: send the answer back as it is, and it goes \
                   on; `refusal`: there is no answer, report it.";

pub(super) fn check(seen: &Seen) -> Row {
    let mut sheet = Sheet::of(Criterion::Truncation);
    let mut grade = Grade::A;
    let (mut met, mut kept, mut unknown) = (0, 0, 0);
    // How bad it is to take each for an answer.
    let unfinished = [
        ("truncated", Grade::F, "max_tokens"),
        ("paused", Grade::C, "pause_turn"),
        ("refusal", Grade::C, "refusal"),
    ];
    for (name, cap, reason) in unfinished {
        let Some(probe) = seen.met(name) else { continue };
        met += 1;
        let asked_again = probe.attempts().count() > 1;
        let words = match probe.says_done() {
            Some(true) if asked_again => "went on asking".to_owned(),
            Some(true) => {
                kept += 1;
                grade = at_best(grade, cap);
                if name == "truncated" {
                    let paid: u64 = probe.attempts().map(|attempt| attempt.cost_microusd).sum();
                    sheet.costs(paid, Basis::TroubledFiles);
                }
                "kept as if it were whole".to_owned()
            }
            Some(false) => {
                // Of a refusal there is nothing better to do.
                grade = at_best(grade, if name == "refusal" { Grade::A } else { Grade::B });
                format!("noticed: {}", probe.ending())
            }
            None => {
                unknown += 1;
                format!("{}; whether it was noticed is not known", probe.ending())
            }
        };
        sheet.saw(probe, format!("`stop_reason: {reason}`: {words}"));
    }
    if met == 0 {
        return sheet.not_shown("no answer was unfinished");
    }
    if unknown > 0 && kept == 0 {
        return sheet.not_shown("whether unfinished answers were noticed is not known");
    }
    let says = match kept {
        0 => format!("all {met} kinds of unfinished answers were noticed"),
        _ => format!("{kept} of {met} kinds of unfinished answers were kept as if they were whole"),
    };
    sheet.graded(grade, says, FIX)
}

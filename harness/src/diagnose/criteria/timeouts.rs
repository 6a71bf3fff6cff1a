//! Whether it hangs up on an answer that will not come, and waits for one that will.

use std::fmt::Write as _;

use reports::card::{Basis, Criterion, Grade, Row};
use reports::text::duration;

use super::sheet::{Sheet, at_best};
use crate::diagnose::seen::{Probe, Seen};

/// Answers that will never be whole.
const DEAD: [&str; 3] = ["hang", "stall", "stall-pings"];

const FIX: &str = "Give every request a deadline somewhat above the longest answer that you expect \
                   (for a stream also one between events), and try again when it passes. The SDK \
                   waits ten minutes by default, and pings keep a stream open: \
                   `Anthropic(timeout=120)` and a limit around the whole stream.";

pub(super) fn check(seen: &Seen) -> Row {
    let mut sheet = Sheet::of(Criterion::Timeouts);
    let mut grade = Grade::A;
    let mut longest: Option<u64> = None;
    let (mut met, mut never) = (0, 0);
    for probe in seen.hit(&DEAD) {
        met += 1;
        let Some(patience_us) = patience_us(probe) else {
            never += 1;
            sheet.saw(probe, format!("it never hung up: {}", probe.ending()));
            // Pings say that the server is alive, and many clients believe them.
            let cap = if probe.name == "stall-pings" { Grade::C } else { Grade::F };
            grade = at_best(grade, cap);
            continue;
        };
        longest = longest.max(Some(patience_us));
        let words = format!("it hung up after {}: {}", duration(patience_us), probe.ending());
        sheet.saw(probe, words);
        let by_time = match patience_us / 1_000_000 {
            0..=180 => Grade::A,
            181..=330 => Grade::B,
            _ => Grade::C,
        };
        grade = at_best(grade, by_time);
        if !probe.is_done() {
            grade = at_best(grade, Grade::C);
        }
    }
    if met == 0 {
        return sheet.not_shown("no request met a server that stops answering");
    }
    let mut says = match longest {
        Some(longest_us) => format!("it hangs up after {} at most", duration(longest_us)),
        None => "it never hangs up".to_owned(),
    };
    if never > 0 && longest.is_some() {
        let _ = write!(says, ", but not at all on {never} of {met} answers that stop");
    }
    if let Some(slow) = seen.met("slow") {
        let asked = slow.attempts().count() - slow.questions.len();
        sheet.saw(slow, format!("an answer that takes minutes: {}", slow.ending()));
        if asked > 0 || !slow.is_done() {
            grade = at_best(grade, Grade::C);
            says.push_str("; it hangs up on answers that are coming, and pays for them");
            sheet.costs(slow.wasted_microusd(), Basis::TroubledFiles);
        }
    }
    sheet.graded(grade, says, FIX)
}

/// How long the first attempt was waited for; nothing where nobody hung up.
fn patience_us(probe: &Probe) -> Option<u64> {
    let first = probe.first_failure()?;
    // The end of a job whose time was over ends its requests too.
    let was_ended = probe.was_stopped() && probe.attempts().count() == 1;
    (!was_ended).then(|| first.end_us.saturating_sub(first.start_us))
}

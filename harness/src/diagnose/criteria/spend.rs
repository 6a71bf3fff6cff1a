//! Whether it stops when the money is spent.

use reports::Cause;
use reports::card::{Criterion, Grade, Row};
use reports::text::counted;

use super::sheet::Sheet;
use crate::diagnose::seen::{Seen, attempts};

const FIX: &str = "Take a 429 with `error.details.error_code = enforced_spend_limit_reached` (or \
                   `x-should-retry: false`) for the end of the whole run, not of one request: no \
                   wait helps before the month is over. Keep a budget of your own, and stop before \
                   the API does.";

pub(super) fn check(seen: &Seen) -> Row {
    let mut sheet = Sheet::of(Criterion::Spend);
    let Some(probe) = seen.probe("budget") else {
        return sheet.not_shown("the probe of a spend limit was not run");
    };
    let refused = probe.attempts().filter(|attempt| attempt.cause == Some(Cause::SpendLimit));
    let refused: Vec<_> = refused.collect();
    let Some(first_us) = refused.iter().map(|attempt| attempt.end_us).min() else {
        return sheet.not_shown("the spend limit was never reached");
    };
    let later = probe.attempts().filter(|attempt| attempt.start_us > first_us);
    let later = later.count();
    // A program of its own for each file cannot know what another one was told.
    let jobs_later = probe.jobs.iter().filter(|job| job.start_us > first_us).count();
    let most = probe.questions.iter().filter(|question| {
        question.attempts.iter().any(|attempt| attempt.cause == Some(Cause::SpendLimit))
    });
    let most = most.map(|question| question.attempts.len()).max().unwrap_or(0);
    sheet.saw(
        probe,
        format!(
            "{} after the first refusal, up to {} at one question",
            counted(later, "request"),
            attempts(most)
        ),
    );
    let separate = probe.jobs.len() > 1;
    let grade = match (most, later) {
        (..=1, ..=1) => Grade::A,
        (..=1, later) if separate && later <= jobs_later + 1 => Grade::B,
        (..=1, _) => Grade::C,
        (2..=3, _) => Grade::D,
        _ => Grade::F,
    };
    let requests = counted(later, "request");
    sheet.graded(grade, format!("{requests} after the API had said that the money is spent"), FIX)
}

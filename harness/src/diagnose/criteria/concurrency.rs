//! Whether many files at once survive the API's limits.

use reports::card::{Criterion, Grade, Row};
use reports::text::counted;

use super::sheet::{Sheet, at_best, by_share};
use crate::diagnose::seen::{Probe, Seen};

/// Limits that ten files at once run into.
const LIMITED: [&str; 2] = ["many", "concurrency"];

const FIX: &str = "Bound the requests under way (a semaphore; `asyncio.Semaphore(4)`), slow down \
                   by the `anthropic-ratelimit-*` headers before the API refuses, and retry a 429 \
                   after its `retry-after` with enough attempts.";

pub(super) fn check(seen: &Seen) -> Row {
    let mut sheet = Sheet::of(Criterion::Concurrency);
    let mut grade = Grade::A;
    let (mut all, mut done, mut refused) = (0, 0, 0);
    for probe in LIMITED.iter().filter_map(|name| seen.probe(name)) {
        if probe.questions.is_empty() {
            continue;
        }
        let (answered, asked) = answered(probe);
        let failed = probe.attempts().filter(|attempt| attempt.cause.is_some()).count();
        let calls = probe.attempts().count();
        all += asked;
        done += answered;
        refused += failed;
        grade = at_best(grade, by_share(answered * 100 / asked));
        // Three requests for each answer are more trouble than the limit was.
        if calls > answered * 3 {
            grade = at_best(grade, Grade::C);
        }
        sheet.saw(
            probe,
            format!(
                "{answered} of {asked} answered; {failed} of {} refused",
                counted(calls, "request")
            ),
        );
    }
    if all == 0 {
        return sheet.not_shown("no load of several files was asked about");
    }
    let says = format!(
        "{done} of {all} questions at once were answered, {} refused on the way",
        counted(refused, "request")
    );
    sheet.graded(grade, says, FIX)
}

/// Questions that were answered, of those that should have been: one a file at least.
fn answered(probe: &Probe) -> (usize, usize) {
    let answered = probe.questions.iter().filter(|question| question.is_answered()).count();
    (answered, probe.questions.len().max(probe.jobs.len()))
}

//! Whether equal questions at the same time are paid for each.

use reports::card::{Basis, Criterion, Grade, Row};

use super::sheet::Sheet;
use crate::diagnose::seen::Seen;

const FIX: &str = "Let one request serve all who ask the same while it is under way: keep it by \
                   the key of the cache (one future a key, or a lock in the store), and let the \
                   others wait for it.";

pub(super) fn check(seen: &Seen) -> Row {
    let mut sheet = Sheet::of(Criterion::Duplicates);
    let Some(twins) = seen.probe("twins").filter(|probe| probe.jobs.len() > 1) else {
        return sheet.not_shown("the program takes all files at once, and gets each once");
    };
    let jobs = twins.jobs.len();
    let answered = twins.questions.iter().filter(|question| question.is_answered()).count();
    let paid = twins.jobs.iter().filter(|job| job.cost_microusd > 0).count();
    sheet.saw(twins, format!("{jobs} times the same file at once: paid {paid} times"));
    if !twins.is_done() || answered == 0 {
        return sheet.not_shown("the same file at the same time was not done");
    }
    let grade = match paid {
        0 | 1 => Grade::A,
        _ if paid < jobs => Grade::C,
        _ => Grade::F,
    };
    let spare: u64 = {
        let mut costs: Vec<u64> = twins.jobs.iter().map(|job| job.cost_microusd).collect();
        costs.sort_unstable_by(|a, b| b.cmp(a));
        costs[1..].iter().sum::<u64>() / (jobs as u64 - 1)
    };
    sheet.costs(spare, Basis::RepeatedFiles);
    sheet.graded(
        grade,
        format!("one answer, asked for {jobs} times at once, is paid {paid} times"),
        FIX,
    )
}

//! Whether equal questions at the same time are paid for each.

use reports::card::{Basis, Criterion, Grade, Row};
use reports::text::counted;

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
    if !twins.is_done() {
        return sheet.not_shown("the same file at the same time was not done");
    }
    let mut costs: Vec<u64> = twins.jobs.iter().map(|job| job.cost_microusd).collect();
    // Of equal questions at once it may not be known whose each was.
    let strays = twins.strays.iter().filter(|attempt| attempt.cause.is_none());
    costs.extend(strays.map(|attempt| attempt.cost_microusd));
    costs.retain(|cost| *cost > 0);
    costs.sort_unstable_by(|a, b| b.cmp(a));
    let paid = costs.len().min(jobs);
    let (asked, bought) = (counted(jobs, "time"), counted(paid, "time"));
    sheet.saw(twins, format!("{asked} the same file at once: paid {bought}"));
    let grade = match paid {
        0 | 1 => Grade::A,
        _ if paid < jobs => Grade::C,
        _ => Grade::F,
    };
    let spare: u64 = costs.iter().skip(1).sum::<u64>() / (jobs as u64 - 1);
    sheet.costs(spare, Basis::RepeatedFiles);
    let says = format!("one answer, asked for {asked} at once, is paid {bought}");
    sheet.graded(grade, says, FIX)
}

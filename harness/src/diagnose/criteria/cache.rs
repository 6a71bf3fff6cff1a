//! Whether unchanged input is paid for again.

use reports::card::{Basis, Criterion, Grade, Row};
use reports::text::counted;
use reports::text::usd;

use super::sheet::Sheet;
use crate::diagnose::seen::{Probe, Seen};

/// What a cache leaves to be paid for that knows parts, in percent of the whole, at most.
const PART_PERCENT: u64 = 60;

const FIX: &str = "Keep answers under a hash of everything that decides them (model, prompt, file, \
                   parameters), and look there before asking. Where a part changes, key by part. \
                   `cache_control` on the unchanged beginning makes reading it ten times cheaper.";

pub(super) fn check(seen: &Seen) -> Row {
    let mut sheet = Sheet::of(Criterion::Cache);
    let Some(same) = seen.probe("identical").filter(|probe| is_whole(probe)) else {
        return sheet.not_shown("the same file was not done several times in order");
    };
    let costs: Vec<u64> = same.jobs.iter().map(|job| job.cost_microusd).collect();
    let (first, later) = (costs[0], &costs[1..]);
    let again: u64 = later.iter().sum();
    let mean = again / later.len() as u64;
    let calls: u64 = same.jobs.iter().map(|job| job.calls).sum();
    let calls = counted(calls, "request");
    let (rounds, once, later_on) = (same.jobs.len(), usd(first), usd(mean));
    sheet.saw(same, format!("{rounds} times: {calls}, {once} and then {later_on} a time"));
    if first == 0 {
        return sheet.not_shown("not even the first time was paid for: a cache was full already");
    }
    sheet.costs(mean, Basis::RepeatedFiles);
    let edited = seen.probe("edited").filter(|probe| is_whole(probe));
    let edited_percent = edited.map(|probe| {
        let percent = later_percent(probe);
        sheet.saw(probe, format!("a changed function costs {percent} % of the whole file"));
        percent
    });
    let by_parts = edited_percent.is_none_or(|percent| percent <= PART_PERCENT);
    let grade = match mean * 100 / first {
        0 if by_parts => Grade::A,
        0 => Grade::B,
        percent if percent <= PART_PERCENT => Grade::C,
        _ => Grade::F,
    };
    let says = match (mean, grade) {
        (0, Grade::A) => "an unchanged file is paid for once".to_owned(),
        (0, _) => "an unchanged file is paid for once, one with a small change again as a whole"
            .to_owned(),
        _ => {
            let percent = mean * 100 / first;
            format!("an unchanged file costs {percent} % of the first time, each time")
        }
    };
    sheet.graded(grade, says, FIX)
}

/// Whether everything in it was done, more than once.
fn is_whole(probe: &Probe) -> bool {
    probe.jobs.len() > 1 && probe.is_done()
}

/// What a later round costs, in percent of the first.
fn later_percent(probe: &Probe) -> u64 {
    let costs: Vec<u64> = probe.jobs.iter().map(|job| job.cost_microusd).collect();
    let later: u64 = costs[1..].iter().sum();
    (later * 100).checked_div(costs[0] * (costs.len() as u64 - 1)).unwrap_or(0)
}

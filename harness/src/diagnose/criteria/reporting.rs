//! Whether lost work is reported as lost: by an exit status, a status of a service, anything.

use reports::card::{Criterion, Grade, Row};

use super::sheet::Sheet;
use crate::diagnose::seen::Seen;

const FIX: &str = "Let the error out: exit with a status other than 0 (a service: answer with 5xx) \
                   when a file could not be done. Do not catch it and go on.";

pub(super) fn check(seen: &Seen) -> Row {
    let mut sheet = Sheet::of(Criterion::Reporting);
    let (mut lost, mut silent) = (0, 0);
    for probe in seen.all() {
        let here = probe.lost_silently();
        silent += here;
        // A job whose time was over had no time to say anything.
        lost += here + if probe.was_stopped() { 0 } else { probe.lost_and_said_so() };
        if here > 0 {
            sheet.saw(probe, format!("{here} of {} lost, and reported as done", probe.jobs.len()));
        }
    }
    if lost == 0 {
        return sheet.not_shown("nothing was lost that it could have reported");
    }
    let grade = match silent {
        0 => Grade::A,
        _ if silent * 2 > lost => Grade::F,
        _ => Grade::D,
    };
    let says = match silent {
        0 if lost == 1 => "the file that was lost was reported as lost".to_owned(),
        0 => format!("all {lost} files that were lost were reported as lost"),
        1 if lost == 1 => "the file that was lost was reported as done".to_owned(),
        _ => format!("{silent} of {lost} files that were lost were reported as done"),
    };
    sheet.graded(grade, says, FIX)
}

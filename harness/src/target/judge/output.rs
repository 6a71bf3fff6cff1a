//! What the job prints, or a service answers.

use super::work::{KEPT_OUTPUT, Work, Wrong, matches, refused};

/// Checks that the output matches.
pub(super) fn check(expression: &str, work: &Work<'_>) -> Result<(), Wrong> {
    if matches(expression, &String::from_utf8_lossy(&whole(work)?)) {
        return Ok(());
    }
    Err(refused(format!("its output has no match for `{expression}`")))
}

/// All of the output, where it is not more than anybody would read.
pub(super) fn whole(work: &Work<'_>) -> Result<Vec<u8>, Wrong> {
    work.output
        .whole()
        .ok_or_else(|| refused(format!("its output is larger than {} MB", KEPT_OUTPUT >> 20)))
}

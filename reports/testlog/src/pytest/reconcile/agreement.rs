//! Whether a final line fits what was read of the session before it.

use crate::Counts;
use crate::pytest::session::Session;
use crate::pytest::syntax::rule::Final;

/// Whether a final line can be that of a session of which results were read. Parts that fail are
/// not always shown while tests run, and files that cannot be collected never are.
pub(crate) fn agrees(session: &Session, last: &Final) -> bool {
    let Session { facts, results, .. } = session;
    let (read, announced) = (&results.read, &last.counts);
    let seen = results.verbose || results.lettered || facts.collection_errors.is_some();
    let errors = read.errors.saturating_add(facts.collection_errors.unwrap_or(0));
    seen && passes(read, announced)
        && missing(session, last) == 0
        && read.xpassed == announced.xpassed
        && skips(session, announced) == quiet(announced)
        && failed(read) <= failed(announced)
        && (errors == announced.errors || facts.collection_errors.is_none())
        && read.errors <= announced.errors
}

/// Whether a final line accounts for every test that was collected, or, where the log does not
/// say how many these are, for all that the summary names.
pub(crate) fn accounts(session: &Session, last: &Final) -> bool {
    let Session { facts, footer, .. } = session;
    let counts = &last.counts;
    // A file that was skipped as a whole is no test.
    let files = facts.collection_skips.unwrap_or(0);
    match facts.size().filter(|total| *total > 0) {
        Some(total) => accounted(counts) >= total && counts.tests() <= total.saturating_add(files),
        // With `-q` only the summary says how many there are.
        None => footer.summed != (0, 0) && footer.summed == (failed(counts), counts.errors),
    }
}

/// The tests that counts account for, one way or another.
const fn accounted(counts: &Counts) -> u64 {
    counts.tests().saturating_add(counts.errors).saturating_add(counts.deselected)
}

/// The failures of tests and of their parts.
pub(crate) const fn failed(counts: &Counts) -> u64 {
    counts.failed.saturating_add(counts.subtests_failed)
}

/// Parts that held are hidden, counted on their own, or, in old versions, counted as passed.
pub(super) const fn passes(read: &Counts, announced: &Counts) -> bool {
    read.passed == announced.passed || read.passed + read.subtests_passed == announced.passed
}

/// Versions and plugins differ in where they count parts that were not run or failed as marked.
pub(super) const fn quiet(counts: &Counts) -> u64 {
    counts.skipped.saturating_add(counts.xfailed).saturating_add(counts.subtests_skipped)
}

/// Tests of those collected that a final line does not account for, where nothing stopped the
/// session: then the line is that of another one, shown by a test of this one.
pub(super) fn missing(session: &Session, last: &Final) -> u64 {
    let facts = &session.facts;
    let found = accounted(&last.counts);
    let stopped = facts.is_stopped() || last.listed;
    // Without another session in sight, a `conftest.py` has left tests out after collecting them.
    facts
        .total
        .filter(|_| !stopped && (facts.nested || found == 0))
        .map_or(0, |total| total.saturating_sub(found))
}

/// What was read of tests that were skipped or failed as marked, with the files that were skipped
/// as a whole. Where the log does not say how many these are (`-q`, workers), the final line alone
/// does: no test is among them.
pub(super) fn skips(session: &Session, announced: &Counts) -> u64 {
    let counts = &session.results.read;
    let read = quiet(counts);
    match session.facts.collection_skips {
        Some(files) => read.saturating_add(files),
        None if announced.skipped > counts.skipped => read.max(quiet(announced)),
        None => read,
    }
}

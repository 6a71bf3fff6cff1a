//! What the end of a log says by itself: headers, summary and final line of one session.
//!
//! With `-s` a test's output stands among the results, and may look like one. But the end of the
//! log names the same failures three times. Where these agree, they are the truth, and
//! results that disagree were printed by a test.

use std::collections::BTreeSet;

use super::agreement::{accounts, agrees, failed};
use super::listed::{Evidence, Listed, paired};
use crate::pytest::results::Failing;
use crate::pytest::session::Session;
use crate::pytest::syntax::summary::SummaryLine;
use crate::pytest::syntax::word::Word;

/// The failures and the errors as the end of the log names them, where it fits together and the
/// results that were read do not fit it.
pub(super) fn of_both_kinds(
    session: &Session,
    failing: &[Failing],
    evidence: [&Evidence<'_>; 2],
) -> Option<[Vec<Listed>; 2]> {
    let Session { results, footer, .. } = session;
    let last = footer.last.filter(|last| accounts(session, last))?;
    let agree = if results.verbose {
        let of = |error: bool| -> Vec<&Failing> {
            let own = failing.iter().filter(|known| known.word != Word::Passed);
            own.filter(|known| (known.word == Word::Error) == error).collect()
        };
        same(&of(false), evidence[0], footer.group) && same(&of(true), evidence[1], footer.group)
    } else {
        let parts = evidence[0].lines.iter().any(|line| line.word == Word::SubFailed);
        let fewer = !parts && results.read.failed < last.counts.failed;
        let none = failed(&last.counts) == 0 && last.counts.errors == 0;
        agrees(session, &last) && !fewer || none || !results.lettered
    };
    // Nothing else says that an attempt did not count.
    if agree || results.read.reruns > 0 {
        return None;
    }
    Some([of_one_kind(evidence[0], footer.group)?, of_one_kind(evidence[1], footer.group)?])
}

/// The failures of one kind by the last summary, if it names as many as there must be, and every
/// header that there is agrees.
fn of_one_kind(evidence: &Evidence<'_>, group: u32) -> Option<Vec<Listed>> {
    let own = own(evidence, group);
    if evidence.wanted != Some(own.len()) {
        return None;
    }
    let found = paired(own, evidence);
    (found.len() == own.len()).then_some(found)
}

/// Whether the tests that were read are those that the last summary names. Parts are not
/// compared: not every version shows them while tests run.
fn same(failing: &[&Failing], evidence: &Evidence<'_>, group: u32) -> bool {
    let ids: BTreeSet<&[u8]> = failing.iter().map(|known| known.id.as_slice()).collect();
    let known = |line: &&&SummaryLine| {
        let mut ends = memchr::memmem::find_iter(&line.rest, b" - ").take(ENDS);
        ids.contains(line.rest.as_slice()) || ends.any(|end| ids.contains(&line.rest[..end]))
    };
    let own = own(evidence, group).iter().filter(|line| is_test(line));
    own.clone().count() == failing.iter().filter(|known| known.word != Word::SubFailed).count()
        && own.filter(|line| !known(line)).count() == 0
}

/// The places of a line at which an id may end.
const ENDS: usize = 64;

/// Whether a line is about a test, not about a file that could not be collected.
fn is_test(line: &SummaryLine) -> bool {
    line.word == Word::Failed
        || line.word == Word::Error && memchr::memmem::find(&line.rest, b"::").is_some()
}

fn own<'a, 'b>(evidence: &'b Evidence<'a>, group: u32) -> &'b [&'a SummaryLine] {
    let first = evidence.lines.partition_point(|line| line.group < group);
    &evidence.lines[first..]
}

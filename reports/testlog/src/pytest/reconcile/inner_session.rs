//! What was read of another session, which a test of this one shows.
//!
//! Suites of pytest's plugins print whole sessions, and a log may be cut right behind one. Its
//! final line must not end the session that it was printed in.

use super::agreement::{accounts, agrees, failed};
use crate::pytest::session::Session;
use crate::pytest::syntax::rule::Final;
use crate::pytest::syntax::summary::SummaryLine;
use crate::pytest::syntax::word::Word;

/// Whether a final line is that of a session in a test: a session that says nothing at its
/// beginning rules no line at its end, and one that shows names has shown some.
pub(crate) fn ends_with(session: &Session, line: &[u8], last: &Final) -> bool {
    let Session { facts, results, .. } = session;
    let counts = &last.counts;
    let ruled = line.first() == Some(&b'=');
    let less = results.read.failed > counts.failed || results.read.passed > counts.passed;
    let unnamed = session.is_unnamed() && !accounts(session, last);
    // A session that says its version at the beginning rules its final line.
    let bare = facts.version.is_some() && !ruled;
    bare || facts.glued && (ruled || less) || unnamed && counts.tests() > 0
}

/// Forgets what is seen, now that all was read, to be of a session in a test.
pub(super) fn forget(session: &mut Session) {
    if session.is_unnamed() {
        session.distrust();
        let last = session.footer.last.filter(|last| accounts(session, last));
        session.footer.last = last;
    }
    if shows_more(session) || awaits_summary(session) || is_summing_up(session) {
        session.footer.last = None;
    }
    // A summary stands before the final line. One that stands behind it and names more is that of
    // a session that ended without such a line, as it does with `-qq`.
    let (failures, errors) = session.footer.summed;
    let fewer = |last: Final| failures > failed(&last.counts) || errors > last.counts.errors;
    if session.footer.resumed && session.footer.last.is_some_and(fewer) {
        session.footer.last = None;
        session.distrust();
    }
}

/// Whether letters show more failures than the final line has. Only how many tests there are can
/// show that some of the letters were another session's.
fn shows_more(session: &Session) -> bool {
    let Session { facts, results, footer, .. } = session;
    let letters = results.lettered && !results.verbose && results.read.reruns == 0;
    let more = |last: Final| {
        let accounted = facts.size().is_some() && accounts(session, &last);
        results.read.failed > failed(&last.counts) && !accounted
    };
    letters && footer.last.is_some_and(more)
}

/// Whether the first failure that was shown is in no summary yet, though there is one: then the
/// summary, and the final line below it, are of a session that this failure's test shows.
///
/// What was captured only stands under a header, so the first header of each kind is the
/// session's own, or, with `-s`, of a session in a test, which sums it up itself.
fn awaits_summary(session: &Session) -> bool {
    let footer = &session.footer;
    let unnamed = |error: bool| {
        let of_kind = |line: &&SummaryLine| match line.word {
            Word::Error => error,
            _ => !error && line.is_failed(),
        };
        let first = footer.bodies.iter().find(|body| body.is_error() == error);
        let mut lines = footer.lines.iter().filter(of_kind).peekable();
        lines.peek().is_some()
            && first.is_some_and(|body| !lines.any(|line| line.is_titled(&body.title)))
    };
    unnamed(false) || unnamed(true)
}

/// Whether a summary still awaits its final line, and the one that was read does not agree with
/// what was shown of the tests: then it ends a session that a message in the summary shows. Where
/// the log says how many tests there are, that number decides.
fn is_summing_up(session: &Session) -> bool {
    let Session { facts, results, footer, .. } = session;
    let shown = results.lettered || results.verbose;
    let unsure = facts.size().is_none() && shown && footer.unended > 0;
    unsure && footer.last.is_some_and(|last| !agrees(session, &last))
}

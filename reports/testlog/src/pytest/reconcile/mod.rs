//! From candidates to cases: the same failures, named three times, checked against each other.
//!
//! With `-v` the progress names every failure and the rest only adds details. Without it the
//! summary names them and headers say where each id ends; letters and the final line say how
//! many there are, and so which of several summaries is pytest's own.

// Whether a final line fits, and whose it is.
pub(super) mod agreement;
pub(super) mod inner_session;

// The failures of one kind, by what names them.
mod align;
mod by_progress;
mod by_summary;
mod footer_evidence;
mod listed;

// The run.
mod conclude;

use self::agreement::failed;
use self::listed::{Evidence, Listed};
use super::results::Failing;
use super::session::Session;
use super::syntax::body::{Body, exception};
use super::syntax::summary::SummaryLine;
use super::syntax::word::Word;
use crate::bytes::lossy;
use crate::{Case, Counts, NodeId, Phase, Runner, Status, TestRun};

/// Turns what was collected into a run.
pub(super) fn reconcile(mut session: Session) -> TestRun {
    inner_session::forget(&mut session);
    let (mut errors, mut failures): (Vec<Body>, Vec<Body>) =
        std::mem::take(&mut session.footer.bodies).into_iter().partition(Body::is_error);
    let lines = std::mem::take(&mut session.footer.lines);
    let failing = std::mem::take(&mut session.results.failing);
    let lists = lists(&mut session, failing, &lines, [&failures, &errors]);
    let mut run = TestRun::new(Runner::Pytest);
    run.cases.extend(lists.flaky.iter().map(|known| case(known, &mut [])));
    run.cases.extend(lists.errors.iter().map(|known| case(known, &mut errors)));
    run.cases.extend(lists.failed.iter().map(|known| case(known, &mut failures)));
    conclude::conclude(run, session)
}

/// Every case that did not simply hold, by kind.
struct Lists {
    flaky: Vec<Listed>,
    errors: Vec<Listed>,
    failed: Vec<Listed>,
}

fn lists(
    session: &mut Session,
    failing: Vec<Failing>,
    lines: &[SummaryLine],
    [failures, errors]: [&[Body]; 2],
) -> Lists {
    let collected = session.facts.collection_errors.unwrap_or(0);
    let read = &session.results.read;
    let all_errors = read.errors.saturating_add(collected);
    let failed = evidence(session, failures, lines, (failed, failed(read)), SummaryLine::is_failed);
    let error = evidence(session, errors, lines, (|counts| counts.errors, all_errors), |line| {
        line.word == Word::Error
    });
    if let Some([failed, errors]) =
        footer_evidence::of_both_kinds(session, &failing, [&failed, &error])
    {
        session.distrust();
        name_quiet(session, lines);
        return Lists { flaky: Vec::new(), errors, failed };
    }
    if session.results.verbose {
        let (broken, rest): (Vec<Failing>, Vec<Failing>) =
            failing.into_iter().partition(|known| known.word == Word::Error);
        let (flaky, rest): (Vec<Failing>, Vec<Failing>) =
            rest.into_iter().partition(|known| known.word == Word::Passed);
        let flaky = flaky.into_iter().map(|known| Listed::shown(known, Phase::Call)).collect();
        let mut errors = by_progress::collection_errors(&error, broken.len());
        errors.extend(by_progress::failures(broken, &error));
        return Lists { flaky, errors, failed: by_progress::failures(rest, &failed) };
    }
    let failed = by_summary::failures(&failed, &session.results.failed_files);
    let errors = by_summary::failures(&error, &[]);
    name_quiet(session, lines);
    Lists { flaky: Vec::new(), errors, failed }
}

/// What there is about the failures of one kind: how the final line counts them, how many of
/// them were read, and which lines of the summary name them.
fn evidence<'a>(
    session: &Session,
    bodies: &'a [Body],
    lines: &'a [SummaryLine],
    (count, read): (fn(&Counts) -> u64, u64),
    is_own: impl Fn(&SummaryLine) -> bool,
) -> Evidence<'a> {
    let Session { facts, results, footer, .. } = session;
    let progress = results.verbose || results.lettered;
    // Without a final line the progress says how many there are, none included; but files that
    // cannot be collected show in no letter.
    let seen = progress && facts.collection_errors.is_none();
    let read = ((read > 0 || seen) && !results.parts).then_some(read);
    let wanted = footer.last.map(|last| count(&last.counts)).or(read);
    let (own, others): (Vec<&SummaryLine>, Vec<&SummaryLine>) =
        lines.iter().partition(|line| is_own(line));
    Evidence {
        bodies,
        lines: own,
        breaks: others.iter().map(|line| line.at).collect(),
        wanted: wanted.and_then(|count| usize::try_from(count).ok()),
        progress,
    }
}

/// With `-rA` the summary names what did not fail as well: one line each, without a message, so
/// pytest's own lines stand together and are as many as were counted.
fn name_quiet(session: &mut Session, lines: &[SummaryLine]) {
    let Some(announced) = session.footer.last.map(|last| last.counts) else { return };
    for (word, part, count) in [
        (Word::Passed, Word::SubPassed, announced.passed),
        (Word::Xfail, Word::Xfail, announced.xfailed),
    ] {
        let own = lines.iter().filter(|line| line.word == word || line.word == part);
        let mut blocks: Vec<Vec<&SummaryLine>> = Vec::new();
        for line in own {
            // Reasons stand between marked failures, on lines of their own.
            let together = |last: &&SummaryLine| word == Word::Xfail || last.at + 1 == line.at;
            match blocks.last_mut() {
                Some(block) if block.last().is_some_and(together) => block.push(line),
                _ => blocks.push(vec![line]),
            }
        }
        // Parts stand among the tests, and old versions count them as tests.
        let whole = |block: &Vec<&SummaryLine>| {
            let tests = block.iter().filter(|line| line.word == word).count();
            tests as u64 == count || block.len() as u64 == count
        };
        let own = blocks.into_iter().rev().find(whole);
        for line in own.into_iter().flatten() {
            let id = if word == Word::Passed { &line.rest } else { line.guess().0 };
            session.results.quiet.push(line.word.status(), id);
        }
    }
}

fn case(known: &Listed, bodies: &mut [Body]) -> Case {
    let status = match known.word {
        Word::Passed => Status::Flaky,
        word => word.status(),
    };
    let mut case = Case::new(NodeId::pytest(lossy(&known.id)), status, known.phase);
    case.attempts = known.attempts;
    case.subtest = known.part.as_deref().map(lossy);
    if let Some(body) = known.body.and_then(|at| bodies.get_mut(at)) {
        if body.title.starts_with(b"ERROR at teardown ") {
            case.phase = Phase::Teardown;
        }
        case.message = body.message();
        case.exception = body.exception(&case.message);
        case.location = body.location();
        case.captured = body.captured();
    }
    if case.message.is_empty() && !known.message.is_empty() {
        case.message = lossy(&known.message);
        case.message_cut = true;
        case.exception = exception(&case.message).map(str::to_owned);
    }
    case
}

//! What is said of a session as a whole: its counts, whether they agree, and its exit code.

use super::agreement::{failed, missing, passes, quiet, skips};
use crate::pytest::boundaries::CONFTEST;
use crate::pytest::session::Session;
use crate::{Case, Completeness, Counts, Held, Status, TestRun};
use reports::text::counted;

/// Adds to the cases of a run what is to be said of all of them.
pub(super) fn conclude(mut run: TestRun, mut session: Session) -> TestRun {
    let announced = session.footer.last.map(|last| last.counts);
    if let Some(announced) = &announced {
        let read = quiet(&session.results.read);
        let files = skips(&session, announced).saturating_sub(read);
        let skipped = &mut session.results.read.skipped;
        *skipped = skipped.saturating_add(files);
    }
    let cases = Cases::of(&run);
    let progress = session.results.verbose || session.results.lettered;
    let mut read = with_hidden(session.results.read, &cases);
    let mut problems = Vec::new();
    let missing = session.footer.last.map_or(0, |last| missing(&session, &last));
    if missing > 0 {
        problems.push(format!("{} collected without a result", counted(missing, "test")));
    }
    if let Some(announced) = announced {
        read.deselected = announced.deselected;
        differences(&read, &announced, &cases, progress, &mut problems);
        if !progress {
            read = announced;
        }
    }
    if session.results.dropped > 0 {
        problems.push(format!(
            "{} without room for an id",
            counted(session.results.dropped, "failure")
        ));
    }
    run.completeness = match announced {
        None => Completeness::NoFinalLine,
        Some(_) => Completeness::from_problems(problems),
    };
    let total = announced.unwrap_or(read);
    run.held = held(&total, &cases, session.results.quiet.kept());
    run.exit_hint = exit_hint(&mut session, &total);
    run.version = session.facts.version;
    run.quiet = session.results.quiet;
    run.read = read;
    run.announced = announced;
    run.session_error = session.facts.error;
    run.duration_ms = session.footer.last.map(|last| last.duration_ms);
    run
}

/// The cases by kind.
struct Cases {
    failed: u64,
    failed_parts: u64,
    errors: u64,
    flaky: u64,
}

impl Cases {
    fn of(run: &TestRun) -> Self {
        let count = |of: fn(&Case) -> bool| run.cases.iter().filter(|case| of(case)).count() as u64;
        let failed_parts = count(|case| case.status == Status::SubtestFailed);
        Self {
            failed: count(|case| case.status == Status::Failed) + failed_parts,
            failed_parts,
            errors: count(|case| case.status == Status::Error),
            flaky: count(|case| case.status == Status::Flaky),
        }
    }
}

/// The counts of what was shown, with what only the summary has: files that could not be
/// collected, and some parts.
fn with_hidden(mut read: Counts, cases: &Cases) -> Counts {
    read.errors = read.errors.max(cases.errors);
    if cases.failed > failed(&read) {
        let more = cases.failed - failed(&read);
        let parts = more.min(cases.failed_parts);
        read.subtests_failed += parts;
        read.failed += more - parts;
    }
    read
}

/// Where what was read is not what was announced, in words.
fn differences(
    read: &Counts,
    announced: &Counts,
    cases: &Cases,
    progress: bool,
    problems: &mut Vec<String>,
) {
    let mut differs = |kind: &str, announced: u64, read: u64| {
        if announced != read {
            problems.push(format!("{announced} {kind} announced, {read} read"));
        }
    };
    differs("failed", failed(announced), cases.failed);
    differs("errors", announced.errors, cases.errors);
    if !progress {
        return;
    }
    if !passes(read, announced) {
        differs("passed", announced.passed, read.passed);
    }
    differs("xpassed", announced.xpassed, read.xpassed);
    differs("skipped or xfailed", quiet(announced), quiet(read));
    if cases.failed == failed(announced) {
        differs("failed", cases.failed, failed(read));
    }
}

/// Whose ids there are, of this many reports; `quiet` ids are of what did not fail.
const fn held(total: &Counts, cases: &Cases, quiet_ids: u64) -> Held {
    let held = total.passed.saturating_add(quiet(total)).saturating_add(total.xpassed);
    if cases.failed + cases.errors < failed(total).saturating_add(total.errors) {
        Held::Some
    } else if quiet_ids + cases.flaky >= held {
        Held::All
    } else {
        Held::Failures
    }
}

/// The exit code, where pytest said more than its counts do.
fn exit_hint(session: &mut Session, total: &Counts) -> Option<u8> {
    let last = session.footer.last;
    let facts = &mut session.facts;
    match exit(facts.error.as_deref(), total, last.is_some()) {
        Some(5) if last.is_some_and(|last| last.listed) => Some(0),
        // It is only said where nothing ran.
        Some(5) if facts.absent.is_some() => {
            facts.error = facts.absent.take();
            Some(4)
        }
        code => code,
    }
}

/// The exit code that pytest ends with after what it printed.
fn exit(session_error: Option<&str>, counts: &Counts, ended: bool) -> Option<u8> {
    let said = session_error.unwrap_or_default();
    if said.starts_with("INTERNALERROR") {
        return Some(3);
    }
    if said.starts_with(CONFTEST) {
        return Some(4);
    }
    if !ended {
        return None;
    }
    // Workers say it by the name of their exception.
    let interrupted = said.starts_with("Interrupted") || said.contains(".Interrupted: ");
    if interrupted || said.contains("KeyboardInterrupt") {
        return Some(2);
    }
    if said.contains("outcomes.Exit: ") {
        // Whoever ends the session names the code.
        return None;
    }
    if failed(counts) > 0 || counts.errors > 0 {
        return Some(1);
    }
    Some(if counts.tests() == 0 { 5 } else { 0 })
}

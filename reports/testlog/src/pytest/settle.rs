//! From candidates to cases: the same failures, told three times, held against each other.
//!
//! With `-v` the progress names every failure and the rest only adds details. Without it the
//! summary names them and headers say where each id ends; letters and the final line say how
//! many there are, and so which of several summaries is pytest's own.

use super::body::{Body, lossy};
use super::list::{Evidence, Listed, collection_errors, from_progress, from_summary, listed};
use super::progress::Word;
use super::rule::Final;
use super::summary::Line;
use super::{Failing, Reader, status, told};
use crate::{Case, Completeness, Counts, Held, NodeId, Phase, Runner, Status, TestRun};

/// Whether a final line can be that of a run of which the progress was read. Parts that fail are
/// not always shown while tests run, and files that cannot be collected never are.
pub(super) fn agrees(reader: &Reader, last: &Final) -> bool {
    let (read, announced) = (&reader.read, &last.counts);
    let seen = reader.verbose || reader.lettered || reader.collection_errors.is_some();
    let errors = read.errors.saturating_add(reader.collection_errors.unwrap_or(0));
    seen && passes(read, announced)
        && missing(reader, last) == 0
        && read.xpassed == announced.xpassed
        && skips(reader, announced) == quiet(announced)
        && failed(read) <= failed(announced)
        && (errors == announced.errors || reader.collection_errors.is_none())
        && read.errors <= announced.errors
}

pub(super) const fn failed(counts: &Counts) -> u64 {
    counts.failed.saturating_add(counts.subtests_failed)
}

/// Parts that held are hidden, counted on their own, or, in old versions, counted as passed.
const fn passes(read: &Counts, announced: &Counts) -> bool {
    read.passed == announced.passed || read.passed + read.subtests_passed == announced.passed
}

/// Versions and plugins differ in where they count parts that were not run or failed as marked.
const fn quiet(counts: &Counts) -> u64 {
    counts.skipped.saturating_add(counts.xfailed).saturating_add(counts.subtests_skipped)
}

/// Tests of those collected that a final line does not account for, where nothing stopped the
/// session: then the line is that of another one, shown by a test of this one.
fn missing(reader: &Reader, last: &Final) -> u64 {
    let counts = &last.counts;
    let told = counts.tests().saturating_add(counts.errors).saturating_add(counts.deselected);
    let stopped = reader.session_error.is_some() || reader.absent.is_some() || last.listed;
    // Without another session in sight, a `conftest.py` has left tests out after collecting them.
    reader
        .total
        .filter(|_| !stopped && (reader.nested || told == 0))
        .map_or(0, |total| total.saturating_sub(told))
}

/// What was read of them, with the files that were skipped as a whole. Where the log does not
/// say how many these are (`-q`, workers), the final line alone does: no test is among them.
fn skips(reader: &Reader, announced: &Counts) -> u64 {
    let read = quiet(&reader.read);
    match reader.collection_skips {
        Some(files) => read.saturating_add(files),
        None if announced.skipped > reader.read.skipped => read.max(quiet(announced)),
        None => read,
    }
}

/// Turns what was collected into a run.
pub(super) fn settle(mut reader: Reader) -> TestRun {
    let mut run = TestRun::new(Runner::Pytest);
    reader.disown();
    let announced = reader.last.map(|last| last.counts);
    let (mut errors, mut failures): (Vec<Body>, Vec<Body>) =
        std::mem::take(&mut reader.bodies).into_iter().partition(is_error);
    let lines = std::mem::take(&mut reader.lines);
    let failing = std::mem::take(&mut reader.failing);
    let progress = reader.verbose || reader.lettered;
    // Without a final line the progress says how many there are, none included; but files that
    // cannot be collected show in no letter.
    let seen = progress && reader.collection_errors.is_none();
    let wanted = |of: fn(&Counts) -> u64, read: u64| {
        let read = ((read > 0 || seen) && !reader.parts).then_some(read);
        let count = announced.as_ref().map(of).or(read);
        count.and_then(|count| usize::try_from(count).ok())
    };
    let failed_evidence = Evidence {
        bodies: &failures,
        lines: lines.iter().filter(|line| line.is_failed()).collect(),
        breaks: lines.iter().filter(|line| !line.is_failed()).map(|line| line.at).collect(),
        wanted: wanted(failed, failed(&reader.read)),
        progress,
    };
    let collected = reader.collection_errors.unwrap_or(0);
    let error_evidence = Evidence {
        bodies: &errors,
        lines: lines.iter().filter(|line| line.word == Word::Error).collect(),
        breaks: lines.iter().filter(|line| line.word != Word::Error).map(|line| line.at).collect(),
        wanted: wanted(|counts| counts.errors, reader.read.errors.saturating_add(collected)),
        progress,
    };
    let (mut failed_list, mut error_list, mut flaky) = (Vec::new(), Vec::new(), Vec::new());
    let told = told::both(&reader, &failing, [&failed_evidence, &error_evidence]);
    if let Some([failed, broken]) = told {
        (failed_list, error_list) = (failed, broken);
        reader.distrust();
        name_quiet(&mut reader, announced.as_ref(), &lines);
    } else if reader.verbose {
        let (broken, rest): (Vec<Failing>, Vec<Failing>) =
            failing.into_iter().partition(|known| known.word == Word::Error);
        let (flaky_ones, failed): (Vec<Failing>, Vec<Failing>) =
            rest.into_iter().partition(|known| known.word == Word::Passed);
        flaky = flaky_ones.into_iter().map(|known| listed(known, Phase::Call)).collect();
        failed_list = from_progress(failed, &failed_evidence);
        error_list = collection_errors(&error_evidence, broken.len());
        error_list.extend(from_progress(broken, &error_evidence));
    } else {
        failed_list.extend(from_summary(&failed_evidence, &reader.failed_files));
        error_list.extend(from_summary(&error_evidence, &[]));
        name_quiet(&mut reader, announced.as_ref(), &lines);
    }
    drop((failed_evidence, error_evidence));
    run.cases.extend(flaky.into_iter().map(|known| case(&known, &mut [])));
    run.cases.extend(error_list.into_iter().map(|known| case(&known, &mut errors)));
    run.cases.extend(failed_list.into_iter().map(|known| case(&known, &mut failures)));
    conclude(run, reader, announced)
}

pub(super) fn is_error(body: &Body) -> bool {
    body.title.starts_with(b"ERROR at ") || body.title.starts_with(b"ERROR collecting ")
}

/// With `-rA` the summary names what did not fail as well: one line each, without a message, so
/// pytest's own lines stand together and are as many as were counted.
fn name_quiet(reader: &mut Reader, announced: Option<&Counts>, lines: &[Line]) {
    let Some(announced) = announced else { return };
    for (word, part, count) in [
        (Word::Passed, Word::SubPassed, announced.passed),
        (Word::Xfail, Word::Xfail, announced.xfailed),
    ] {
        let own = lines.iter().filter(|line| line.word == word || line.word == part);
        let mut blocks: Vec<Vec<&Line>> = Vec::new();
        for line in own {
            // Reasons stand between marked failures, on lines of their own.
            let together = |last: &&Line| word == Word::Xfail || last.at + 1 == line.at;
            match blocks.last_mut() {
                Some(block) if block.last().is_some_and(together) => block.push(line),
                _ => blocks.push(vec![line]),
            }
        }
        // Parts stand among the tests, and old versions count them as tests.
        let whole = |block: &Vec<&Line>| {
            let tests = block.iter().filter(|line| line.word == word).count();
            tests as u64 == count || block.len() as u64 == count
        };
        let own = blocks.into_iter().rev().find(whole);
        for line in own.into_iter().flatten() {
            let id = if word == Word::Passed { &line.rest } else { line.guess().0 };
            reader.quiet.push(status(line.word), id);
        }
    }
}

fn case(known: &Listed, bodies: &mut [Body]) -> Case {
    let status = match known.word {
        Word::Passed => Status::Flaky,
        word => status(word),
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
        case.exception = super::exception(&case.message).map(str::to_owned);
    }
    case
}

fn conclude(mut run: TestRun, mut reader: Reader, announced: Option<Counts>) -> TestRun {
    if let Some(announced) = &announced {
        let files = skips(&reader, announced).saturating_sub(quiet(&reader.read));
        reader.read.skipped = reader.read.skipped.saturating_add(files);
    }
    let mut read = reader.read;
    let progress = reader.verbose || reader.lettered;
    let count = |of: fn(&Case) -> bool| run.cases.iter().filter(|case| of(case)).count() as u64;
    let (failed_ids, error_ids) =
        (count(|case| failed_status(case.status)), count(|case| case.status == Status::Error));
    // The summary has what the progress hides: files not collected, and some parts.
    read.errors = read.errors.max(error_ids);
    if failed_ids > failed(&read) {
        let more = failed_ids - failed(&read);
        let parts = more.min(count(|case| case.status == Status::SubtestFailed));
        read.subtests_failed += parts;
        read.failed += more - parts;
    }
    let mut problems = Vec::new();
    let missing = reader.last.map_or(0, |last| missing(&reader, &last));
    if missing > 0 {
        problems.push(format!("{missing} tests collected have no result"));
    }
    if let Some(announced) = announced {
        read.deselected = announced.deselected;
        let mut differs = |kind: &str, announced: u64, read: u64| {
            if announced != read {
                problems.push(format!("{announced} {kind} announced, {read} read"));
            }
        };
        differs("failed", failed(&announced), failed_ids);
        differs("errors", announced.errors, error_ids);
        if progress {
            if !passes(&read, &announced) {
                differs("passed", announced.passed, read.passed);
            }
            differs("xpassed", announced.xpassed, read.xpassed);
            differs("skipped or xfailed", quiet(&announced), quiet(&read));
            if failed_ids == failed(&announced) && failed(&read) != failed_ids {
                differs("failed", failed_ids, failed(&read));
            }
        } else {
            read = announced;
        }
    }
    if reader.dropped > 0 {
        problems.push(format!("{} failures without room for their ids", reader.dropped));
    }
    run.completeness = match announced {
        None => Completeness::NoFinalLine,
        Some(_) if problems.is_empty() => Completeness::Reconciled,
        Some(_) => Completeness::Mismatch(problems),
    };
    let total = announced.unwrap_or(read);
    let named = reader.quiet.kept() + count(|case| case.status == Status::Flaky);
    run.held = held(&total, failed_ids + error_ids, named);
    run.exit_hint = hint(&mut reader, &total);
    run.version = reader.version;
    run.quiet = reader.quiet;
    run.read = read;
    run.announced = announced;
    run.session_error = reader.session_error;
    run.duration_ms = reader.last.map(|last| last.duration_ms);
    run
}

/// Whose ids there are, of so many reports.
const fn held(total: &Counts, failures: u64, others: u64) -> Held {
    if failures < failed(total).saturating_add(total.errors) {
        Held::Some
    } else if others >= total.passed.saturating_add(quiet(total)).saturating_add(total.xpassed) {
        Held::All
    } else {
        Held::Failures
    }
}

const fn failed_status(status: Status) -> bool {
    matches!(status, Status::Failed | Status::SubtestFailed)
}

/// The exit code, where pytest said more than its counts do.
fn hint(reader: &mut Reader, total: &Counts) -> Option<u8> {
    match exit(reader.session_error.as_deref(), total, reader.last.is_some()) {
        Some(5) if reader.last.is_some_and(|last| last.listed) => Some(0),
        // It is only said where nothing ran.
        Some(5) if reader.absent.is_some() => {
            reader.session_error = reader.absent.take();
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
    if said.starts_with(super::CONFTEST) {
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

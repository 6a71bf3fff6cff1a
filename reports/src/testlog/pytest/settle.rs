//! From candidates to cases: the same failures, told three times, held against each other.
//!
//! With `-v` the progress names every failure and the rest only adds details. Without it the
//! summary names them and headers say where each id ends; letters and the final line say how
//! many there are, and so which of several summaries is pytest's own.

use std::collections::BTreeMap;

use super::body::{Body, lossy};
use super::progress::Word;
use super::summary::{self, Line};
use super::{Failing, Reader, align, status};
use crate::testlog::{Case, Completeness, Counts, Held, NodeId, Phase, Runner, Status, TestRun};

/// A failure with what was found about it.
struct Listed {
    id: Vec<u8>,
    word: Word,
    part: Option<Vec<u8>>,
    attempts: u32,
    phase: Phase,
    message: Vec<u8>,
    body: Option<usize>,
}

/// Whether a final line can be that of a run of which the progress was read. Parts that fail are
/// not always shown while tests run, and files that cannot be collected never are.
pub(super) fn agrees(reader: &Reader, announced: &Counts) -> bool {
    let read = &reader.read;
    let seen = reader.verbose || reader.lettered || reader.collection_errors.is_some();
    let errors = read.errors + reader.collection_errors.unwrap_or(0);
    seen && passes(read, announced)
        && read.xpassed == announced.xpassed
        && quiet(read) == quiet(announced)
        && failed(read) <= failed(announced)
        && (errors == announced.errors || reader.collection_errors.is_none())
        && read.errors <= announced.errors
}

const fn failed(counts: &Counts) -> u64 {
    counts.failed + counts.subtests_failed
}

/// Parts that held are hidden, counted on their own, or, in old versions, counted as passed.
const fn passes(read: &Counts, announced: &Counts) -> bool {
    read.passed == announced.passed || read.passed + read.subtests_passed == announced.passed
}

/// Versions and plugins differ in where they count parts that were not run or failed as marked.
const fn quiet(counts: &Counts) -> u64 {
    counts.skipped + counts.xfailed + counts.subtests_skipped
}

/// Everything that was collected about one kind of trouble.
struct Evidence<'a> {
    bodies: &'a [Body],
    lines: Vec<&'a Line>,
    /// Where lines of another kind stand between them.
    breaks: Vec<u64>,
    /// How many there must be, where anything says so.
    wanted: Option<usize>,
}

/// Turns what was collected into a run.
pub(super) fn settle(mut reader: Reader) -> TestRun {
    let mut run = TestRun::new(Runner::Pytest);
    let announced = reader.last.map(|last| last.counts);
    let (mut errors, mut failures): (Vec<Body>, Vec<Body>) =
        std::mem::take(&mut reader.bodies).into_iter().partition(is_error);
    let lines = std::mem::take(&mut reader.lines);
    let failing = std::mem::take(&mut reader.failing);
    let wanted = |of: fn(&Counts) -> u64, read: u64| {
        let read = (read > 0 && !reader.parts).then_some(read);
        let count = announced.as_ref().map(of).or(read);
        count.and_then(|count| usize::try_from(count).ok())
    };
    let failed_evidence = Evidence {
        bodies: &failures,
        lines: lines.iter().filter(|line| line.is_failed()).collect(),
        breaks: lines.iter().filter(|line| !line.is_failed()).map(|line| line.at).collect(),
        wanted: wanted(failed, failed(&reader.read)),
    };
    let collected = reader.collection_errors.unwrap_or(0);
    let error_evidence = Evidence {
        bodies: &errors,
        lines: lines.iter().filter(|line| line.word == Word::Error).collect(),
        breaks: lines.iter().filter(|line| line.word != Word::Error).map(|line| line.at).collect(),
        wanted: wanted(|counts| counts.errors, reader.read.errors + collected),
    };
    let (mut failed_list, mut error_list, mut flaky) = (Vec::new(), Vec::new(), Vec::new());
    if reader.verbose || reader.read.tests() == 0 && !failing.is_empty() {
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
    run.cases.extend(flaky.into_iter().map(|known| case(known, &mut [])));
    run.cases.extend(error_list.into_iter().map(|known| case(known, &mut errors)));
    run.cases.extend(failed_list.into_iter().map(|known| case(known, &mut failures)));
    conclude(run, reader, announced)
}

fn is_error(body: &Body) -> bool {
    body.title.starts_with(b"ERROR at ") || body.title.starts_with(b"ERROR collecting ")
}

fn listed(known: Failing, phase: Phase) -> Listed {
    let Failing { id, word, part, attempts, .. } = known;
    Listed { id, word, part, attempts, phase, message: Vec::new(), body: None }
}

/// The progress names the failures; headers and summary lines are matched to them.
fn from_progress(failing: Vec<Failing>, evidence: &Evidence<'_>) -> Vec<Listed> {
    let mut list: Vec<Listed> = failing
        .into_iter()
        .map(|known| {
            let phase = match (known.word, known.after_result) {
                (Word::Error, false) => Phase::Setup,
                (Word::Error, true) => Phase::Teardown,
                _ => Phase::Call,
            };
            listed(known, phase)
        })
        .collect();
    add_hidden_parts(&mut list, evidence);
    let bodies = evidence.bodies;
    let named = |known: usize, body: usize| {
        let known = &list[known];
        summary::names(&bodies[body].title, &known.id, known.word == Word::SubFailed)
    };
    for (known, body) in align::align(list.len(), bodies.len(), named) {
        list[known].body = Some(body);
    }
    let told = |known: usize, line: usize| {
        let (known, line) = (&list[known], evidence.lines[line]);
        match line.word {
            Word::SubFailed => known.word == line.word && line.guess().0 == known.id,
            _ => {
                let after = line.rest.strip_prefix(known.id.as_slice());
                after.is_some_and(|rest| rest.is_empty() || rest.starts_with(b" - "))
            }
        }
    };
    for (known, line) in align::align(list.len(), evidence.lines.len(), told) {
        let rest = &evidence.lines[line].rest;
        let known = &mut list[known];
        known.message = match known.word {
            Word::SubFailed => evidence.lines[line].guess().1.to_vec(),
            _ => rest.get(known.id.len() + 3..).unwrap_or_default().to_vec(),
        };
    }
    list
}

/// Hidden parts that are put in their place among the failures. Finding it takes a walk through
/// all of them, so where there are very many, they come last.
const PLACED: usize = 1000;

/// Parts that failed and were not shown while the tests ran: the summary has them.
fn add_hidden_parts(list: &mut Vec<Listed>, evidence: &Evidence<'_>) {
    let shown = list.iter().filter(|known| known.word == Word::SubFailed).count();
    let Some(hidden) = evidence.wanted.and_then(|wanted| wanted.checked_sub(list.len())) else {
        return;
    };
    if hidden == 0 {
        return;
    }
    let parts: Vec<&&Line> =
        evidence.lines.iter().filter(|line| line.word == Word::SubFailed).collect();
    // Only pytest's own lines count: those at the end, as many as there are parts.
    let Some(first) = parts.len().checked_sub(shown + hidden) else { return };
    let mut known: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    for shown in list.iter().filter(|known| known.word == Word::SubFailed) {
        *known.entry(shown.id.clone()).or_insert(0) += 1;
    }
    let few = parts.len() <= PLACED;
    for line in &parts[first..] {
        let id = line.guess().0;
        if let Some(left) = known.get_mut(id).filter(|left| **left > 0) {
            *left -= 1;
            continue;
        }
        let part = line.rest.strip_suffix(line.guess().1).map(|_| part_of(line, id));
        let hidden = Listed {
            id: id.to_vec(),
            word: Word::SubFailed,
            part: part.flatten(),
            attempts: 1,
            phase: Phase::Call,
            message: Vec::new(),
            body: None,
        };
        // Before the test that it is a part of, or where its file's other failures are.
        let at = list.iter().position(|known| few && known.id == id);
        let after = list.iter().rposition(|known| !few || known.id < hidden.id);
        list.insert(at.unwrap_or(after.map_or(0, |at| at + 1)), hidden);
    }
}

fn part_of(line: &Line, id: &[u8]) -> Option<Vec<u8>> {
    let at = memchr::memmem::find(&line.rest, id)?;
    let part = super::progress::trim_end(&line.rest[..at]);
    (!part.is_empty()).then(|| part.to_vec())
}

/// Files that could not be collected: no progress shows them, and they come first of all errors.
fn collection_errors(evidence: &Evidence<'_>, others: usize) -> Vec<Listed> {
    let count = evidence.wanted.unwrap_or(0).saturating_sub(others);
    let from_line = |line: &&Line| {
        let (id, message) = line.guess();
        (id.to_vec(), message.to_vec(), None)
    };
    let headers: Vec<(Vec<u8>, Vec<u8>, Option<usize>)> = evidence
        .bodies
        .iter()
        .enumerate()
        .filter_map(|(at, body)| {
            let file = body.title.strip_prefix(b"ERROR collecting ")?;
            Some((file.to_vec(), Vec::new(), Some(at)))
        })
        .take(count)
        .collect();
    let found = if headers.is_empty() {
        let last = evidence.lines.last().map_or(0, |line| line.group);
        let file = |line: &&&Line| memchr::memmem::find(&line.rest, b"::").is_none();
        let own = evidence.lines.iter().filter(|line| line.group == last).filter(file);
        own.take(count).map(from_line).collect()
    } else {
        headers
    };
    let list = found.into_iter().map(|(id, message, body)| Listed {
        id,
        word: Word::Error,
        part: None,
        attempts: 1,
        phase: Phase::Collection,
        message,
        body,
    });
    list.collect()
}

/// How many summaries are tried, from the last one back: a message may hold a forged one.
const SUMMARIES: u32 = 64;

/// The summary names the failures; headers say where each id ends and which lines are forged.
fn from_summary(evidence: &Evidence<'_>, files: &[Vec<u8>]) -> Vec<Listed> {
    let lines = &evidence.lines;
    let Some(last) = lines.last().map(|line| line.group) else {
        return from_headers(evidence, files);
    };

    let mut best: Vec<Listed> = Vec::new();
    for back in 0..SUMMARIES.min(last) {
        let first = lines.partition_point(|line| line.group < last - back);
        if back > 0 && first == lines.len() {
            continue;
        }
        let all = &lines[first..];
        let Some(wanted) = evidence.wanted else { return paired(all, evidence) };
        // Lines that echo a message go only where there are too many: a message may foretell
        // the very line that comes next.
        let own: Vec<&Line> = all.iter().copied().filter(|line| !line.forged).collect();
        for lines in [all, &own] {
            let found = paired(lines, evidence);
            if found.len() == wanted {
                return found;
            }
        }
        // Without headers, or with forged ones only, the lines themselves must be as many.
        let blocks = blocks(all, &evidence.breaks);
        let whole = [all, &own].into_iter();
        if let Some(block) = whole.chain(blocks).find(|block| block.len() == wanted) {
            return guessed(block);
        }
        let found = paired(&own, evidence);
        if best.len() < found.len() || back == 0 {
            best = found;
        }
        if first == 0 {
            break;
        }
    }
    best
}

/// Lines that nothing of another kind stands between: a summary tells kind by kind.
fn blocks<'a, 'b>(lines: &'b [&'a Line], breaks: &[u64]) -> Vec<&'b [&'a Line]> {
    lines
        .chunk_by(|one, next| {
            let between = breaks.partition_point(|at| *at < one.at);
            breaks.get(between).is_none_or(|at| *at > next.at)
        })
        .collect()
}

/// Lines alone, with ids by their looks.
fn guessed(lines: &[&Line]) -> Vec<Listed> {
    lines.iter().map(|line| entry(line, line.guess(), None, None)).collect()
}

fn entry(
    line: &Line,
    (id, message): (&[u8], &[u8]),
    body: Option<usize>,
    title: Option<&[u8]>,
) -> Listed {
    Listed {
        id: id.to_vec(),
        word: line.word,
        part: part_of(line, id).filter(|_| line.word == Word::SubFailed),
        attempts: 1,
        phase: phase(line, title),
        message: message.to_vec(),
        body,
    }
}

fn paired(lines: &[&Line], evidence: &Evidence<'_>) -> Vec<Listed> {
    let bodies = evidence.bodies;
    if bodies.is_empty() {
        return guessed(lines);
    }
    let matches = |line: usize, body: usize| lines[line].split_by(&bodies[body].title).is_some();
    let pairs = align::align(lines.len(), bodies.len(), matches);
    // Headers that are not made from ids, as some plugins have, still stand in order.
    let in_order = pairs.len() < lines.len()
        && lines.len() == bodies.len()
        && evidence.wanted == Some(lines.len());
    let pairs = if in_order { (0..lines.len()).map(|at| (at, at)).collect() } else { pairs };
    let found = pairs.into_iter().map(|(line, body)| {
        let (line, title) = (lines[line], bodies[body].title.as_slice());
        entry(line, split(line, &bodies[body]), Some(body), Some(title))
    });
    found.collect()
}

fn split<'a>(line: &'a Line, body: &Body) -> (&'a [u8], &'a [u8]) {
    line.split_by(&body.title).unwrap_or_else(|| line.guess())
}

fn phase(line: &Line, title: Option<&[u8]>) -> Phase {
    match title {
        _ if line.word != Word::Error => Phase::Call,
        Some(title) if title.starts_with(b"ERROR at teardown ") => Phase::Teardown,
        Some(title) if title.starts_with(b"ERROR collecting ") => Phase::Collection,
        None if memchr::memmem::find(&line.rest, b"::").is_none() => Phase::Collection,
        _ => Phase::Setup,
    }
}

/// A log that was cut before its summary: headers name tests, letters their files.
fn from_headers(evidence: &Evidence<'_>, files: &[Vec<u8>]) -> Vec<Listed> {
    let list = evidence.bodies.iter().enumerate().map(|(at, body)| {
        let collecting = body.title.strip_prefix(b"ERROR collecting ");
        let title = [&b"ERROR at setup of "[..], b"ERROR at teardown of "]
            .iter()
            .find_map(|prefix| body.title.strip_prefix(*prefix));
        let word = if is_error(body) { Word::Error } else { Word::Failed };
        let teardown = body.title.starts_with(b"ERROR at teardown ");
        let phase = match (word, collecting, teardown) {
            (Word::Error, Some(_), _) => Phase::Collection,
            (Word::Error, None, true) => Phase::Teardown,
            (Word::Error, None, false) => Phase::Setup,
            _ => Phase::Call,
        };
        let id = collecting
            .map_or_else(|| rebuilt(files.get(at), title.unwrap_or(&body.title)), <[u8]>::to_vec);
        let (message, body) = (Vec::new(), Some(at));
        Listed { id, word, part: None, attempts: 1, phase, message, body }
    });
    list.collect()
}

fn rebuilt(file: Option<&Vec<u8>>, title: &[u8]) -> Vec<u8> {
    let mut id = file.cloned().unwrap_or_default();
    let names = title.iter().position(|byte| *byte == b'[').unwrap_or(title.len());
    if !id.is_empty() {
        id.extend_from_slice(b"::");
    }
    for byte in &title[..names] {
        if *byte == b'.' { id.extend_from_slice(b"::") } else { id.push(*byte) }
    }
    id.extend_from_slice(&title[names..]);
    id
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

fn case(known: Listed, bodies: &mut [Body]) -> Case {
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

fn conclude(mut run: TestRun, reader: Reader, announced: Option<Counts>) -> TestRun {
    let mut read = reader.read;
    let progress = reader.verbose || reader.lettered;
    let count = |of: fn(&Case) -> bool| run.cases.iter().filter(|case| of(case)).count() as u64;
    let (failed_ids, error_ids) =
        (count(|case| failed_status(case.status)), count(|case| case.status == Status::Error));
    // The summary has what the progress hides: files not collected, and some parts.
    read.errors = read.errors.max(error_ids);
    if failed_ids > failed(&read) {
        read.subtests_failed += failed_ids - failed(&read);
    }
    let mut problems = Vec::new();
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
    run.held = if failed_ids + error_ids < failed(&total) + total.errors {
        Held::Some
    } else if named >= total.passed + quiet(&total) + total.xpassed {
        Held::All
    } else {
        Held::Failures
    };
    run.exit_hint = exit(reader.session_error.as_deref(), &total, announced.is_some());
    run.version = reader.version;
    run.quiet = reader.quiet;
    run.read = read;
    run.announced = announced;
    run.session_error = reader.session_error;
    run.duration_ms = reader.last.map(|last| last.duration_ms);
    run
}

const fn failed_status(status: Status) -> bool {
    matches!(status, Status::Failed | Status::SubtestFailed)
}

/// The exit code that pytest ends with after what it printed.
fn exit(session_error: Option<&str>, counts: &Counts, ended: bool) -> Option<u8> {
    let said = session_error.unwrap_or_default();
    if said.starts_with("INTERNALERROR") {
        return Some(3);
    }
    if !ended {
        return None;
    }
    if said.starts_with("Interrupted") || said.contains("KeyboardInterrupt") {
        return Some(2);
    }
    if failed(counts) + counts.errors > 0 {
        return Some(1);
    }
    Some(if counts.tests() == 0 { 5 } else { 0 })
}

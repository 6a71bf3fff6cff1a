//! Failures of one kind, named by the progress or by the summary, and matched with their blocks.

use std::collections::BTreeMap;

use super::body::Body;
use super::progress::Word;
use super::settle::is_error;
use super::summary::{self, Line};
use super::{Failing, align};
use crate::Phase;

/// A failure with what was found about it.
pub(super) struct Listed {
    pub(super) id: Vec<u8>,
    pub(super) word: Word,
    pub(super) part: Option<Vec<u8>>,
    pub(super) attempts: u32,
    pub(super) phase: Phase,
    pub(super) message: Vec<u8>,
    pub(super) body: Option<usize>,
}

/// Everything that was collected about one kind of trouble.
pub(super) struct Evidence<'a> {
    pub(super) bodies: &'a [Body],
    pub(super) lines: Vec<&'a Line>,
    /// Where lines of another kind stand between them.
    pub(super) breaks: Vec<u64>,
    /// How many there must be, where anything says so.
    pub(super) wanted: Option<usize>,
    /// Whether results were seen while tests ran.
    pub(super) progress: bool,
}

pub(super) fn listed(known: Failing, phase: Phase) -> Listed {
    let Failing { id, word, part, attempts, .. } = known;
    Listed { id, word, part, attempts, phase, message: Vec::new(), body: None }
}

/// The progress names the failures; headers and summary lines are matched to them.
pub(super) fn from_progress(failing: Vec<Failing>, evidence: &Evidence<'_>) -> Vec<Listed> {
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
        is_about(evidence.lines[line], list[known].word, &list[known].id)
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

/// Whether a line of the summary tells of a result.
fn is_about(line: &Line, word: Word, id: &[u8]) -> bool {
    if line.word == Word::SubFailed {
        return word == line.word && line.guess().0 == id;
    }
    let after = line.rest.strip_prefix(id);
    after.is_some_and(|rest| rest.is_empty() || rest.starts_with(b" - "))
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
    let Some(first) = parts.len().checked_sub(shown.saturating_add(hidden)) else { return };
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
pub(super) fn collection_errors(evidence: &Evidence<'_>, others: usize) -> Vec<Listed> {
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
pub(super) fn from_summary(evidence: &Evidence<'_>, files: &[Vec<u8>]) -> Vec<Listed> {
    let lines = &evidence.lines;
    if evidence.progress && evidence.wanted == Some(0) {
        // Whatever looks like one was printed by a test.
        return Vec::new();
    }
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

pub(super) fn paired(lines: &[&Line], evidence: &Evidence<'_>) -> Vec<Listed> {
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

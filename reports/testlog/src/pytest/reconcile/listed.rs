//! Failures of one kind, as summary lines name them and headers say where their ids end.

use super::align::align;
use crate::Phase;
use crate::bytes::trim_end;
use crate::pytest::results::Failing;
use crate::pytest::syntax::body::Body;
use crate::pytest::syntax::summary::SummaryLine;
use crate::pytest::syntax::word::Word;

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

/// Everything that was collected about failures, or about errors.
pub(super) struct Evidence<'a> {
    pub(super) bodies: &'a [Body],
    pub(super) lines: Vec<&'a SummaryLine>,
    /// Where lines of another kind stand between them.
    pub(super) breaks: Vec<u64>,
    /// How many there must be, where anything says so.
    pub(super) wanted: Option<usize>,
    /// Whether results were seen while tests ran.
    pub(super) progress: bool,
}

impl Listed {
    /// A failure that was shown while tests ran.
    pub(super) fn shown(known: Failing, phase: Phase) -> Self {
        let Failing { id, word, part, attempts, .. } = known;
        Self { id, word, part, attempts, phase, message: Vec::new(), body: None }
    }
}

/// Lines alone, with ids by their looks.
pub(super) fn guessed(lines: &[&SummaryLine]) -> Vec<Listed> {
    lines.iter().map(|line| entry(line, line.guess(), None, None)).collect()
}

fn entry(
    line: &SummaryLine,
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

pub(super) fn paired(lines: &[&SummaryLine], evidence: &Evidence<'_>) -> Vec<Listed> {
    let bodies = evidence.bodies;
    if bodies.is_empty() {
        return guessed(lines);
    }
    let matches = |line: usize, body: usize| lines[line].split_by(&bodies[body].title).is_some();
    let pairs = align(lines.len(), bodies.len(), matches);
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

fn split<'a>(line: &'a SummaryLine, body: &Body) -> (&'a [u8], &'a [u8]) {
    line.split_by(&body.title).unwrap_or_else(|| line.guess())
}

fn phase(line: &SummaryLine, title: Option<&[u8]>) -> Phase {
    match title {
        _ if line.word != Word::Error => Phase::Call,
        Some(title) if title.starts_with(b"ERROR at teardown ") => Phase::Teardown,
        Some(title) if title.starts_with(b"ERROR collecting ") => Phase::Collection,
        None if memchr::memmem::find(&line.rest, b"::").is_none() => Phase::Collection,
        _ => Phase::Setup,
    }
}

pub(super) fn part_of(line: &SummaryLine, id: &[u8]) -> Option<Vec<u8>> {
    let at = memchr::memmem::find(&line.rest, id)?;
    let part = trim_end(&line.rest[..at]);
    (!part.is_empty()).then(|| part.to_vec())
}

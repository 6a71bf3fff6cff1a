//! Failures that were shown while tests ran, with their blocks and what the summary adds.

use std::collections::BTreeMap;

use super::align::align;
use super::listed::{Evidence, Listed, part_of};
use crate::Phase;
use crate::pytest::results::Failing;
use crate::pytest::syntax::summary::{self, SummaryLine};
use crate::pytest::syntax::word::Word;

/// The progress names the failures; headers and summary lines are matched to them.
pub(super) fn failures(failing: Vec<Failing>, evidence: &Evidence<'_>) -> Vec<Listed> {
    let mut list: Vec<Listed> = failing
        .into_iter()
        .map(|known| {
            let phase = match (known.word, known.after_result) {
                (Word::Error, false) => Phase::Setup,
                (Word::Error, true) => Phase::Teardown,
                _ => Phase::Call,
            };
            Listed::shown(known, phase)
        })
        .collect();
    add_hidden_parts(&mut list, evidence);
    let bodies = evidence.bodies;
    let named = |known: usize, body: usize| {
        let known = &list[known];
        summary::names(&bodies[body].title, &known.id, known.word == Word::SubFailed)
    };
    for (known, body) in align(list.len(), bodies.len(), named) {
        list[known].body = Some(body);
    }
    let about = |known: usize, line: usize| {
        is_about(evidence.lines[line], list[known].word, &list[known].id)
    };
    for (known, line) in align(list.len(), evidence.lines.len(), about) {
        let rest = &evidence.lines[line].rest;
        let known = &mut list[known];
        known.message = match known.word {
            Word::SubFailed => evidence.lines[line].guess().1.to_vec(),
            _ => rest.get(known.id.len() + 3..).unwrap_or_default().to_vec(),
        };
    }
    list
}

/// Whether a line of the summary is about a result.
fn is_about(line: &SummaryLine, word: Word, id: &[u8]) -> bool {
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
    let parts: Vec<&&SummaryLine> =
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

/// Files that could not be collected: no progress shows them, and they come first of all errors.
pub(super) fn collection_errors(evidence: &Evidence<'_>, others: usize) -> Vec<Listed> {
    let count = evidence.wanted.unwrap_or(0).saturating_sub(others);
    let from_line = |line: &&SummaryLine| {
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
        let file = |line: &&&SummaryLine| memchr::memmem::find(&line.rest, b"::").is_none();
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

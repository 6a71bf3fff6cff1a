//! Failures that the summary names, or, where a log was cut before it, the headers of their blocks.

use super::listed::{Evidence, Listed, guessed, paired};
use crate::Phase;
use crate::pytest::syntax::summary::SummaryLine;
use crate::pytest::syntax::word::Word;

/// How many summaries are tried, from the last one back: a message may hold a forged one.
const SUMMARIES: u32 = 64;

/// The summary names the failures; headers say where each id ends and which lines are forged.
pub(super) fn failures(evidence: &Evidence<'_>, files: &[Vec<u8>]) -> Vec<Listed> {
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
        // Lines that echo a message go only where there are too many: a message may hold
        // the very line that comes next.
        let own: Vec<&SummaryLine> = all.iter().copied().filter(|line| !line.forged).collect();
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

/// Lines that nothing of another kind stands between: a summary lists kind by kind.
fn blocks<'a, 'b>(lines: &'b [&'a SummaryLine], breaks: &[u64]) -> Vec<&'b [&'a SummaryLine]> {
    lines
        .chunk_by(|one, next| {
            let between = breaks.partition_point(|at| *at < one.at);
            breaks.get(between).is_none_or(|at| *at > next.at)
        })
        .collect()
}

/// A log that was cut before its summary: headers name tests, letters their files.
fn from_headers(evidence: &Evidence<'_>, files: &[Vec<u8>]) -> Vec<Listed> {
    let list = evidence.bodies.iter().enumerate().map(|(at, body)| {
        let collecting = body.title.strip_prefix(b"ERROR collecting ");
        let title = [&b"ERROR at setup of "[..], b"ERROR at teardown of "]
            .iter()
            .find_map(|prefix| body.title.strip_prefix(*prefix));
        let word = if body.is_error() { Word::Error } else { Word::Failed };
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

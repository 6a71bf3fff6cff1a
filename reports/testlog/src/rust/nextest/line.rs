//! The lines of cargo-nextest: its title, results, and the summary.

use crate::{Counts, Status, bytes};

/// The words of a test that failed: by itself, by the clock, or by a signal.
const FAILURES: [&str; 15] = [
    "FAIL",
    "TIMEOUT",
    "TMT",
    "ABORT",
    "ABRT",
    "XFAIL",
    "LEAK-FAIL",
    "SEGV",
    "KILL",
    "TERM",
    "INT",
    "QUIT",
    "BUS",
    "ILL",
    "FPE",
];
/// The column in which a result's word ends.
const COLUMN: usize = 12;

/// A result line: `TRY 2 FAIL [   0.004s] (3/13) crate::bin test::name`.
pub(super) struct ResultLine<'a> {
    pub(super) word: &'a str,
    pub(super) status: Status,
    pub(super) attempt: Option<u32>,
    pub(super) duration_ms: Option<u64>,
    pub(super) id: &'a [u8],
}

impl<'a> ResultLine<'a> {
    pub(super) fn read(line: &'a [u8]) -> Option<Self> {
        if line.first() != Some(&b' ') || line.len() > 64 << 10 {
            return None;
        }
        let text = bytes::trim(line);
        let (head, rest) = bytes::split_once(text, b" [")?;
        // Words end in one column; output that is shown is indented, and its words are not there.
        if line.len() - line.trim_ascii_start().len() + head.len() != COLUMN {
            return None;
        }
        let (time, id) = bytes::split_once(rest, b"] ")?;
        let head = std::str::from_utf8(head).ok()?;
        let time = std::str::from_utf8(time).ok()?.trim();
        let duration_ms = bytes::seconds(time.strip_suffix('s')?)?;
        let id = bytes::trim(id);
        // Newer versions count as they go.
        let id = match id.strip_prefix(b"(").and_then(|rest| bytes::split_once(rest, b") ")) {
            Some((count, rest)) if !count.contains(&b':') => bytes::trim(rest),
            _ => id,
        };
        let (attempt, word) = match head.strip_prefix("TRY ") {
            Some(rest) => {
                let (attempt, word) = rest.split_once(' ')?;
                (Some(attempt.parse().ok()?), word.trim())
            }
            None => (None, head.split(' ').next()?),
        };
        let status = match word {
            "PASS" | "LEAK" | "FLAKY" => Status::Passed,
            "SKIP" => Status::Skipped,
            word if FAILURES.contains(&word) || word.starts_with("SIG") => Status::Failed,
            _ => return None,
        };
        let duration_ms = Some(duration_ms);
        Some(Self { word, status, attempt, duration_ms, id })
    }
}

/// What follows `     Summary [`. It ends in the column of the results' words: a test's output is
/// indented further.
pub(super) fn summary(line: &[u8]) -> Option<&[u8]> {
    let rest = bytes::trim(line).strip_prefix(b"Summary [")?;
    let margin = line.len() - line.trim_ascii_start().len();
    (margin + b"Summary".len() == COLUMN).then_some(rest)
}

/// The count in `    Starting 13 tests across 4 binaries`.
pub(super) fn starting(line: &[u8]) -> Option<u64> {
    let rest = bytes::trim(line).strip_prefix(b"Starting ")?;
    let text = std::str::from_utf8(rest).ok()?;
    let (count, rest) = text.split_once(" test")?;
    rest.contains(" across ").then(|| count.parse().ok())?
}

/// `   0.3s] 13 tests run: 10 passed (1 flaky), 3 failed, 1 timed out, 1 skipped`.
pub(super) fn counts(rest: &[u8]) -> Option<(Counts, Option<u64>)> {
    let text = String::from_utf8_lossy(rest);
    let (time, rest) = text.split_once("] ")?;
    let (_, kinds) = rest.split_once(" run: ")?;
    let mut counts = Counts::default();
    let mut depth = 0_u32;
    // What stands in brackets is a part of the count before it.
    let flat: String = kinds
        .chars()
        .filter(|c| {
            depth += u32::from(*c == '(');
            let outside = depth == 0;
            depth = depth.saturating_sub(u32::from(*c == ')'));
            outside
        })
        .collect();
    for part in flat.split(", ") {
        let (count, kind) = part.trim().split_once(' ')?;
        let count: u64 = count.parse().ok()?;
        match kind.trim() {
            "passed" => counts.passed = count,
            "skipped" => counts.deselected = count,
            _ => counts.failed = counts.failed.saturating_add(count),
        }
    }
    Some((counts, bytes::seconds(time.trim().trim_end_matches('s'))))
}

//! The lines of `cargo test`: how many tests there are, results, and the end.

use crate::{Counts, Status, bytes};

/// What `FAILED. 1 passed; 4 failed; 1 ignored; ...; finished in 0.27s` says.
pub(super) fn counts(rest: &[u8]) -> Option<(Counts, Option<u64>)> {
    let text = String::from_utf8_lossy(rest);
    let (_, kinds) = text.split_once(". ")?;
    let mut counts = Counts::default();
    let mut duration = None;
    for part in kinds.split("; ") {
        if let Some(seconds) = part.strip_prefix("finished in ") {
            duration = bytes::seconds(seconds.trim_end_matches('s'));
            continue;
        }
        let (count, kind) = part.split_once(' ')?;
        let count = count.parse().ok()?;
        match kind {
            // What is measured is a benchmark, and has held.
            "passed" | "measured" => counts.passed = counts.passed.saturating_add(count),
            "failed" => counts.failed = count,
            "ignored" => counts.skipped = count,
            "filtered out" => counts.deselected = count,
            _ => {}
        }
    }
    Some((counts, duration))
}

/// The count in `running 3 tests`.
pub(super) fn count_of(line: &[u8]) -> Option<u64> {
    let rest = line.strip_prefix(b"running ")?;
    let count = rest.strip_suffix(b" tests").or_else(|| rest.strip_suffix(b" test"))?;
    std::str::from_utf8(count).ok()?.parse().ok()
}

pub(super) fn died(line: &[u8]) -> bool {
    line.starts_with(b"  process didn't exit successfully: ")
}

pub(super) fn outcome(text: &[u8]) -> Option<Status> {
    // With `--report-time` the time follows.
    let text = match memchr::memmem::find(text, b" <") {
        Some(at) if text.ends_with(b"s>") => &text[..at],
        _ => text,
    };
    match text {
        b"ok" => Some(Status::Passed),
        b"FAILED" => Some(Status::Failed),
        _ if text == b"ignored" || text.starts_with(b"ignored, ") => Some(Status::Skipped),
        _ if text.starts_with(b"bench: ") => Some(Status::Passed),
        _ => None,
    }
}

//! Whether a file that is too large for one answer is sent in parts.

use reports::Cause;
use reports::card::{Basis, Criterion, Grade, Row};
use reports::text::counted;

use super::sheet::Sheet;
use crate::diagnose::seen::Seen;

const FIX: &str = "Count tokens before sending (`messages.count_tokens`), cut the file between \
                   definitions so that each part's answer fits into `max_tokens`, and put the \
                   answers together.";

pub(super) fn check(seen: &Seen) -> Row {
    let mut sheet = Sheet::of(Criterion::Chunking);
    let Some(big) = seen.probe("big").filter(|probe| !probe.questions.is_empty()) else {
        return sheet.not_shown("the large file was not asked about");
    };
    let parts = counted(big.questions.len(), "part");
    sheet.saw(big, format!("5,000 lines in {parts}: {}", big.ending()));
    if big.is_done() {
        return sheet.graded(Grade::A, format!("a file of 5,000 lines was done in {parts}"), FIX);
    }
    let paid: u64 = big.jobs.iter().map(|job| job.cost_microusd).sum();
    sheet.costs(paid, Basis::TroubledFiles);
    let cause = big.jobs.first().and_then(|job| job.cause);
    let grade = if big.says_done() == Some(true) { Grade::F } else { Grade::D };
    let how = match cause {
        Some(Cause::Truncated) => "its answer was cut at `max_tokens`",
        Some(Cause::PromptTooLong) => "it did not fit into the context window",
        Some(Cause::JobTimeout) => "it took longer than a quarter of an hour",
        _ => "it was lost",
    };
    let kept = if big.says_done() == Some(true) { ", and kept as if it were whole" } else { "" };
    sheet.graded(grade, format!("a file of 5,000 lines was sent in {parts}: {how}{kept}"), FIX)
}

//! The criteria of a card, one file each: all of them look at the same probes and fill one row.

mod backoff;
mod cache;
mod chunking;
mod concurrency;
mod duplicates;
mod final_errors;
mod jitter;
mod reporting;
mod resume;
mod retries;
mod retry_after;
mod sheet;
mod spend;
mod streams;
mod timeouts;
mod truncation;

use reports::card::Row;

use super::seen::Seen;

/// One criterion.
type Check = fn(&Seen) -> Row;

/// All of them.
const CHECKS: [Check; 15] = [
    reporting::check,
    retries::check,
    backoff::check,
    jitter::check,
    retry_after::check,
    final_errors::check,
    timeouts::check,
    streams::check,
    truncation::check,
    cache::check,
    duplicates::check,
    chunking::check,
    concurrency::check,
    spend::check,
    resume::check,
];

/// Grades everything that was seen.
pub fn grade(seen: &Seen) -> Vec<Row> {
    CHECKS.iter().map(|check| check(seen)).collect()
}

#[cfg(test)]
mod testing;

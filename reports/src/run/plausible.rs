//! Numbers that no run can have measured. They are refused, so that sums over a run's records never
//! overflow, even those of a damaged file.

use crate::record::{Attempt, Fault, Job, PipelineEnd, Platform, Record};

/// The greatest number in a record that is no time: ten million dollars, or as many tokens.
const MOST: u64 = 10_000_000_000_000;

/// The greatest time in a record, in microseconds: a century. A run that was killed may go on years
/// later, and counts from its first beginning.
const MOST_US: u64 = 100 * 366 * 86_400 * 1_000_000;

/// The number of a record that is beyond all measure, by its name.
pub(super) fn problem(record: &Record) -> Option<String> {
    let wrong = match record {
        Record::Attempt(attempt) => beyond(&of_attempt(attempt)),
        Record::Job(job) => beyond(&of_job(job))
            .or_else(|| (job.documented > job.definitions).then_some("documented")),
        Record::Fault(Fault { at_us, .. }) => beyond(&[("at_us", *at_us)]),
        Record::Platform(platform) => beyond(&of_platform(platform)),
        Record::PipelineEnd(end) => beyond(&of_end(end)),
        Record::Header(_) | Record::Footer(_) => None,
    };
    wrong.map(|name| format!("`{name}` is beyond all measure: the line is damaged"))
}

fn beyond(numbers: &[(&'static str, u64)]) -> Option<&'static str> {
    let most = |name: &str| if name.ends_with("_us") { MOST_US } else { MOST };
    numbers.iter().find(|(name, number)| *number > most(name)).map(|(name, _)| *name)
}

fn of_attempt(attempt: &Attempt) -> [(&'static str, u64); 9] {
    [
        ("chunk", attempt.chunk),
        ("attempt", attempt.attempt),
        ("start_us", attempt.start_us),
        ("end_us", attempt.end_us),
        ("first_token_us", attempt.first_token_us.unwrap_or(0)),
        ("retry_after_s", attempt.retry_after_s.unwrap_or(0)),
        ("tokens_in", attempt.tokens_in),
        ("tokens_out", attempt.tokens_out),
        ("cost_microusd", attempt.cost_microusd),
    ]
}

fn of_job(job: &Job) -> [(&'static str, u64); 16] {
    [
        ("bytes", job.bytes),
        ("lines", job.lines),
        ("arrival_us", job.arrival_us),
        ("start_us", job.start_us),
        ("end_us", job.end_us),
        ("chunks", job.chunks),
        ("cache_hits", job.cache_hits),
        ("cache_misses", job.cache_misses),
        ("calls", job.calls),
        ("definitions", job.definitions),
        ("documented", job.documented),
        ("tokens_in", job.tokens_in),
        ("tokens_out", job.tokens_out),
        ("cost_microusd", job.cost_microusd),
        ("wasted_microusd", job.wasted_microusd),
        ("memory_kb", job.memory_kb),
    ]
}

fn of_platform(platform: &Platform) -> [(&'static str, u64); 6] {
    [
        ("queued_us", platform.queued_us),
        ("cold_start_us", platform.cold_start_us),
        ("zombie_us", platform.zombie_us),
        ("zombie_microusd", platform.zombie_microusd),
        ("duplicates", platform.duplicates),
        ("duplicate_microusd", platform.duplicate_microusd),
    ]
}

fn of_end(end: &PipelineEnd) -> [(&'static str, u64); 3] {
    [
        ("elapsed_us", end.elapsed_us),
        ("ledger_microusd", end.ledger_microusd),
        ("ledger_requests", end.ledger_requests),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn a_record_that_was_measured_is_plausible_and_a_damaged_number_is_named() {
        let mut records = fixture::records();
        assert!(records.iter().all(|record| problem(record).is_none()));
        let attempt = records.iter_mut().find_map(|record| match record {
            Record::Attempt(attempt) => Some(attempt),
            _ => None,
        });
        attempt.unwrap().tokens_in = u64::MAX;
        let problems: Vec<String> = records.iter().filter_map(problem).collect();
        assert_eq!(problems, ["`tokens_in` is beyond all measure: the line is damaged"]);
    }
}

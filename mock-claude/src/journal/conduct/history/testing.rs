//! Journals made by hand: what a client did, in milliseconds.

use crate::journal::record::{Entry, Record};
use crate::journal::trace::Trace;

/// An attempt at a time in milliseconds that was answered at once with this status.
pub(in crate::journal::conduct) fn failed(moment_ms: u64, status: u16) -> Record {
    let at_us = moment_ms * 1_000;
    let entry = Entry { status, ..Entry::undecided(at_us) };
    let times = Trace { started_us: at_us, ended_us: Some(at_us), ..Trace::default() };
    let trace = Trace { method: "POST".into(), ..times };
    Record { number: 0, entry, trace }
}

/// An attempt that got its reply.
pub(in crate::journal::conduct) fn ok(at_ms: u64) -> Record {
    failed(at_ms, 200)
}

/// A 429 that asks for a wait.
pub(in crate::journal::conduct) fn limited(at_ms: u64, retry_after_ms: u64) -> Record {
    let mut record = failed(at_ms, 429);
    record.trace.retry_after_ms = Some(retry_after_ms);
    record
}

/// The attempts of one call about one subject.
pub(in crate::journal::conduct) fn call(
    subject: u64,
    attempts: impl IntoIterator<Item = Record>,
) -> Vec<Record> {
    attempts
        .into_iter()
        .map(|mut record| {
            record.trace.subject = Some(subject.into());
            record
        })
        .collect()
}

/// Calls in the journal's order, with the request ids `req_0`, `req_1` and so on.
pub(in crate::journal::conduct) fn records(
    calls: impl IntoIterator<Item = Vec<Record>>,
) -> Vec<Record> {
    let mut all: Vec<Record> = calls.into_iter().flatten().collect();
    all.sort_by_key(|record| record.trace.started_us);
    for (number, record) in (0..).zip(&mut all) {
        record.number = number;
        record.entry.request_id = format!("req_{number}");
    }
    all
}

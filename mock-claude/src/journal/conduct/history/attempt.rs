//! One request of a call, and one that repeats another: what checks ask of them.

use super::Asked;
use crate::journal::record::Record;
use crate::journal::trace::Limit;

/// By how much two clocks may differ over a wait.
const TOLERANCE_US: u64 = 5_000;

/// Statuses that say that the request itself is wrong.
const WRONG: [u16; 7] = [400, 401, 402, 403, 404, 413, 422];

/// How much later than its client the mock may know that a request is over: that the last byte was
/// taken, and that the connection was closed.
const KNOWN_AFTER_US: u64 = 5_000;
const LEFT_KNOWN_AFTER_US: u64 = 250_000;

/// Waits below this are no waits: a client needs as long to send a request again.
const IMMEDIATE_US: u64 = 50_000;

/// One request of a call.
#[derive(Clone, Copy)]
pub(in crate::journal::conduct) struct Attempt<'a>(pub(in crate::journal::conduct) &'a Record);

/// A retry and what it repeats.
#[derive(Clone, Copy)]
pub(in crate::journal::conduct) struct Retry<'a> {
    pub(in crate::journal::conduct) before: Attempt<'a>,
    pub(in crate::journal::conduct) after: Attempt<'a>,
}

impl<'a> Attempt<'a> {
    /// Who asks what.
    pub(in crate::journal::conduct) fn asked(self) -> Asked<'a> {
        let trace = &self.0.trace;
        let question = trace.question.or(trace.subject);
        (trace.key, trace.job.as_deref(), question)
    }

    /// Who asks about what, of whichever model.
    pub(in crate::journal::conduct) fn about(self) -> Asked<'a> {
        let trace = &self.0.trace;
        (trace.key, trace.job.as_deref(), trace.subject)
    }

    /// Whether an SDK counts the next request as the retry that follows this one.
    pub(super) fn is_counted_before(self, next: Attempt<'_>) -> bool {
        let count = self.0.trace.retry_count.unwrap_or(0);
        next.0.trace.retry_count == Some(count + 1)
    }

    /// Whether the client got no whole reply.
    pub(in crate::journal::conduct) fn failed(self) -> bool {
        self.0.entry.status >= 400 || self.incomplete()
    }

    /// Whether the client got a part of a reply, or nothing at all.
    pub(in crate::journal::conduct) fn incomplete(self) -> bool {
        let trace = &self.0.trace;
        trace.client_left || trace.cut || trace.stream_complete == Some(false)
    }

    /// Whether the client went before the answer was whole.
    pub(in crate::journal::conduct) fn left(self) -> bool {
        self.0.trace.client_left
    }

    /// Whether the request itself was wrong, by the status of its answer.
    pub(in crate::journal::conduct) fn is_wrong(self) -> bool {
        WRONG.contains(&self.0.entry.status)
    }

    /// Whether nothing of an answer came, so that there is nothing that could have been kept.
    pub(in crate::journal::conduct) fn unheard(self) -> bool {
        self.0.trace.unheard && !self.left()
    }

    /// Whether it is not over yet.
    pub(in crate::journal::conduct) fn is_open(self) -> bool {
        self.0.trace.ended_us.is_none()
    }

    pub(in crate::journal::conduct) fn began_us(self) -> u64 {
        self.0.trace.started_us
    }

    pub(in crate::journal::conduct) fn ended_us(self) -> u64 {
        self.0.trace.ended_us.unwrap_or(u64::MAX)
    }

    /// The moment from which the client may have known that it was over.
    pub(in crate::journal::conduct) fn over_us(self) -> u64 {
        let after_us = if self.left() { LEFT_KNOWN_AFTER_US } else { KNOWN_AFTER_US };
        self.ended_us().saturating_sub(after_us).max(self.began_us())
    }

    /// Whether the answer says that no retry will ever help.
    pub(in crate::journal::conduct) fn spend_limit(self) -> bool {
        self.0.trace.limit == Some(Limit::Spend)
    }

    pub(in crate::journal::conduct) fn id(self) -> String {
        self.0.entry.request_id.clone()
    }
}

impl Retry<'_> {
    /// How long the client waited.
    pub(in crate::journal::conduct) fn gap_us(self) -> u64 {
        self.after.began_us().saturating_sub(self.before.ended_us())
    }

    /// The same, where no wait is none, however long a busy client took to send its request.
    pub(in crate::journal::conduct) fn wait_us(self) -> u64 {
        Some(self.gap_us()).filter(|us| *us >= IMMEDIATE_US).unwrap_or(0)
    }

    /// How long it was asked to wait.
    pub(in crate::journal::conduct) fn asked_us(self) -> Option<u64> {
        self.before.0.trace.retry_after_ms.map(|ms| ms.saturating_mul(1_000))
    }

    /// Whether the wait was the client's own choice: nothing was asked for, or it was not heard. A
    /// request that was wrong and has been changed has nothing to wait for.
    pub(in crate::journal::conduct) fn chosen(self) -> bool {
        let mended = self.before.is_wrong() && !self.is_same();
        !mended && self.asked_us().is_none_or(|asked_us| asked_us == 0 || self.early())
    }

    /// Whether it came back before it was asked to.
    pub(in crate::journal::conduct) fn early(self) -> bool {
        self.asked_us()
            .is_some_and(|asked_us| self.gap_us().saturating_add(TOLERANCE_US) < asked_us)
    }

    /// Whether what it repeats failed without an answer, where one repeat at once costs nobody
    /// anything: connections that were idle for long break like that.
    pub(in crate::journal::conduct) fn of_broken(self) -> bool {
        self.before.0.entry.status < 400
    }

    /// Whether it is the same request in every byte.
    pub(in crate::journal::conduct) fn is_same(self) -> bool {
        self.before.0.trace.body == self.after.0.trace.body
    }

    pub(in crate::journal::conduct) fn ids(self) -> Vec<String> {
        vec![self.before.id(), self.after.id()]
    }
}

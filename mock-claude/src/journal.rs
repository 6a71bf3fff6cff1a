//! What the mock saw and what it charged: one entry a request, and their sum.
//!
//! An entry is written when the request is decided, before its reply is sent: a client that
//! hangs up has still been charged, as the real API charges what was already under way. What was
//! in fact sent, and when it ended, is added when the answer has gone.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::error::known_kind;
use crate::metrics::Metrics;
use crate::visit::{self, Handle, Open, Visit};

/// One request, as it was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// When it was decided, in microseconds since the mock was made.
    pub at_us: u64,
    /// The id that the response carries.
    pub request_id: String,
    /// The client's own mark on the request, from the `x-mock-tag` header.
    pub tag: Option<String>,
    /// The HTTP status.
    pub status: u16,
    /// The error type, where it is one.
    pub error: Option<&'static str>,
    /// The fault that was injected, where one was.
    pub fault: Option<String>,
    /// Tokens read and charged.
    pub tokens_in: u64,
    /// Tokens written and charged.
    pub tokens_out: u64,
    /// The charge in micro-dollars.
    pub cost_microusd: u64,
}

/// The sum of all entries, those included that the journal no longer holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Requests decided.
    pub requests: u64,
    /// Requests answered with an error.
    pub errors: u64,
    /// Tokens charged for reading.
    pub tokens_in: u64,
    /// Tokens charged for writing.
    pub tokens_out: u64,
    /// Micro-dollars charged.
    pub cost_microusd: u64,
}

/// One request in full: what was decided, and what was seen of it from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    /// Its number among all that were written, from 0.
    pub number: u64,
    /// What was decided; its status and error are those that were sent, once they were.
    pub entry: Entry,
    /// What was seen.
    pub visit: Visit,
}

/// Entries that the journal holds, at most; older ones make room.
pub const CAPACITY: usize = 10_000;

type Observer = Box<dyn Fn(&Entry) + Send + Sync>;

/// The latest entries, the sum of all, and whoever wants to see each as it is written.
#[derive(Default)]
pub struct Journal {
    book: Mutex<Book>,
    observer: Option<Observer>,
    metrics: Metrics,
}

#[derive(Debug, Default)]
struct Book {
    slots: VecDeque<Slot>,
    next: u64,
    ledger: Ledger,
}

/// A record, and the visit that it gets when its request has ended.
#[derive(Debug)]
struct Slot {
    record: Record,
    open: Option<Handle>,
}

impl Slot {
    /// The record as far as it is known now.
    fn now(&self) -> Record {
        let mut record = self.record.clone();
        if let Some(open) = &self.open {
            record.visit = open.open().visit.clone();
        }
        record
    }
}

impl Book {
    fn push(&mut self, entry: Entry, open: Option<Handle>) -> u64 {
        if self.slots.len() == CAPACITY {
            self.slots.pop_front();
        }
        let number = self.next;
        self.next += 1;
        self.slots
            .push_back(Slot { record: Record { number, entry, visit: Visit::default() }, open });
        number
    }

    /// A slot by the number of its record; none if it has made room, or was forgotten.
    fn slot(&mut self, number: u64) -> Option<&mut Slot> {
        let first = self.slots.front()?.record.number;
        self.slots.get_mut(usize::try_from(number.checked_sub(first)?).ok()?)
    }
}

impl Journal {
    /// A journal that shows each entry to `observer` as it is written.
    pub fn observed_by(observer: impl Fn(&Entry) + Send + Sync + 'static) -> Self {
        Self { observer: Some(Box::new(observer)), ..Self::default() }
    }

    /// Writes one entry.
    pub fn write(&self, entry: Entry) {
        if let Some(observer) = &self.observer {
            observer(&entry);
        }
        let open = visit::current();
        let mut book = self.book();
        book.ledger.requests += 1;
        book.ledger.errors += u64::from(entry.status >= 400);
        book.ledger.tokens_in += entry.tokens_in;
        book.ledger.tokens_out += entry.tokens_out;
        book.ledger.cost_microusd += entry.cost_microusd;
        let number = book.push(entry, open.clone());
        if let Some(open) = open {
            open.open().number = Some(number);
        }
    }

    /// Ends a visit: adds what was seen to what was decided.
    pub(crate) fn finish(&self, ended: &Handle, status: Option<u16>, error: Option<&str>) {
        self.metrics.end();
        let mut book = self.book();
        let Open { visit, number } = std::mem::take(&mut *ended.open());
        // What no decision was made about, such as a list of models, is seen all the same.
        let number = number.unwrap_or_else(|| book.push(undecided(&visit), None));
        let Some(Slot { record, open }) = book.slot(number) else {
            return;
        };
        *open = None;
        record.visit = visit;
        if let Some(status) = status {
            record.entry.status = status;
            record.entry.error = error.map(known_kind);
        }
        self.metrics.count(record);
        // Writing a line takes too long to be done under the lock, and a copy is only made for it.
        if tracing::enabled!(tracing::Level::INFO) {
            let record = record.clone();
            drop(book);
            log(&record);
        }
    }

    /// The sum of everything that was written.
    pub fn ledger(&self) -> Ledger {
        self.book().ledger
    }

    /// The latest entries, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.book().slots.iter().map(|slot| slot.record.entry.clone()).collect()
    }

    /// The latest requests in full, oldest first.
    pub fn records(&self) -> Vec<Record> {
        self.book().slots.iter().map(Slot::now).collect()
    }

    /// What is counted for a monitor.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Forgets all entries and their sum. Requests under way are not written when they end.
    pub(crate) fn reset(&self) {
        let mut book = self.book();
        book.slots.clear();
        book.ledger = Ledger::default();
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // Nothing that holds the lock can panic half-way through a change.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn undecided(visit: &Visit) -> Entry {
    Entry {
        at_us: visit.started_us,
        request_id: String::new(),
        tag: None,
        status: 0,
        error: None,
        fault: None,
        tokens_in: 0,
        tokens_out: 0,
        cost_microusd: 0,
    }
}

/// One event a request. What a client wrote is printed as a quoted literal, so that no control
/// character reaches a terminal.
fn log(record: &Record) {
    let Record { entry, visit, .. } = record;
    let ended_us = visit.ended_us.unwrap_or(visit.started_us);
    tracing::info!(
        request_id = entry.request_id,
        path = ?visit.path,
        model = ?visit.model.as_deref().unwrap_or_default(),
        status = entry.status,
        tokens_in = entry.tokens_in,
        tokens_out = entry.tokens_out,
        latency_us = ended_us.saturating_sub(visit.started_us),
        fault = ?entry.fault.as_deref().unwrap_or_default(),
        client_left = visit.client_left,
        "request"
    );
}

impl fmt::Debug for Journal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Journal").field("book", &self.book).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_remembers_what_the_journal_had_to_forget() {
        let journal = Journal::default();
        for number in 0..CAPACITY as u64 + 5 {
            journal.write(Entry {
                at_us: number,
                request_id: String::new(),
                tag: None,
                status: 200,
                error: None,
                fault: None,
                tokens_in: 1,
                tokens_out: 2,
                cost_microusd: 3,
            });
        }
        assert_eq!(journal.entries().len(), CAPACITY);
        assert_eq!(journal.entries()[0].at_us, 5);
        assert_eq!(journal.ledger().cost_microusd, 3 * (CAPACITY as u64 + 5));
    }
}

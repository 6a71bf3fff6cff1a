//! What the mock saw and what it charged: one entry a request, and their sum.
//!
//! An entry is written when the request is decided, before its reply is sent: a client that
//! hangs up has still been charged, as the real API charges what was already under way.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

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

/// Entries that the journal holds, at most; older ones make room.
pub const CAPACITY: usize = 10_000;

type Observer = Box<dyn Fn(&Entry) + Send + Sync>;

/// The latest entries, the sum of all, and whoever wants to see each as it is written.
#[derive(Default)]
pub struct Journal {
    book: Mutex<Book>,
    observer: Option<Observer>,
}

#[derive(Debug, Default)]
struct Book {
    entries: VecDeque<Entry>,
    ledger: Ledger,
}

impl Journal {
    /// A journal that shows each entry to `observer` as it is written.
    pub fn observed_by(observer: impl Fn(&Entry) + Send + Sync + 'static) -> Self {
        Self { book: Mutex::default(), observer: Some(Box::new(observer)) }
    }

    /// Writes one entry.
    pub fn write(&self, entry: Entry) {
        if let Some(observer) = &self.observer {
            observer(&entry);
        }
        let mut book = self.book();
        book.ledger.requests += 1;
        book.ledger.errors += u64::from(entry.status >= 400);
        book.ledger.tokens_in += entry.tokens_in;
        book.ledger.tokens_out += entry.tokens_out;
        book.ledger.cost_microusd += entry.cost_microusd;
        if book.entries.len() == CAPACITY {
            book.entries.pop_front();
        }
        book.entries.push_back(entry);
    }

    /// The sum of everything that was written.
    pub fn ledger(&self) -> Ledger {
        self.book().ledger
    }

    /// The latest entries, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.book().entries.iter().cloned().collect()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // Nothing that holds the lock can panic half-way through a change.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
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

//! What the mock saw and what it charged: one entry a request, and their sum.
//!
//! An entry is written when the request is decided, before its reply is sent: a client that
//! hangs up has still been charged, as the real API charges what was already under way. What was
//! in fact sent, and when it ended, is added when the answer has gone.

pub(crate) mod bodies;
pub mod conduct;
mod jobs;
pub(crate) mod live;
mod metrics;
mod record;
pub(crate) mod trace;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use redact::Collector;

use self::bodies::Copying;
use self::conduct::Conduct;
use self::jobs::Jobs;
pub use self::jobs::MAX_JOBS;
use self::live::Live;
pub(crate) use self::metrics::Metrics;
pub use self::record::{Entry, Ledger, Record};
use self::trace::{Handle, Open};
pub use self::trace::{Limit, Trace};
use crate::api::error::known_kind;

/// Entries that the journal holds, at most; older ones make room.
pub const CAPACITY: usize = 10_000;

/// Somebody who wants to see each request, once it is decided and once its answer has gone.
///
/// Called while the request is handled, so it must not take long.
pub trait Watcher: Send + Sync {
    /// A request is decided: from here on it has been charged. A request of a batch has no trace.
    fn decided(&self, entry: &Entry, trace: Option<&Trace>);

    /// The job that a request belongs to by its prompt, where its path names none.
    fn job_of(&self, _prompt: &str) -> Option<String> {
        None
    }

    /// Whether it wants to see how requests end, which costs a copy of each record.
    fn wants_ends(&self) -> bool {
        false
    }

    /// Its answer has gone, or the client has. Requests that needed no decision are seen here only.
    fn ended(&self, _record: &Record) {}
}

impl<F: Fn(&Entry) + Send + Sync> Watcher for F {
    fn decided(&self, entry: &Entry, _: Option<&Trace>) {
        self(entry);
    }
}

/// The latest entries, the sum of all, and whoever wants to see each as it is written.
#[derive(Default)]
pub struct Journal {
    book: Mutex<Book>,
    watcher: Option<Arc<dyn Watcher>>,
    metrics: Metrics,
    /// Only once somebody has asked for it, so that nobody else pays for it.
    live: OnceLock<Live>,
    connections: AtomicU64,
    /// What the mock itself authenticates with, where it does.
    pub(crate) own: Collector,
}

#[derive(Debug, Default)]
struct Book {
    slots: VecDeque<Slot>,
    /// Requests that had to make room before they ended, by number.
    under_way: BTreeMap<u64, Entry>,
    next: u64,
    ledger: Ledger,
    jobs: Jobs,
}

/// A request in the journal. Its trace stays where it was noted.
#[derive(Debug)]
struct Slot {
    number: u64,
    entry: Entry,
    trace: Handle,
    under_way: bool,
}

impl Slot {
    /// The record as far as it is known now.
    fn now(&self) -> Record {
        let trace = self.trace.open().trace.clone();
        Record { number: self.number, entry: self.entry.clone(), trace }
    }
}

impl Book {
    fn push(&mut self, entry: Entry, trace: Handle, under_way: bool) -> u64 {
        if self.slots.len() == CAPACITY
            && let Some(Slot { number, entry, under_way: true, .. }) = self.slots.pop_front()
        {
            self.under_way.insert(number, entry);
        }
        let number = self.next;
        self.next += 1;
        self.slots.push_back(Slot { number, entry, trace, under_way });
        number
    }

    /// A slot by the number of its record; none if it has made room, or was forgotten.
    fn slot(&mut self, number: u64) -> Option<&mut Slot> {
        let first = self.slots.front()?.number;
        self.slots.get_mut(usize::try_from(number.checked_sub(first)?).ok()?)
    }
}

impl Journal {
    /// A journal that shows each entry to `observer` as it is written.
    pub fn observed_by(observer: impl Fn(&Entry) + Send + Sync + 'static) -> Self {
        Self::watched_by(Arc::new(observer))
    }

    /// A journal that shows each request to `watcher`.
    pub fn watched_by(watcher: Arc<dyn Watcher>) -> Self {
        Self { watcher: Some(watcher), ..Self::default() }
    }

    /// A journal of a mock that has credentials of its own.
    #[cfg(feature = "proxy")]
    pub(crate) fn of_proxy(own: Collector) -> Self {
        Self { own, ..Self::default() }
    }

    /// The job that a request belongs to by its prompt, where somebody can tell.
    pub(crate) fn job_of(&self, prompt: &str) -> Option<String> {
        self.watcher.as_ref()?.job_of(prompt)
    }

    /// Writes the entry of a request, whose trace is added when it ends.
    pub(crate) fn write(&self, entry: Entry, trace: Option<&Handle>) {
        if let Some(watcher) = &self.watcher {
            let open = trace.map(Handle::open);
            watcher.decided(&entry, open.as_deref().map(|open| &open.trace));
        }
        let job = trace.and_then(|trace| trace.open().trace.job.clone());
        let mut book = self.book.lock();
        book.ledger.add(&entry);
        if let Some(sum) = job.and_then(|job| book.jobs.of(&job)) {
            sum.ledger.add(&entry);
            sum.written += 1;
        }
        let number = book.push(entry, trace.cloned().unwrap_or_default(), trace.is_some());
        if let Some(trace) = trace {
            trace.open().number = Some(number);
        }
    }

    /// Ends a trace: adds what was seen to what was decided, and keeps what was copied of the
    /// bodies.
    pub(crate) fn finish(
        &self,
        ended: &Handle,
        status: Option<u16>,
        error: Option<&str>,
        copying: Option<Box<Copying>>,
    ) {
        self.metrics.end();
        let mut book = self.book.lock();
        let open = ended.open();
        let Open { trace, number } = &*open;
        // What no decision was made about, such as a list of models, is seen all the same.
        let number = number.unwrap_or_else(|| {
            if let Some(sum) = trace.job.as_deref().and_then(|job| book.jobs.of(job)) {
                sum.written += 1;
            }
            book.push(Entry::undecided(trace.started_us), ended.clone(), false)
        });
        let mut late = book.under_way.remove(&number);
        let entry = match (book.slot(number), &mut late) {
            (Some(Slot { entry, under_way, .. }), _) => {
                *under_way = false;
                entry
            }
            (None, Some(entry)) => entry,
            (None, None) => return,
        };
        if let Some(status) = status {
            entry.status = status;
            entry.error = error.map(known_kind);
        }
        self.metrics.count(entry, trace);
        if let Some(live) = self.live.get() {
            live.count(entry, trace);
        }
        // What takes long is not done under the lock, and a copy is only made where it is wanted.
        let logged = tracing::enabled!(tracing::Level::INFO);
        let watcher = self.watcher.as_ref().filter(|watcher| watcher.wants_ends());
        let record = (logged || watcher.is_some()).then(|| Record {
            number,
            entry: entry.clone(),
            trace: trace.clone(),
        });
        drop((open, book));
        if let (Some(live), Some(copying)) = (self.live.get(), copying) {
            live.bodies.keep(number, *copying);
        }
        if let Some(record) = record {
            if logged {
                log(&record);
            }
            if let Some(watcher) = watcher {
                watcher.ended(&record);
            }
        }
    }

    /// The number of a connection that has just been made.
    pub(crate) fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The sum of everything that was written.
    pub fn ledger(&self) -> Ledger {
        self.book.lock().ledger
    }

    /// The latest entries, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.book.lock().slots.iter().map(|slot| slot.entry.clone()).collect()
    }

    /// The latest requests in full, oldest first.
    pub fn records(&self) -> Vec<Record> {
        self.book.lock().slots.iter().map(Slot::now).collect()
    }

    /// The sum of what was written of a job, whatever the journal has forgotten; none of a job that
    /// came when there were [`MAX_JOBS`] others.
    pub fn ledger_of(&self, job: &str) -> Option<Ledger> {
        self.book.lock().jobs.sum(job).map(|sum| sum.ledger)
    }

    /// The latest requests of a job in full, oldest first.
    pub fn records_of(&self, job: &str) -> Vec<Record> {
        let is_of_job = |record: &Record| record.trace.job.as_deref() == Some(job);
        self.book.lock().slots.iter().map(Slot::now).filter(is_of_job).collect()
    }

    /// What the clients of a job did wrong, as far as its latest requests show it.
    pub fn conduct_of(&self, job: &str, judge: impl FnOnce(&[Record]) -> Conduct) -> Conduct {
        let records = self.records_of(job);
        let held = u64::try_from(records.len()).unwrap_or(u64::MAX);
        let written = self.book.lock().jobs.sum(job).map_or(held, |sum| sum.written);
        Conduct { forgotten: written.saturating_sub(held), ..judge(&records) }
    }

    /// What is counted for a monitor.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// What is counted for whoever watches live. It begins with the first call.
    pub(crate) fn live(&self) -> &Live {
        self.live.get_or_init(Live::default)
    }

    /// The same, where it has begun.
    pub(crate) fn live_if_watched(&self) -> Option<&Live> {
        self.live.get()
    }

    /// The latest requests in full, the latest first, at most this many.
    pub(crate) fn latest(&self, most: usize) -> Vec<Record> {
        self.book.lock().slots.iter().rev().take(most).map(Slot::now).collect()
    }

    /// The request with this number, as far as it is known now.
    pub(crate) fn record(&self, number: u64) -> Option<Record> {
        self.book.lock().slot(number).map(|slot| slot.now())
    }

    /// Forgets all entries and their sum. Requests under way are not written when they end.
    pub(crate) fn reset(&self) {
        let mut book = self.book.lock();
        book.slots.clear();
        book.under_way.clear();
        book.ledger = Ledger::default();
        book.jobs = Jobs::default();
        drop(book);
        if let Some(live) = self.live.get() {
            live.reset();
        }
    }
}

/// One event a request. What a client wrote is printed as a quoted literal, so that no control
/// character reaches a terminal.
fn log(record: &Record) {
    let Record { entry, trace, .. } = record;
    let ended_us = trace.ended_us.unwrap_or(trace.started_us);
    tracing::info!(
        request_id = entry.request_id,
        path = ?trace.path,
        model = ?trace.model.as_deref().unwrap_or_default(),
        status = entry.status,
        tokens_in = entry.tokens_in,
        tokens_out = entry.tokens_out,
        latency_us = ended_us.saturating_sub(trace.started_us),
        fault = ?entry.fault.as_deref().unwrap_or_default(),
        client_left = trace.client_left,
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

    #[derive(Default)]
    struct Ends(Mutex<Vec<u64>>);

    impl Watcher for Ends {
        fn decided(&self, _: &Entry, _: Option<&Trace>) {}

        fn wants_ends(&self) -> bool {
            true
        }

        fn ended(&self, record: &Record) {
            self.0.lock().push(record.number);
        }
    }

    #[test]
    fn the_end_of_a_request_is_seen_however_many_came_after_it() {
        let ends = Arc::new(Ends::default());
        let journal = Journal::watched_by(Arc::clone(&ends) as Arc<dyn Watcher>);
        let slow = Handle::new(Trace::default());
        journal.write(Entry::undecided(0), Some(&slow));
        for number in 0..CAPACITY as u64 + 5 {
            journal.write(Entry::undecided(number), None);
        }
        journal.finish(&slow, Some(200), None, None);
        assert_eq!(*ends.0.lock(), [0]);
        assert!(journal.book.lock().under_way.is_empty());
    }

    #[test]
    fn the_ledger_remembers_what_the_journal_had_to_forget() {
        let journal = Journal::default();
        for number in 0..CAPACITY as u64 + 5 {
            let entry =
                Entry { tokens_in: 1, tokens_out: 2, cost_microusd: 3, ..Entry::undecided(number) };
            journal.write(entry, None);
        }
        assert_eq!(journal.entries().len(), CAPACITY);
        assert_eq!(journal.entries()[0].at_us, 5);
        assert_eq!(journal.ledger().cost_microusd, 3 * (CAPACITY as u64 + 5));
    }
}

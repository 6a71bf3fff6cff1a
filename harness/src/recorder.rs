//! Appends records to `run.jsonl` as they happen.
//!
//! With a book, a record is in the book before it is in the file. The first failure to write stops
//! the run: nothing after it would be on record. A run in real time writes each record through, so
//! that a crash loses nothing; a simulated one repeats itself.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::ProgressBar;
use reports::record::{Attempt, Footer, Record};

use crate::book::{self, Book, BookError, Intent};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::pipeline::cache::Key;
use crate::pipeline::merge::Answer;

/// The open record file of one run.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    state: Mutex<State>,
    write_through: bool,
    /// Asked to stop the run when nothing more can be written.
    interrupt: Interrupt,
    /// Moves with each job that ends.
    progress: ProgressBar,
    /// What the run needs to go on after a crash.
    book: Option<Arc<Book>>,
}

#[derive(Debug)]
struct State {
    writer: BufWriter<File>,
    records: u64,
    error: Option<Failure>,
}

impl Recorder {
    /// Records into the file at `path`, which is open and empty.
    pub fn new(
        path: PathBuf,
        file: File,
        write_through: bool,
        interrupt: Interrupt,
        progress: ProgressBar,
    ) -> Self {
        let state = State { writer: BufWriter::new(file), records: 0, error: None };
        Self { path, state: Mutex::new(state), write_through, interrupt, progress, book: None }
    }

    /// The same recorder, which writes everything into a book first.
    #[must_use]
    pub fn with_book(self, book: Option<Arc<Book>>) -> Self {
        Self { book, ..self }
    }

    /// The book, where there is one.
    pub const fn book(&self) -> Option<&Arc<Book>> {
        self.book.as_ref()
    }

    /// Appends one record.
    pub fn record(&self, record: &Record) {
        if let Some(book) = self.book.as_ref().filter(|_| self.is_final(record)) {
            self.check(book.append(record));
        }
        self.replay(record);
    }

    /// Writes down that a request is about to be sent, where there is a book.
    pub fn intend(&self, tag: &str, intent: impl FnOnce() -> Intent) {
        if let Some(book) = &self.book {
            self.check(book.intend(tag, &intent()));
        }
    }

    /// Appends how a request ended; its answer is kept with it, where there is a book.
    pub fn settle(&self, tag: &str, attempt: Attempt, answer: Option<(&Key, &Answer)>) {
        if let Some(book) = &self.book {
            self.check(book.settle(tag, &attempt, answer));
        }
        self.replay(&Record::Attempt(attempt));
    }

    /// Whether a record stays true when the run goes on: a job that was stopped with the run is
    /// begun again, and the end of a run is not that of the next.
    fn is_final(&self, record: &Record) -> bool {
        match record {
            Record::Job(_) | Record::Platform(_) | Record::PipelineEnd(_) => {
                !self.interrupt.asked()
            }
            Record::Footer(_) => false,
            Record::Header(_) | Record::Attempt(_) | Record::Fault(_) => true,
        }
    }

    /// Stops the run when the book cannot be written.
    fn check(&self, written: Result<(), BookError>) {
        if let Err(error) = written {
            self.stop(book::unreadable(&error));
        }
    }

    /// Stops the run: something that it has to write cannot be written.
    pub fn stop(&self, failure: Failure) {
        self.state().error.get_or_insert(failure);
        self.interrupt.ask();
    }

    /// Appends a record that is in the book already, or does not belong there.
    pub fn replay(&self, record: &Record) {
        if matches!(record, Record::Job(_)) {
            self.progress.inc(1);
        }
        let mut state = self.state();
        if state.error.is_some() {
            return;
        }
        // The header at once: from then on the folder can be told from one that holds no run.
        let through = self.write_through || matches!(record, Record::Header(_));
        match append(&mut state.writer, record, through) {
            Ok(()) => state.records += 1,
            Err(error) => {
                state.error = Some(Failure::unwritable(&self.path, &error));
                self.interrupt.ask();
            }
        }
    }

    /// Writes the footer, and tells whether everything could be written.
    pub fn finish(&self, interrupted: bool) -> Result<(), Failure> {
        self.progress.finish_and_clear();
        let records = self.state().records;
        self.record(&Record::Footer(Footer { interrupted, records }));
        let mut state = self.state();
        if let Some(failure) = state.error.take() {
            return Err(failure);
        }
        state.writer.flush().map_err(|error| Failure::unwritable(&self.path, &error))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn append(writer: &mut BufWriter<File>, record: &Record, write_through: bool) -> io::Result<()> {
    serde_json::to_writer(&mut *writer, record)?;
    writer.write_all(b"\n")?;
    if write_through { writer.flush() } else { Ok(()) }
}

//! Appends records to `run.jsonl` as they happen.
//!
//! The first failure to write stops the run: nothing after it would be on record. A run in real
//! time writes each record through, so that a crash loses nothing; a simulated one repeats itself.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::ProgressBar;
use reports::record::{Footer, Record};

use crate::interrupt::Interrupt;

/// The open record file of one run.
#[derive(Debug)]
pub struct Recorder {
    state: Mutex<State>,
    write_through: bool,
    /// Asked to stop the run when nothing more can be written.
    interrupt: Interrupt,
    /// Moves with each job that ends.
    progress: ProgressBar,
}

#[derive(Debug)]
struct State {
    writer: BufWriter<File>,
    records: u64,
    error: Option<io::Error>,
}

impl Recorder {
    /// Records into a file that is open and empty.
    pub fn new(
        file: File,
        write_through: bool,
        interrupt: Interrupt,
        progress: ProgressBar,
    ) -> Self {
        let state = State { writer: BufWriter::new(file), records: 0, error: None };
        Self { state: Mutex::new(state), write_through, interrupt, progress }
    }

    /// Appends one record.
    pub fn record(&self, record: &Record) {
        if matches!(record, Record::Job(_)) {
            self.progress.inc(1);
        }
        let mut state = self.state();
        if state.error.is_some() {
            return;
        }
        match append(&mut state.writer, record, self.write_through) {
            Ok(()) => state.records += 1,
            Err(error) => {
                state.error = Some(error);
                self.interrupt.ask();
            }
        }
    }

    /// Writes the footer, and tells whether everything could be written.
    pub fn finish(&self, interrupted: bool) -> io::Result<()> {
        self.progress.finish_and_clear();
        let records = self.state().records;
        self.record(&Record::Footer(Footer { interrupted, records }));
        let mut state = self.state();
        match state.error.take() {
            Some(error) => Err(error),
            None => state.writer.flush(),
        }
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

//! Appends records to `run.jsonl` as they happen.
//!
//! With a checkpoint, a record is in it before it is in the file. The first failure to write stops
//! the run: nothing after it would be on record. A run in real time writes each record through, so
//! that a crash loses nothing; a simulated one repeats itself.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use engine::cache::Key;
use engine::client::answer::Answer;
use engine::outside::{Intent, Sink};
use parking_lot::{Mutex, MutexGuard};
use reports::record::{Aborted, Attempt, Footer, Record};
use reports::{Cause, Watch};

use super::progress::Progress;
use crate::Failure;
use crate::process::interrupt::Interrupt;
use crate::storage::checkpoint::{self, Checkpoint, CheckpointError};

/// The open record file of one run.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    output: Mutex<Output>,
    write_through: bool,
    /// Asked to stop the run when nothing more can be written.
    interrupt: Interrupt,
    /// What a person sees meanwhile.
    progress: Arc<Progress>,
    /// What the run needs to go on after a crash.
    checkpoint: Option<Arc<Checkpoint>>,
    /// Ends the run when a threshold cannot be met any more, where that was asked for.
    watch: Option<Mutex<Watch>>,
    aborted: OnceLock<Aborted>,
    /// Whether the jobs of the current pipeline wait for what never comes.
    stuck: AtomicBool,
}

#[derive(Debug)]
struct Output {
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
        progress: Progress,
    ) -> Self {
        let output = Output { writer: BufWriter::new(file), records: 0, error: None };
        Self {
            path,
            output: Mutex::new(output),
            write_through,
            interrupt,
            progress: Arc::new(progress),
            checkpoint: None,
            watch: None,
            aborted: OnceLock::new(),
            stuck: AtomicBool::new(false),
        }
    }

    /// The same recorder, which ends the run when a threshold cannot be met any more.
    #[must_use]
    pub fn with_watch(self, watch: Option<Watch>) -> Self {
        Self { watch: watch.map(Mutex::new), ..self }
    }

    /// The same recorder, which writes everything into a checkpoint first.
    #[must_use]
    pub fn with_checkpoint(self, checkpoint: Option<Arc<Checkpoint>>) -> Self {
        Self { checkpoint, ..self }
    }

    /// A recorder for a pipeline that runs alongside the one that this records: what it writes is
    /// kept in a file of its own until it is [joined](Self::join).
    pub(super) fn apart(&self) -> Result<Self, Failure> {
        let folder = self.path.parent().filter(|folder| *folder != Path::new(""));
        let file = tempfile::tempfile_in(folder.unwrap_or(Path::new(".")))
            .map_err(|error| Failure::unwritable(&self.path, &error))?;
        Ok(Self {
            path: self.path.clone(),
            output: Mutex::new(Output { writer: BufWriter::new(file), records: 0, error: None }),
            write_through: false,
            interrupt: self.interrupt.clone(),
            progress: Arc::clone(&self.progress),
            checkpoint: None,
            watch: None,
            aborted: OnceLock::new(),
            stuck: AtomicBool::new(false),
        })
    }

    /// Appends what was kept apart, and the failure that ended it.
    pub(super) fn join(&self, apart: &Self) {
        let mut from = apart.output();
        let mut output = self.output();
        if output.error.is_some() {
            return;
        }
        let copied = from.writer.flush().and_then(|()| {
            let file = from.writer.get_mut();
            file.rewind()?;
            io::copy(file, &mut output.writer)
        });
        output.records += from.records;
        output.error = from.error.take();
        if let Err(error) = copied {
            output.error.get_or_insert_with(|| Failure::unwritable(&self.path, &error));
            self.interrupt.ask();
        }
    }

    /// The checkpoint, where there is one.
    pub const fn checkpoint(&self) -> Option<&Arc<Checkpoint>> {
        self.checkpoint.as_ref()
    }

    /// Appends one record.
    pub fn record(&self, record: &Record) {
        if let Some(checkpoint) = self.checkpoint.as_ref().filter(|_| self.is_final(record)) {
            self.check(checkpoint.append(record));
        }
        self.replay(record);
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

    /// Stops the run when the checkpoint cannot be written.
    fn check(&self, written: Result<(), CheckpointError>) {
        if let Err(error) = written {
            self.stop(checkpoint::unreadable(&error));
        }
    }

    /// Stops the run: something that it has to write cannot be written.
    pub fn stop(&self, failure: Failure) {
        self.output().error.get_or_insert(failure);
        self.interrupt.ask();
    }

    /// Says whether the jobs under way wait for what never comes: given up, they are on record as
    /// never answered.
    pub(super) fn set_stuck(&self, stuck: bool) {
        self.stuck.store(stuck, Ordering::Relaxed);
    }

    /// Whether the jobs under way wait for what never comes.
    pub fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::Relaxed)
    }

    /// Appends a record that is in the checkpoint already, or does not belong there.
    pub fn replay(&self, record: &Record) {
        self.progress.follow(record);
        let mut output = self.output();
        if output.error.is_some() {
            return;
        }
        // The header at once: from then on the folder can be told from one that holds no run.
        let through = self.write_through || matches!(record, Record::Header(_));
        match append(&mut output.writer, &masked(record), through) {
            Ok(()) => {
                output.records += 1;
                drop(output);
                self.watch(record);
            }
            Err(error) => {
                output.error = Some(Failure::unwritable(&self.path, &error));
                self.interrupt.ask();
            }
        }
    }

    /// Ends the run where this record has made a threshold impossible.
    fn watch(&self, record: &Record) {
        let Some(watch) = self.watch.as_ref().filter(|_| !self.interrupt.asked()) else { return };
        if let Some(aborted) = watch.lock().follow(record)
            && self.aborted.set(aborted).is_ok()
        {
            self.interrupt.abort();
        }
    }

    /// Writes the footer; fails where anything could not be written.
    pub fn finish(&self, interrupted: bool) -> Result<(), Failure> {
        self.progress.finish();
        let records = self.output().records;
        let aborted = self.aborted.get().cloned();
        self.record(&Record::Footer(Footer { interrupted, records, aborted }));
        let mut output = self.output();
        if let Some(failure) = output.error.take() {
            return Err(failure);
        }
        output.writer.flush().map_err(|error| Failure::unwritable(&self.path, &error))
    }

    fn output(&self) -> MutexGuard<'_, Output> {
        self.output.lock()
    }
}

impl Sink for Recorder {
    fn intend(&self, tag: &str, intent: &Intent) {
        if let Some(checkpoint) = &self.checkpoint {
            self.check(checkpoint.intend(tag, intent));
        }
    }

    fn commit(&self, tag: &str, attempt: Attempt, answer: Option<(&Key, &Answer)>) {
        if let Some(checkpoint) = &self.checkpoint {
            self.check(checkpoint.commit(tag, &attempt, answer));
        }
        self.replay(&Record::Attempt(attempt));
    }

    fn given_up(&self) -> (Cause, &'static str) {
        if self.interrupt.asked() {
            (Cause::Interrupted, "the run was stopped")
        } else if self.is_stuck() {
            (Cause::NeverAnswered, "no answer came, and nothing limits the wait for one")
        } else {
            (Cause::JobTimeout, "the file's time was over")
        }
    }
}

/// The record without what looks like a credential in the words of a server or a program.
fn masked(record: &Record) -> Cow<'_, Record> {
    let detail = match record {
        Record::Attempt(attempt) => &attempt.detail,
        Record::Job(job) => &job.detail,
        _ => &None,
    };
    let Some(Cow::Owned(words)) = detail.as_deref().map(redact::text) else {
        return Cow::Borrowed(record);
    };
    let mut record = record.clone();
    match &mut record {
        Record::Attempt(attempt) => attempt.detail = Some(words),
        Record::Job(job) => job.detail = Some(words),
        _ => {}
    }
    Cow::Owned(record)
}

fn append(writer: &mut BufWriter<File>, record: &Record, write_through: bool) -> io::Result<()> {
    serde_json::to_writer(&mut *writer, record)?;
    writer.write_all(b"\n")?;
    if write_through { writer.flush() } else { Ok(()) }
}

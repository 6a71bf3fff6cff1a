//! What a run writes down so that it can go on after a crash: a file next to its records.
//!
//! Whatever is here is on the disk before the run goes on. An intent is written before a request is
//! sent; when the request has ended, one transaction writes its record and its answer and takes the
//! intent away. So after a crash at any instant it is known what is finished, what was paid for,
//! and which requests may have been paid for without anybody having seen an answer. A record is
//! written here first: `run.jsonl` can be made again from here.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use engine::cache::{CacheEntry, Key};
use engine::client::answer::Answer;
use engine::outside::{Intent, Kept};
use redb::{ReadableTable, TableDefinition};
use reports::record::{Attempt, Header, Record};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::database::{self, Store, StoreError};
use crate::{Exit, Failure};

/// The name of the file in the folder of a run.
pub const CHECKPOINT: &str = "store.redb";

const RECORDS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("records, format 1");
const INTENTS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("intents, format 1");
const ANSWERS: TableDefinition<'_, (&str, &[u8]), &[u8]> =
    TableDefinition::new("answers, format 1");
const BEGINNINGS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("beginnings, format 1");

/// Why the checkpoint cannot be read or written.
pub type CheckpointError = StoreError;

/// How things stood when a pipeline began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beginning {
    /// The calendar time.
    pub epoch_ms: i64,
    /// What the ledger had charged before.
    pub ledger_microusd: u64,
    /// The requests that the ledger had counted before.
    pub ledger_requests: u64,
}

/// An answer, and the job that paid for it.
#[derive(Debug, Serialize, Deserialize)]
struct Paid {
    job: u64,
    entry: CacheEntry,
}

/// An open checkpoint.
#[derive(Debug)]
pub struct Checkpoint {
    store: Store,
}

impl Checkpoint {
    /// Opens the checkpoint of a run, or begins one.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        Self::on(Store::open_whole(path)?)
    }

    fn on(store: Store) -> Result<Self, CheckpointError> {
        // Every table exists from here on, so that no reader has to ask.
        store.write(|transaction| {
            transaction.open_table(RECORDS)?;
            transaction.open_table(INTENTS)?;
            transaction.open_table(ANSWERS)?;
            transaction.open_table(BEGINNINGS)?;
            Ok(())
        })?;
        Ok(Self { store })
    }

    /// Refuses a checkpoint that another run has written; one that is empty belongs to everyone.
    pub fn belongs_to(&self, header: &Header) -> Result<(), Failure> {
        match self.records().map_err(|error| unreadable(&error))?.first() {
            None => Ok(()),
            Some(Record::Header(found)) if found == header => Ok(()),
            Some(_) => Err(other_run()),
        }
    }

    /// Refuses a checkpoint that does not have what is on record already: it was emptied, replaced
    /// by another one, or is older than the records. What counts is here before it is in the file.
    pub fn knows(&self, records: File) -> Result<(), Failure> {
        let known = self.records().map_err(|error| unreadable(&error))?;
        let known: HashSet<String> = known.iter().map(Record::to_line).collect();
        let mut lines = BufReader::new(records);
        let mut line = String::new();
        // The process may have died in the middle of the last line, which then has no end.
        while lines.read_line(&mut line).is_ok() && line.ends_with('\n') {
            let record = serde_json::from_str(&line);
            let must_be_known = match &record {
                Ok(Record::Header(_) | Record::Attempt(_) | Record::Fault(_)) | Err(_) => true,
                // A job that was stopped with the run is begun again, and an end of a run that
                // goes on was none.
                Ok(
                    Record::Job(_)
                    | Record::Platform(_)
                    | Record::PipelineEnd(_)
                    | Record::Footer(_),
                ) => false,
            };
            let is_known = record.is_ok_and(|record| known.contains(&record.to_line()));
            if must_be_known && !is_known {
                return Err(not_of_these_records());
            }
            line.clear();
        }
        Ok(())
    }

    /// Writes a record.
    pub fn append(&self, record: &Record) -> Result<(), CheckpointError> {
        self.store.write(|transaction| push(transaction, record))
    }

    /// Writes down that a request is about to be sent.
    pub fn intend(&self, tag: &str, intent: &Intent) -> Result<(), CheckpointError> {
        let bytes = serde_json::to_vec(intent)?;
        self.store.write(|transaction| {
            transaction.open_table(INTENTS)?.insert(tag, bytes.as_slice())?;
            Ok(())
        })
    }

    /// Writes down how a request ended, and its answer, where there is one to keep.
    pub fn commit(
        &self,
        tag: &str,
        attempt: &Attempt,
        answer: Option<(&Key, &Answer)>,
    ) -> Result<(), CheckpointError> {
        self.store.write(|transaction| {
            push(transaction, &Record::Attempt(attempt.clone()))?;
            transaction.open_table(INTENTS)?.remove(tag)?;
            if let Some((key, answer)) = answer {
                let paid = Paid { job: attempt.job, entry: CacheEntry::of(answer, 0) };
                let place = (&*attempt.pipeline, key.bytes());
                let bytes = serde_json::to_vec(&paid)?;
                transaction.open_table(ANSWERS)?.insert(place, bytes.as_slice())?;
            }
            Ok(())
        })
    }

    /// The answer that a pipeline has paid for. One that was cut is good for the job that paid for
    /// it, which would get no better one, and for no other.
    pub fn answer(
        &self,
        pipeline: &str,
        key: &Key,
        job: u64,
    ) -> Result<Option<Answer>, CheckpointError> {
        let place = (pipeline, key.bytes());
        let paid = self.store.read(|transaction| {
            let bytes = transaction.open_table(ANSWERS)?.get(place)?;
            bytes.map(|bytes| value::<Paid>(bytes.value())).transpose()
        })?;
        let Some(Paid { job: payer, entry }) = paid else { return Ok(None) };
        let good = entry.is_sound() && (!entry.truncated || payer == job);
        Ok(good.then(|| entry.into_answer()))
    }

    /// Writes down how things stand, unless the pipeline began earlier; gives what is written.
    pub fn beginning(&self, pipeline: &str, now: Beginning) -> Result<Beginning, CheckpointError> {
        self.store.write(|transaction| {
            let mut table = transaction.open_table(BEGINNINGS)?;
            let earlier = table.get(pipeline)?.map(|bytes| value(bytes.value())).transpose()?;
            if let Some(earlier) = earlier {
                return Ok(earlier);
            }
            table.insert(pipeline, serde_json::to_vec(&now)?.as_slice())?;
            Ok(now)
        })
    }

    /// Every record, in the order in which they were written.
    pub fn records(&self) -> Result<Vec<Record>, CheckpointError> {
        self.store.read(|transaction| {
            let table = transaction.open_table(RECORDS)?;
            table.iter()?.map(|row| value(row?.1.value())).collect()
        })
    }

    /// The requests that were about to be sent and of which nothing more is known, by their tags.
    pub fn intents(&self) -> Result<Vec<(String, Intent)>, CheckpointError> {
        self.store.read(|transaction| {
            let table = transaction.open_table(INTENTS)?;
            let rows = table.iter()?.map(|row| {
                let (tag, intent) = row?;
                Ok((tag.value().to_owned(), value(intent.value())?))
            });
            rows.collect()
        })
    }
}

/// The answers that one pipeline has paid for in this run.
#[derive(Debug)]
pub struct PaidAnswers {
    checkpoint: Arc<Checkpoint>,
    pipeline: String,
}

impl PaidAnswers {
    /// The answers of a pipeline in a checkpoint.
    pub const fn new(checkpoint: Arc<Checkpoint>, pipeline: String) -> Self {
        Self { checkpoint, pipeline }
    }
}

impl Kept for PaidAnswers {
    /// What cannot be read loses money, not work.
    fn answer(&self, key: &Key, job: u64) -> Option<Answer> {
        self.checkpoint.answer(&self.pipeline, key, job).unwrap_or_else(|error| {
            tracing::warn!(%error, "the store cannot be read; the answer is paid for");
            None
        })
    }
}

fn value<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CheckpointError> {
    Ok(serde_json::from_slice(bytes)?)
}

fn push(transaction: &redb::WriteTransaction, record: &Record) -> Result<(), CheckpointError> {
    let mut table = transaction.open_table(RECORDS)?;
    let next = table.last()?.map_or(0, |(number, _)| number.value() + 1);
    table.insert(next, record.to_line().as_bytes())?;
    Ok(())
}

/// The checkpoint cannot be read, although it is there: the system refuses, or it is damaged.
pub fn unreadable(error: &CheckpointError) -> Failure {
    let message = format!("cannot use the run's `{CHECKPOINT}`: {error}");
    if database::is_of_the_system(error) {
        return Failure::internal(message);
    }
    let hint = "what the run has recorded is in `run.jsonl`; begin it anew with another `--out`";
    Failure::new(Exit::Invalid, format!("{message}\nhint: {hint}"))
}

/// The checkpoint is not that of the records beside it.
fn not_of_these_records() -> Failure {
    Failure::usage(format!(
        "the run's `{CHECKPOINT}` does not have what `run.jsonl` has on record: it was emptied, \
         replaced, or is of an earlier time\n\
         hint: put the right file back, or begin anew in another folder; no record was changed"
    ))
}

/// The folder holds another run than the one that was asked for.
pub fn other_run() -> Failure {
    Failure::usage(
        "the folder holds another run: its scenario, files, pipelines, seed or version of chaos \
         differ\n\
         hint: resume with the options it was started with, or name another folder with `--out`",
    )
}

#[cfg(test)]
mod killed;

#[cfg(test)]
mod tests {
    use super::*;
    use engine::cache::Piece;
    use engine::cache::key::KeyRule;
    use engine::preset::{Preset, shipped};

    pub(super) fn key(code: &str) -> Key {
        let request = Preset::parse("phase3", shipped("phase3").unwrap()).unwrap().request;
        KeyRule::Documented.of(&request, &Piece { path: "a.py", number: None, code })
    }

    pub(super) fn attempt(job: u64) -> Attempt {
        Attempt {
            pipeline: "mine".into(),
            job,
            chunk: 1,
            attempt: 1,
            start_us: 0,
            end_us: 1,
            first_token_us: None,
            status: Some(200),
            cause: None,
            detail: None,
            request_id: None,
            retry_after_s: None,
            tokens_in: 1,
            tokens_out: 2,
            cost_microusd: 3,
            told_microusd: None,
        }
    }

    pub(super) fn answer(truncated: bool) -> Answer {
        Answer { text: "# Documentation\n".into(), truncated }
    }

    #[test]
    fn what_is_written_is_there_for_whoever_opens_the_book_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(CHECKPOINT);
        let intent = Intent { pipeline: "mine".into(), job: 1, chunk: 1, attempt: 1, start_us: 0 };
        let checkpoint = Checkpoint::open(&path).unwrap();
        checkpoint.intend("1/1/1", &intent).unwrap();
        checkpoint.intend("2/1/1", &Intent { job: 2, ..intent.clone() }).unwrap();
        checkpoint.commit("2/1/1", &attempt(2), Some((&key("x"), &answer(false)))).unwrap();
        drop(checkpoint);
        let checkpoint = Checkpoint::open(&path).unwrap();
        assert_eq!(checkpoint.intents().unwrap(), [("1/1/1".to_owned(), intent)]);
        assert_eq!(checkpoint.records().unwrap(), [Record::Attempt(attempt(2))]);
        assert_eq!(checkpoint.answer("mine", &key("x"), 2).unwrap(), Some(answer(false)));
        assert_eq!(checkpoint.answer("other", &key("x"), 2).unwrap(), None);
        assert_eq!(checkpoint.answer("mine", &key("y"), 2).unwrap(), None);
    }

    #[test]
    fn a_cut_answer_is_good_for_the_job_that_paid_for_it_only() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoint = Checkpoint::open(&folder.path().join(CHECKPOINT)).unwrap();
        checkpoint.commit("1/1/1", &attempt(1), Some((&key("x"), &answer(true)))).unwrap();
        let found = [1, 2].map(|job| checkpoint.answer("mine", &key("x"), job).unwrap());
        assert_eq!(found, [Some(answer(true)), None]);
    }

    #[test]
    fn a_pipeline_begins_once() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoint = Checkpoint::open(&folder.path().join(CHECKPOINT)).unwrap();
        let at = |epoch_ms| Beginning { epoch_ms, ledger_microusd: 0, ledger_requests: 0 };
        assert_eq!(checkpoint.beginning("mine", at(1)).unwrap(), at(1));
        assert_eq!(checkpoint.beginning("mine", at(2)).unwrap(), at(1));
    }
}

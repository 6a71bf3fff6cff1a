//! A process that is killed between any two writes of its checkpoint, and in the middle of each.
//! The system keeps what was written, in order. Whatever was done is there, and of what was under
//! way all or nothing.

use std::fs;
use std::io::Error;
use std::sync::Arc;

use parking_lot::Mutex;
use redb::StorageBackend;

use super::super::database::Store;
use super::tests::{answer, attempt, key};
use super::{CHECKPOINT, Checkpoint};
use engine::outside::Intent;

/// What a process did to its file.
#[derive(Debug, Clone)]
enum Step {
    Length(u64),
    Write(u64, Vec<u8>),
}

/// A file in memory that notes every step.
#[derive(Debug, Clone, Default)]
struct Noted(Arc<Mutex<(Vec<u8>, Vec<Step>)>>);

fn position(at: u64) -> usize {
    usize::try_from(at).expect("a small file")
}

fn done(file: &mut Vec<u8>, step: &Step) {
    match step {
        Step::Length(bytes) => file.resize(position(*bytes), 0),
        Step::Write(at, bytes) => {
            let at = position(*at);
            file[at..at + bytes.len()].copy_from_slice(bytes);
        }
    }
}

impl Noted {
    fn steps(&self) -> usize {
        self.0.lock().1.len()
    }

    fn take(&self, step: Step) {
        let mut noted = self.0.lock();
        done(&mut noted.0, &step);
        noted.1.push(step);
    }
}

impl StorageBackend for Noted {
    fn len(&self) -> Result<u64, Error> {
        Ok(self.0.lock().0.len() as u64)
    }

    fn read(&self, at: u64, out: &mut [u8]) -> Result<(), Error> {
        let at = position(at);
        out.copy_from_slice(&self.0.lock().0[at..at + out.len()]);
        Ok(())
    }

    fn set_len(&self, bytes: u64) -> Result<(), Error> {
        self.take(Step::Length(bytes));
        Ok(())
    }

    fn sync_data(&self) -> Result<(), Error> {
        Ok(())
    }

    fn write(&self, at: u64, bytes: &[u8]) -> Result<(), Error> {
        self.take(Step::Write(at, bytes.to_vec()));
        Ok(())
    }
}

/// The steps of a process, and how many there were when each of its requests was begun or ended.
fn life() -> (Vec<Step>, Vec<usize>) {
    let file = Noted::default();
    let database = redb::Builder::new().create_with_backend(file.clone()).unwrap();
    let checkpoint = Checkpoint::on(Store::of(database)).unwrap();
    let mut ends = Vec::new();
    for job in 0..6 {
        let tag = format!("{job}/1/1");
        let intent = Intent { pipeline: "mine".into(), job, chunk: 1, attempt: 1, start_us: 0 };
        checkpoint.intend(&tag, &intent).unwrap();
        ends.push(file.steps());
        let paid = (key(&tag), answer(false));
        checkpoint.commit(&tag, &attempt(job), Some((&paid.0, &paid.1))).unwrap();
        ends.push(file.steps());
    }
    drop(checkpoint);
    let steps = file.0.lock().1.clone();
    (steps, ends)
}

/// How many of the requests' beginnings and ends a file has.
fn kept(file: &[u8]) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(CHECKPOINT);
    fs::write(&path, file).unwrap();
    let checkpoint = Checkpoint::open(&path).unwrap();
    let (records, intents) = (checkpoint.records().unwrap(), checkpoint.intents().unwrap());
    for job in 0..records.len() as u64 {
        let key = key(&format!("{job}/1/1"));
        assert_eq!(checkpoint.answer("mine", &key, job).unwrap(), Some(answer(false)));
    }
    records.len() * 2 + intents.len()
}

#[test]
fn a_kill_between_any_two_writes_loses_nothing_that_was_done() {
    let (steps, ends) = life();
    let mut file = Vec::new();
    let check = |number: usize, file: &[u8]| {
        let sure = ends.iter().filter(|end| **end <= number).count();
        let found = kept(file);
        assert!(found == sure || found == sure + 1, "{found} of {sure} after {number} steps");
    };
    for (number, step) in steps.iter().enumerate() {
        check(number, &file);
        if let Step::Write(at, bytes) = step {
            let mut torn = file.clone();
            done(&mut torn, &Step::Write(*at, bytes[..bytes.len() / 2].to_vec()));
            check(number, &torn);
        }
        done(&mut file, step);
    }
    check(steps.len(), &file);
    assert!(steps.len() > 60, "{} steps", steps.len());
}

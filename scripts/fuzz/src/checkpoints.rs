//! The files that outlive a process, a checkpoint and a cache, after whatever happened to them: the
//! input is a list of damages.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use engine::cache::key::KeyRule;
use engine::cache::{CacheEntry, Key, Piece};
use engine::client::answer::Answer;
use engine::outside::Intent;
use engine::preset::{Preset, shipped};
use futures_util::FutureExt;
use harness::storage::cache::CachePlace;
use harness::storage::checkpoint::{Beginning, Checkpoint};
use reports::record::{Attempt, Clock};

use super::choices::Choices;

const PAGE: usize = 4096;

/// What stands where a database says what it is.
const NAMES: [&[u8]; 4] = [b"redb", b"SQLite format 3\0", b"\0\0\0\0", b"\x7fELF"];

/// A checkpoint and a cache in which there is something.
static WHOLE: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let (checkpoint, cache) = (folder.path().join("c"), folder.path().join("d"));
    use_checkpoint(&checkpoint).expect("a checkpoint can be made");
    use_cache(&cache).expect("a cache can be made");
    [fs::read(&checkpoint), fs::read(&cache)].map(|bytes| bytes.expect("it was made"))
});

pub(crate) fn feed(data: &[u8]) {
    let mut choices = Choices(data);
    let kind = usize::from(choices.byte() & 1);
    let mut bytes = WHOLE[kind].clone();
    while !choices.is_over() && !bytes.is_empty() {
        damage(&mut bytes, &mut choices);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    fs::write(&path, &bytes).expect("a file can be written");
    let used = if kind == 0 { use_checkpoint(&path) } else { use_cache(&path) };
    if let Err(words) = used {
        assert!(!words.is_empty());
    }
}

fn damage(bytes: &mut Vec<u8>, choices: &mut Choices<'_>) {
    let (kind, length) = (choices.byte() % 8, bytes.len());
    // Most of a small database is empty.
    let place = choices.number() % if kind < 4 { length.min(24 * PAGE) } else { length };
    let page = place / PAGE * PAGE;
    let end = (page + PAGE).min(length);
    match kind {
        0 | 1 => bytes[place] ^= 1 << (choices.byte() % 8),
        2 => bytes[place] = choices.byte(),
        3 => {
            let until = (place + usize::from(choices.byte()) + 1).min(length);
            bytes[place..until].fill(choices.byte());
        }
        4 => bytes[page..end].fill(0),
        5 => bytes.truncate(place),
        6 => {
            let other = choices.number() % length / PAGE * PAGE;
            for at in 0..(end - page).min(length - other) {
                bytes.swap(page + at, other + at);
            }
        }
        _ => {
            let name = choices.one(&NAMES);
            let until = name.len().min(length);
            bytes[..until].copy_from_slice(&name[..until]);
        }
    }
}

fn key(code: &str) -> Key {
    let preset = Preset::parse("phase3", shipped("phase3").expect("it ships"));
    let request = preset.expect("it is valid").request;
    KeyRule::Documented.of(&request, &Piece { path: "a.py", number: None, code })
}

fn intent(job: u64) -> Intent {
    Intent { pipeline: "mine".into(), job, chunk: 1, attempt: 1, start_us: 0 }
}

fn attempt(job: u64) -> Attempt {
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

/// Everything that a run does with its checkpoint.
fn use_checkpoint(path: &Path) -> Result<(), String> {
    let answer = Answer { text: "# Documentation\n".repeat(400), truncated: false };
    let all = || -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let checkpoint = Checkpoint::open(path)?;
        checkpoint.records()?;
        checkpoint.intents()?;
        checkpoint.answer("mine", &key("1"), 1)?;
        let now = Beginning { epoch_ms: 1, ledger_microusd: 2, ledger_requests: 3 };
        checkpoint.beginning("mine", now)?;
        for job in 0..6 {
            let tag = format!("{job}/1/1");
            checkpoint.intend(&tag, &intent(job))?;
            if job % 3 != 2 {
                let key = key(&job.to_string());
                checkpoint.commit(&tag, &attempt(job), Some((&key, &answer)))?;
            }
        }
        checkpoint.records()?;
        Ok(())
    };
    all().map_err(|error| error.to_string())
}

/// Everything that a run does with its cache.
fn use_cache(path: &Path) -> Result<(), String> {
    let place = CachePlace::check(path, Clock::Wall).map_err(|failure| failure.message)?;
    let backend = CachePlace::open(Some(&place), 0).map_err(|failure| failure.message)?;
    let answer = Answer { text: "# Documentation\n".repeat(400), truncated: false };
    for number in 0..4 {
        let key = key(&number.to_string());
        let read = backend.read(&key).now_or_never().expect("a file is read at once");
        let _ = read.map_err(|error| error.to_string())?;
        let entry = CacheEntry::of(&answer, 7);
        let written = backend.write(&key, entry).now_or_never().expect("it is written at once");
        written.map_err(|error| error.to_string())?;
    }
    Ok(())
}

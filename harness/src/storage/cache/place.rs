//! Where a run keeps its answers: what `--cache` names, checked before anything runs.

use std::path::{Path, PathBuf};

use engine::cache::memory::Memory;
use engine::cache::{Backend, BackendError};
use reports::record::Clock;

use super::disk::Disk;
use super::redis::{self, Redis};
use crate::Failure;

/// A cache that outlives the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CachePlace {
    /// A file.
    File(PathBuf),
    /// A Redis server, by its URL.
    Redis(String),
}

impl CachePlace {
    /// What was typed, if it can be used: a run that cannot use its cache should not begin.
    pub fn check(typed: &Path, clock: Clock) -> Result<Self, Failure> {
        let Some(url) = typed.to_str().filter(|text| text.contains("://")) else {
            Disk::check(typed).map_err(|error| Failure::usage(error.to_string()))?;
            return Ok(Self::File(typed.to_owned()));
        };
        if !url.starts_with("redis://") {
            return Err(Failure::usage(
                "`--cache` is a file, or a URL that begins with `redis://`\n\
                 hint: a Redis server over TLS or of another kind is not supported",
            ));
        }
        if clock == Clock::Simulated {
            return Err(Failure::usage(
                "a Redis server cannot follow simulated time\n\
                 hint: add `--clock wall`, or name a file with `--cache`",
            ));
        }
        redis::check(url).map_err(|error| unreachable(&error))?;
        Ok(Self::Redis(url.to_owned()))
    }

    /// Opens the place, or memory where none was named.
    pub fn open(place: Option<&Self>, kept_ms: u64) -> Result<Box<dyn Backend>, Failure> {
        Ok(match place {
            None => Box::new(Memory::default()),
            Some(Self::File(path)) => {
                Box::new(Disk::open(path).map_err(|error| Failure::usage(error.to_string()))?)
            }
            Some(Self::Redis(url)) => {
                Box::new(Redis::connect(url, kept_ms).map_err(|error| unreachable(&error))?)
            }
        })
    }
}

fn unreachable(error: &BackendError) -> Failure {
    Failure::usage(format!(
        "cannot use the Redis server of `--cache`: {error}\n\
         hint: start one with `redis-server`, or name a file with `--cache`"
    ))
}

//! The cache stage: an answer that was paid for once is found again.
//!
//! A policy decides the key, how long an answer is served and what may be kept ([`policy`],
//! [`key`]); a [`Backend`] holds the entries, in [`memory`] or wherever whoever runs the engine
//! keeps them; [`flight`] lets those who ask for the same wait for one call. Invariant: a cache
//! that fails loses money, never work. What it cannot read is paid for, and what it cannot write
//! is not kept.

mod entry;
pub mod flight;
pub mod key;
pub mod memory;
pub mod policy;

use std::fmt;

use futures_util::future::BoxFuture;
use tokio::time::timeout;

pub use entry::CacheEntry;
pub use key::{Key, Piece};
pub use policy::CachePolicy;

use self::flight::Flights;
use self::policy::Rules;
use crate::client::answer::{Answer, Failure};
use crate::outside::RunClock;
use crate::preset::request::RequestConfig;

/// Why a backend could not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BackendError(String);

impl BackendError {
    /// An error in these words.
    pub fn new(words: impl fmt::Display) -> Self {
        Self(words.to_string())
    }
}

/// Where entries are held. It knows neither ages nor checksums: it gives back what it has.
pub trait Backend: fmt::Debug + Send + Sync {
    /// The entry under a key.
    fn read<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<CacheEntry>, BackendError>>;

    /// Holds an entry under a key, in the place of any other.
    fn write<'a>(
        &'a self,
        key: &'a Key,
        entry: CacheEntry,
    ) -> BoxFuture<'a, Result<(), BackendError>>;
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The cache had it.
    Kept,
    /// Somebody else was asking for the same, and it was waited for.
    Shared,
    /// It was paid for.
    Paid,
}

/// The cache of one pipeline.
#[derive(Debug)]
pub struct Cache {
    rules: Rules,
    backend: Box<dyn Backend>,
    flights: Flights,
    clock: RunClock,
}

impl Cache {
    /// A cache with these rules over this backend.
    pub fn new(rules: Rules, backend: Box<dyn Backend>, clock: RunClock) -> Self {
        Self { rules, backend, flights: Flights::default(), clock }
    }

    /// The key of a piece of code.
    pub fn key(&self, request: &RequestConfig, piece: &Piece<'_>) -> Key {
        self.rules.key.of(request, piece)
    }

    /// The answer under a key: found, waited for, or paid for.
    pub async fn answer(
        &self,
        key: &Key,
        pay: impl Future<Output = Result<Answer, Failure>>,
    ) -> Result<(Source, Answer), Failure> {
        if !self.rules.single_flight {
            return self.look_or_pay(key, pay).await;
        }
        let seat = self.flights.join(key);
        // Whoever fails or is given up leaves the slot empty, and the next in line is the one who
        // pays.
        let mut slot = seat.turn().await;
        if let Some(answer) = &*slot {
            return Ok((Source::Shared, answer.clone()));
        }
        let (source, answer) = self.look_or_pay(key, pay).await?;
        *slot = Some(answer.clone());
        Ok((source, answer))
    }

    async fn look_or_pay(
        &self,
        key: &Key,
        pay: impl Future<Output = Result<Answer, Failure>>,
    ) -> Result<(Source, Answer), Failure> {
        if let Some(answer) = self.look(key).await {
            return Ok((Source::Kept, answer));
        }
        let answer = pay.await?;
        self.keep(key, &answer).await;
        Ok((Source::Paid, answer))
    }

    /// What the cache has under a key, and may serve.
    async fn look(&self, key: &Key) -> Option<Answer> {
        let entry = match self.patiently(self.backend.read(key)).await {
            Ok(entry) => entry?,
            Err(error) => {
                tracing::warn!(%error, "the cache cannot be read; the answer is paid for");
                return None;
            }
        };
        if entry.age_ms(self.clock.epoch_ms()) >= self.rules.served_ms {
            return None;
        }
        if self.rules.checksum && !entry.is_sound() {
            tracing::warn!("the cache holds a damaged entry; the answer is paid for");
            return None;
        }
        Some(entry.into_answer())
    }

    async fn keep(&self, key: &Key, answer: &Answer) {
        if !self.rules.keeps(answer) {
            return;
        }
        let entry = CacheEntry::of(answer, self.clock.epoch_ms());
        if let Err(error) = self.patiently(self.backend.write(key, entry)).await {
            tracing::warn!(%error, "the cache cannot be written; the answer is not kept");
        }
    }

    /// Waits for the backend as long as the policy does.
    async fn patiently<T>(
        &self,
        operation: BoxFuture<'_, Result<T, BackendError>>,
    ) -> Result<T, BackendError> {
        match self.rules.patience {
            None => operation.await,
            Some(patience) => timeout(patience, operation).await.unwrap_or_else(|_| {
                Err(BackendError::new(format!("no answer within {} ms", patience.as_millis())))
            }),
        }
    }
}

#[cfg(test)]
mod tests;

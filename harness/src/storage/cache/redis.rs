//! Entries on a Redis server, shared by everyone who uses it.
//!
//! Real time only: a server does not wait for a simulated clock. Redis itself forgets an entry
//! when no policy would serve it any more.

use std::time::Duration;

use engine::cache::{Backend, BackendError, CacheEntry, Key};
use futures_util::future::{BoxFuture, FutureExt};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands, Client};

/// How long a server may take, so that one that hangs does not hang the pipeline.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Entries on a Redis server.
pub struct Redis {
    /// One connection for all; it comes back by itself when it is lost.
    connection: ConnectionManager,
    kept_ms: u64,
}

impl std::fmt::Debug for Redis {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Redis").field("kept_ms", &self.kept_ms).finish_non_exhaustive()
    }
}

/// Whether a server answers at this URL. The words never hold the URL: it may have a password.
pub fn check(url: &str) -> Result<(), BackendError> {
    let client = Client::open(url).map_err(BackendError::new)?;
    let mut connection = client.get_connection_with_timeout(TIMEOUT).map_err(BackendError::new)?;
    redis::cmd("PING").query(&mut connection).map_err(BackendError::new)
}

impl Redis {
    /// The server at this URL, which keeps an entry for this long. It answered when the run began;
    /// one that has gone since is an outage of the cache like any other, and connected to when it
    /// is asked.
    pub fn connect(url: &str, kept_ms: u64) -> Result<Self, BackendError> {
        let client = Client::open(url).map_err(BackendError::new)?;
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT));
        let connection =
            ConnectionManager::new_lazy_with_config(client, config).map_err(BackendError::new)?;
        Ok(Self { connection, kept_ms })
    }
}

/// The name under which an entry is held.
fn name(key: &Key) -> String {
    format!("chaos:answer:2:{}", key.hex())
}

impl Backend for Redis {
    fn read<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<CacheEntry>, BackendError>> {
        let mut connection = self.connection.clone();
        async move {
            let bytes: Option<Vec<u8>> =
                connection.get(name(key)).await.map_err(BackendError::new)?;
            let entry = bytes.map(|bytes| serde_json::from_slice(&bytes)).transpose();
            entry.map_err(BackendError::new)
        }
        .boxed()
    }

    fn write<'a>(
        &'a self,
        key: &'a Key,
        entry: CacheEntry,
    ) -> BoxFuture<'a, Result<(), BackendError>> {
        let mut connection = self.connection.clone();
        async move {
            let bytes = serde_json::to_vec(&entry).map_err(BackendError::new)?;
            let kept = connection.pset_ex(name(key), bytes, self.kept_ms).await;
            kept.map_err(BackendError::new)
        }
        .boxed()
    }
}

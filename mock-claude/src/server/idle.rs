//! The `[connection]` section: what becomes of a connection that nobody uses for a while.
//!
//! The API's own time is not established; what a proxy, a load balancer or a NAT does on the way
//! differs. A client with a pool of connections meets both ends: a connection that was closed in
//! order, and one that is dead and does not say so until it is used.

use std::num::NonZeroU64;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long a connection may idle, and how it ends then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectionConfig {
    /// Milliseconds without a request after which a connection is no more.
    #[schemars(range(min = 1, max = 86_400_000))]
    pub idle_ms: NonZeroU64,
    /// How it ends.
    pub idle_end: IdleEnd,
}

/// How a connection ends that has idled too long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdleEnd {
    /// It is closed in order, then and there.
    #[default]
    Close,
    /// It stays open, and is reset by the next request, as behind a NAT that has forgotten it.
    Reset,
}

impl Default for ConnectionConfig {
    /// Half a minute, then closed in order.
    fn default() -> Self {
        Self { idle_ms: NonZeroU64::MIN.saturating_add(29_999), idle_end: IdleEnd::Close }
    }
}

impl ConnectionConfig {
    /// When an idle connection is closed in order.
    pub(crate) const fn closes_after(&self) -> Option<Duration> {
        match self.idle_end {
            IdleEnd::Close => Some(Duration::from_millis(self.idle_ms.get())),
            IdleEnd::Reset => None,
        }
    }

    /// When an idle connection is dead without a word.
    pub(crate) const fn dies_after(&self) -> Option<Duration> {
        match self.idle_end {
            IdleEnd::Close => None,
            IdleEnd::Reset => Some(Duration::from_millis(self.idle_ms.get())),
        }
    }
}

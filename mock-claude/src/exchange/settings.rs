//! What can be changed while the mock runs, besides its faults: how long the model takes, and the
//! rate limits.
//!
//! A request takes one of these when it comes and keeps it, so that a change never falls between
//! two halves of a decision: whose quota it is, and what is taken from it.

use std::sync::Arc;

use crate::basis::clock::Clock;
use crate::limits::{Limits, LimitsConfig};
use crate::model::latency::LatencyConfig;

/// What can be changed, as one request finds it.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) latency: LatencyConfig,
    /// The limits in force; none where there are none, or where they are switched off.
    pub(crate) limits: Option<Arc<Limits>>,
    /// The section that the limits were made of.
    pub(crate) limits_config: Option<LimitsConfig>,
}

impl Settings {
    /// Settings whose limits are whole.
    pub(crate) fn new(latency: LatencyConfig, limits: Option<LimitsConfig>, clock: Clock) -> Self {
        let made = limits.as_ref().and_then(|limits| Limits::new(limits, clock));
        Self { latency, limits: made.map(Arc::new), limits_config: limits }
    }
}

//! A burst: everything arrives at the same moment.

/// The offset of every job.
pub(super) const OFFSET_MS: u128 = 0;

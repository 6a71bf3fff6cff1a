//! Arrivals that were recorded elsewhere, in the order of their file.
//!
//! This crate opens no file: whoever does hands over the rows.

use std::sync::Arc;

use crate::config::Recorded;

/// When the arrival with this index comes; none after the last.
pub(super) fn offset_ms(rows: &Arc<[Recorded]>, index: u64) -> Option<u128> {
    let row = rows.get(usize::try_from(index).ok()?)?;
    Some(u128::from(row.offset_ms))
}

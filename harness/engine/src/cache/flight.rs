//! Those who ask for the same at the same moment wait for one call.
//!
//! They sit in one row: the first pays, the others wait their turn and find its answer. Whoever
//! fails, or is given up while paying, leaves nothing behind, and the next in the row pays. There
//! is nobody to wake and nothing to clean up by hand, so a row cannot hang.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use super::Key;
use crate::client::answer::Answer;

/// A row: the answer, once somebody has it. Its lock is fair, so turns come in order of arrival.
type Row = Arc<tokio::sync::Mutex<Option<Answer>>>;

/// Everything that is being asked for.
#[derive(Debug, Default)]
pub struct Flights {
    rows: Mutex<BTreeMap<Key, Row>>,
}

/// A place in a row; the row is gone with the last one.
#[derive(Debug)]
pub struct Seat<'a> {
    flights: &'a Flights,
    key: Key,
    row: Row,
}

impl Flights {
    /// A place in the row of those who ask for `key`.
    pub fn join(&self, key: &Key) -> Seat<'_> {
        let row = Arc::clone(self.rows().entry(*key).or_default());
        Seat { flights: self, key: *key, row }
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<Key, Row>> {
        self.rows.lock()
    }
}

impl Seat<'_> {
    /// Waits for one's turn: there is an answer, or it is one's own to find.
    pub async fn turn(&self) -> tokio::sync::MutexGuard<'_, Option<Answer>> {
        self.row.lock().await
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut rows = self.flights.rows();
        // Two hold the row: this place and the map, which nobody can ask while it is locked.
        if Arc::strong_count(&self.row) == 2 {
            rows.remove(&self.key);
        }
    }
}

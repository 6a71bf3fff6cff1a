//! What is known of every batch, and for how long.
//!
//! Results are given for 29 days after creation, as documented. Beyond [`MAX_STORED_BYTES`] or
//! [`MAX_BATCHES`] the oldest batches that have ended lose their results or go altogether, so that
//! memory stays flat however long the mock runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::Notify;

use super::request::BatchRequest;
use crate::api::error::ApiError;
use crate::basis::clock::SECOND_US;

/// How long a batch may be processed: 24 hours.
pub(crate) const LIFE_US: u64 = 24 * 3600 * SECOND_US;

/// How long results are kept after creation: 29 days.
pub(crate) const KEPT_US: u64 = 29 * 24 * 3600 * SECOND_US;

/// Batches that are remembered, at most.
const MAX_BATCHES: usize = 10_000;

/// Bytes of requests and results in memory, at most.
const MAX_STORED_BYTES: usize = 1024 * 1024 * 1024;

/// What a request of a batch takes besides its body, in bytes.
const BYTES_A_REQUEST: usize = size_of::<BatchRequest>() + 64;

/// The requests of a batch by what became of them. They change once, when the batch ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct RequestCounts {
    pub(crate) processing: usize,
    pub(crate) succeeded: usize,
    pub(crate) errored: usize,
    pub(crate) canceled: usize,
    pub(crate) expired: usize,
}

/// One batch as a client may see it.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    pub(crate) id: String,
    pub(crate) counts: RequestCounts,
    pub(crate) created_us: u64,
    pub(crate) cancel_us: Option<u64>,
    pub(crate) ended_us: Option<u64>,
    pub(crate) archived_us: Option<u64>,
}

/// Every batch of one mock.
#[derive(Debug, Default)]
pub(crate) struct Batches {
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// In order of creation.
    batches: BTreeMap<u64, Batch>,
    number_of: BTreeMap<String, u64>,
    created: u64,
    queued: usize,
    stored_bytes: usize,
}

#[derive(Debug)]
struct Batch {
    view: View,
    cancel: Arc<Notify>,
    /// Bytes held for this batch: its body until it ends, its results afterwards.
    bytes: usize,
    results: Option<Bytes>,
}

impl Batches {
    /// Takes a new batch in, unless the queue is full. Gives what tells its task to cancel.
    pub(crate) fn open(
        &self,
        id: &str,
        total: usize,
        bytes: usize,
        now_us: u64,
        queue: usize,
    ) -> Result<Arc<Notify>, ApiError> {
        let bytes = bytes.saturating_add(total.saturating_mul(BYTES_A_REQUEST));
        let mut held = self.held.lock();
        held.make_room(bytes, now_us);
        if let Some(message) = held.full(total, bytes, queue) {
            return Err(ApiError::of_status(429, message));
        }
        let cancel = Arc::new(Notify::new());
        let counts = RequestCounts { processing: total, ..RequestCounts::default() };
        let view = View { id: id.to_owned(), counts, created_us: now_us, ..View::default() };
        let number = held.created;
        held.created += 1;
        held.queued += total;
        held.stored_bytes += bytes;
        held.number_of.insert(id.to_owned(), number);
        let batch = Batch { view, cancel: Arc::clone(&cancel), bytes, results: None };
        held.batches.insert(number, batch);
        Ok(cancel)
    }

    /// Ends a batch.
    pub(crate) fn end(&self, id: &str, counts: RequestCounts, results: Bytes, now_us: u64) {
        let mut held = self.held.lock();
        let Some(batch) = held.find(id) else {
            return;
        };
        let (processing, before) = (batch.view.counts.processing, batch.bytes);
        batch.view.counts = counts;
        batch.view.ended_us = Some(now_us);
        batch.bytes = results.len();
        let after = batch.bytes;
        batch.results = Some(results);
        held.queued = held.queued.saturating_sub(processing);
        held.stored_bytes = held.stored_bytes.saturating_sub(before) + after;
        held.make_room(0, now_us);
    }

    /// Marks a batch for cancellation and tells its task.
    pub(crate) fn cancel(&self, id: &str, now_us: u64) -> Result<(), ApiError> {
        let mut held = self.held.lock();
        let batch = held.find(id).ok_or_else(|| unknown(id))?;
        if batch.view.ended_us.is_some() {
            let message = format!("Message batch {id} has ended and cannot be canceled.");
            return Err(ApiError::invalid_request(message));
        }
        batch.view.cancel_us.get_or_insert(now_us);
        batch.cancel.notify_one();
        Ok(())
    }

    /// Deletes a batch that has ended.
    pub(crate) fn delete(&self, id: &str) -> Result<(), ApiError> {
        let mut held = self.held.lock();
        let batch = held.find(id).ok_or_else(|| unknown(id))?;
        if batch.view.ended_us.is_none() {
            let message = format!(
                "Message batch {id} cannot be deleted while it is being processed. Cancel it first."
            );
            return Err(ApiError::invalid_request(message));
        }
        held.forget(id);
        Ok(())
    }

    /// The results of a batch, while there are any.
    pub(crate) fn results(&self, id: &str, now_us: u64) -> Result<Bytes, ApiError> {
        let mut held = self.held.lock();
        let batch = held.find(id).ok_or_else(|| unknown(id))?;
        batch.archive_when_due(now_us);
        let missing = if batch.view.archived_us.is_some() {
            "are no longer available"
        } else {
            "are not available yet"
        };
        batch.results.clone().ok_or_else(|| {
            ApiError::of_status(404, format!("The results of message batch {id} {missing}."))
        })
    }

    /// A batch as it is now.
    pub(crate) fn view(&self, id: &str, now_us: u64) -> Option<View> {
        let mut held = self.held.lock();
        let batch = held.find(id)?;
        batch.archive_when_due(now_us);
        Some(batch.view.clone())
    }

    /// The ids of all batches, the newest first.
    pub(crate) fn newest_first(&self) -> Vec<String> {
        self.held.lock().batches.values().rev().map(|batch| batch.view.id.clone()).collect()
    }
}

impl Batch {
    /// Lets results go whose time is over; what they weighed stays booked until the batch goes.
    fn archive_when_due(&mut self, now_us: u64) {
        let due_us = self.view.created_us.saturating_add(KEPT_US);
        if self.results.is_some() && now_us >= due_us {
            self.view.archived_us = Some(due_us);
            self.results = None;
        }
    }
}

impl Held {
    fn find(&mut self, id: &str) -> Option<&mut Batch> {
        self.batches.get_mut(self.number_of.get(id)?)
    }

    fn forget(&mut self, id: &str) {
        if let Some(batch) =
            self.number_of.remove(id).and_then(|number| self.batches.remove(&number))
        {
            self.stored_bytes = self.stored_bytes.saturating_sub(batch.bytes);
        }
    }

    /// Which limit one more batch would exceed, in words.
    fn full(&self, total: usize, bytes: usize, queue: usize) -> Option<String> {
        if self.queued.saturating_add(total) > queue {
            return Some(format!(
                "This request would exceed your organization's limit of {queue} batch requests in \
                 the processing queue."
            ));
        }
        // The API has no such limits; a mock that is never restarted needs them.
        if self.batches.len() >= MAX_BATCHES {
            return Some(format!(
                "This mock processes at most {MAX_BATCHES} batches at once. Wait until one ends."
            ));
        }
        (self.stored_bytes.saturating_add(bytes) > MAX_STORED_BYTES).then(|| {
            format!(
                "This mock keeps at most {} MB of batches that are processed. Wait until one ends.",
                MAX_STORED_BYTES >> 20
            )
        })
    }

    /// Forgets the oldest ended batches until `bytes` more of one more batch fit.
    fn make_room(&mut self, bytes: usize, now_us: u64) {
        for batch in self.batches.values_mut() {
            if now_us < batch.view.created_us.saturating_add(KEPT_US) {
                break;
            }
            batch.archive_when_due(now_us);
            if batch.results.is_none() && batch.view.ended_us.is_some() {
                self.stored_bytes = self.stored_bytes.saturating_sub(batch.bytes);
                batch.bytes = 0;
            }
        }
        while self.batches.len() >= MAX_BATCHES
            || self.stored_bytes.saturating_add(bytes) > MAX_STORED_BYTES
        {
            let mut ended = self.batches.values().filter(|batch| batch.view.ended_us.is_some());
            let Some(id) = ended.next().map(|batch| batch.view.id.clone()) else {
                break;
            };
            self.forget(&id);
        }
    }
}

/// 404 for an id that no batch has.
pub(crate) fn unknown(id: &str) -> ApiError {
    ApiError::of_status(404, format!("Message batch {id} not found."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ended_batches_make_room_and_running_ones_do_not() {
        let store = Batches::default();
        let most = MAX_STORED_BYTES / 2;
        let open = |id: &str| store.open(id, 1, most - 2 * BYTES_A_REQUEST, 0, 100);
        assert!(open("a").is_ok() && open("b").is_ok());
        let refused = open("c").expect_err("both are being processed");
        assert!(refused.message.contains("at most 1024 MB of batches"), "{}", refused.message);
        store.end("a", RequestCounts::default(), Bytes::new(), 1);
        assert!(open("c").is_ok(), "the body of the first is gone");
        assert!(store.view("a", 1).is_some());
    }

    #[test]
    fn the_number_of_batches_is_bounded_and_the_oldest_go_first() {
        let store = Batches::default();
        for number in 0..MAX_BATCHES + 5 {
            let id = number.to_string();
            assert!(store.open(&id, 1, 1, 0, 1).is_ok(), "the queue is empty again");
            store.end(&id, RequestCounts::default(), Bytes::new(), 0);
        }
        assert!(store.view("4", 0).is_none());
        assert!(store.newest_first().len() <= MAX_BATCHES);
    }

    #[test]
    fn a_refusal_names_the_limit_that_is_reached() {
        let store = Batches::default();
        let refusal =
            |total, queue| store.open("more", total, 1, 0, queue).expect_err("it is full").message;
        assert!(refusal(5, 4).contains("your organization's limit of 4 batch requests"));
        // A batch of many requests takes room, however small its body.
        let many = MAX_STORED_BYTES / BYTES_A_REQUEST + 1;
        assert!(refusal(many, usize::MAX).contains("at most 1024 MB of batches"));
        for number in 0..MAX_BATCHES {
            store.open(&number.to_string(), 1, 1, 0, usize::MAX).expect("there is room");
        }
        assert!(refusal(1, usize::MAX).contains("at most 10000 batches at once"));
    }
}

//! The life of one batch: a task that answers each request when its time has come, and ends with
//! the last of them, at the cancellation or after 24 hours.
//!
//! When a request is answered follows from the seed, its `custom_id` and its parameters; so the
//! same batch takes the same time whenever it arrives. The task holds the mock only while it
//! works: a mock that is gone ends its batches at their next step.

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use http::HeaderMap;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::request::BatchRequest;
use super::store::{LIFE_US, RequestCounts};
use crate::api::request::Version;
use crate::basis::chance::RequestKey;
use crate::exchange::batch_item::BatchItem;
use crate::exchange::core::Core;
use crate::routes::stored::Stored;

/// What a batch's task has to know besides the requests.
#[derive(Debug)]
pub(super) struct BatchTask {
    pub(super) id: String,
    pub(super) version: Version,
    /// The headers of the batch's creation: whose requests they are, and how they are marked.
    pub(super) headers: HeaderMap,
    pub(super) cancel: Arc<Notify>,
}

/// Results as they are gathered.
#[derive(Debug, Default)]
struct Gathered {
    lines: BytesMut,
    counts: RequestCounts,
}

/// Starts the life of a batch.
pub(super) fn start(stored: &Arc<Stored>, order: BatchTask, requests: Vec<BatchRequest>) {
    let core = &stored.core;
    let config = &core.config.batch;
    let mut schedule: Vec<(u64, BatchRequest)> = requests
        .into_iter()
        .map(|request| {
            let params = xxh3_64(&request.params);
            let subject = xxh3_64_with_seed(request.custom_id.as_bytes(), params);
            let key = RequestKey { subject, attempt: 0 };
            let longest = config.longest_ms.max(config.shortest_ms);
            let takes = core.chance.between("batch request", key, config.shortest_ms, longest);
            (takes, request)
        })
        .collect();
    // Stable: requests of the same moment stay in the order in which they were sent.
    schedule.sort_by_key(|(takes, _)| *takes);
    let cancel = Duration::from_millis(config.cancel_ms);
    tokio::spawn(live(Arc::downgrade(stored), order, schedule, cancel));
}

async fn live(
    stored: Weak<Stored>,
    order: BatchTask,
    schedule: Vec<(u64, BatchRequest)>,
    cancel_takes: Duration,
) {
    let started = Instant::now();
    let mut deadline = started + Duration::from_micros(LIFE_US);
    let mut canceled = false;
    let mut gathered = Gathered::default();
    let mut schedule = schedule.into_iter().peekable();
    while let Some(due) = schedule.peek().map(|(takes, _)| started + Duration::from_millis(*takes))
    {
        tokio::select! {
            biased;
            () = order.cancel.notified(), if !canceled => {
                canceled = true;
                deadline = deadline.min(Instant::now() + cancel_takes);
                continue;
            }
            () = sleep_until(due.min(deadline)) => {}
        }
        if due > deadline {
            break;
        }
        let (Some(stored), Some((_, request))) = (stored.upgrade(), schedule.next()) else {
            return;
        };
        gathered.answer(&stored.core, &order, &request);
    }
    for (_, request) in schedule {
        gathered.give_up(&request.custom_id, canceled);
    }
    if let Some(stored) = stored.upgrade() {
        let now_us = stored.core.clock.now_us();
        let Gathered { lines, counts } = gathered;
        tracing::info!(batch = order.id, ?counts, "batch ended");
        stored.batches.end(&order.id, counts, Bytes::from(lines), now_us);
    }
}

impl Gathered {
    /// Answers one request as a message would be answered.
    fn answer(&mut self, core: &Core, order: &BatchTask, request: &BatchRequest) {
        let BatchItem { request_id, result, effect } =
            core.batch_item(&request.params, order.version, &order.headers);
        let result = match result {
            Ok(replied) => {
                self.counts.succeeded += 1;
                let mut message = replied.message(&request_id);
                message.usage.service_tier = "batch";
                let mut message = json!(message);
                if let Some(effect) = &effect {
                    effect.edit(&mut message);
                }
                json!({"type": "succeeded", "message": message})
            }
            Err(error) => {
                self.counts.errored += 1;
                let body = error.body(&request_id);
                let error = serde_json::from_str(&body).unwrap_or(Value::Null);
                json!({"type": "errored", "error": error})
            }
        };
        self.push(&request.custom_id, &result);
    }

    /// Notes that a request was never answered.
    fn give_up(&mut self, custom_id: &str, canceled: bool) {
        let kind = if canceled {
            self.counts.canceled += 1;
            "canceled"
        } else {
            self.counts.expired += 1;
            "expired"
        };
        self.push(custom_id, &json!({"type": kind}));
    }

    fn push(&mut self, custom_id: &str, result: &Value) {
        let line = json!({"custom_id": custom_id, "result": result}).to_string();
        self.lines.put_slice(line.as_bytes());
        self.lines.put_u8(b'\n');
    }
}

//! How a run goes on where an earlier life of it was killed.
//!
//! What the earlier lives recorded is taken over as it is: a finished job is not begun again, and
//! what an unfinished one has cost stays its cost. A request that was under way when the process
//! died is put on record with what the ledger charged for it, so that the sum of the records is
//! the ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use engine::outside::{Bill, Bills, Intent, RunClock, Sink, Used};
use reports::Cause;
use reports::record::{Attempt, Header, Record};
use tokio::time::sleep;

use super::recorder::Recorder;
use crate::Failure;
use crate::service::admin_client::LedgerSum;
use crate::service::billing::Billing;
use crate::storage::checkpoint::{Checkpoint, unreadable};

/// What earlier lives of a run have done for one pipeline; nothing in the first one.
#[derive(Debug, Clone, Default)]
pub struct Earlier {
    done: BTreeSet<u64>,
    used: BTreeMap<u64, Used>,
    ended: bool,
    ledger: LedgerSum,
}

impl Earlier {
    /// Whether this is the first life of the run.
    pub fn is_none(&self) -> bool {
        self.done.is_empty() && self.used.is_empty() && !self.ended
    }

    /// Whether a job is finished.
    pub fn is_done(&self, job: u64) -> bool {
        self.done.contains(&job)
    }

    /// What a job has used up.
    pub fn used(&self, job: u64) -> Used {
        self.used.get(&job).copied().unwrap_or_default()
    }

    /// What each job has cost, in micro-dollars.
    pub fn costs(&self) -> impl Iterator<Item = (u64, u64)> {
        self.used.iter().map(|(job, used)| (*job, used.cost_microusd))
    }

    /// Whether the pipeline has come to its end.
    pub const fn ended(&self) -> bool {
        self.ended
    }

    /// What was charged and answered by mocks that are gone with the earlier lives.
    pub const fn ledger(&self) -> LedgerSum {
        self.ledger
    }

    fn add(&mut self, attempt: &Attempt) {
        let used = self.used.entry(attempt.job).or_default();
        used.calls += 1;
        used.tokens_in += attempt.tokens_in;
        used.tokens_out += attempt.tokens_out;
        used.cost_microusd += attempt.cost_microusd;
        let lost = attempt.cause.is_some_and(|cause| cause != Cause::Truncated);
        used.wasted_microusd += if lost { attempt.cost_microusd } else { 0 };
        self.ledger.cost_microusd += attempt.cost_microusd;
        self.ledger.requests += u64::from(attempt.status.is_some());
    }
}

/// Begins the records, or takes over those of earlier lives, by pipeline.
pub fn begin(recorder: &Recorder, header: Header) -> Result<BTreeMap<String, Earlier>, Failure> {
    let mut lives: BTreeMap<String, Earlier> = BTreeMap::new();
    let records = match recorder.checkpoint() {
        Some(checkpoint) => checkpoint.records().map_err(|error| unreadable(&error))?,
        None => Vec::new(),
    };
    if records.is_empty() {
        recorder.record(&Record::Header(header));
    }
    for record in records {
        recorder.replay(&record);
        match record {
            Record::Attempt(attempt) => {
                lives.entry(attempt.pipeline.to_string()).or_default().add(&attempt);
            }
            Record::Job(job) => {
                lives.entry(job.pipeline.to_string()).or_default().done.insert(job.job);
            }
            Record::PipelineEnd(end) => {
                lives.entry(end.pipeline.to_string()).or_default().ended = true;
            }
            Record::Header(_) | Record::Fault(_) | Record::Platform(_) | Record::Footer(_) => {}
        }
    }
    Ok(lives)
}

/// Puts on record what was under way when an earlier life was killed.
pub async fn reconcile(
    earlier: &mut Earlier,
    pipeline: &str,
    checkpoint: &Arc<Checkpoint>,
    recorder: &Recorder,
    billing: &Billing,
    clock: RunClock,
) -> Result<(), Failure> {
    let intents = checkpoint.intents().map_err(|error| unreadable(&error))?;
    let open: Vec<(String, Intent)> =
        intents.into_iter().filter(|(_, intent)| *intent.pipeline == *pipeline).collect();
    for (tag, intent) in open {
        let mut bill = billing.take(&tag);
        if bill == Bill::default() {
            // It may have been on its way when the process died.
            sleep(Duration::from_millis(50)).await;
            bill = billing.take(&tag);
        }
        let attempt = attempt(intent, &bill, clock.now_us());
        recorder.commit(&tag, attempt.clone(), None);
        earlier.add(&attempt);
    }
    Ok(())
}

fn attempt(intent: Intent, bill: &Bill, now_us: u64) -> Attempt {
    let Intent { pipeline, job, chunk, attempt, start_us } = intent;
    Attempt {
        pipeline,
        job,
        chunk,
        attempt,
        start_us,
        end_us: now_us.max(start_us),
        first_token_us: None,
        status: None,
        cause: Some(Cause::Interrupted),
        detail: Some("the run was killed before the answer was kept".to_owned()),
        request_id: None,
        retry_after_s: None,
        tokens_in: bill.tokens_in,
        tokens_out: bill.tokens_out,
        cost_microusd: bill.cost_microusd,
        told_microusd: None,
    }
}

//! What the mock charged for each attempt, matched by the tag that the attempt carried.
//!
//! A mock in this process shows each entry as it is written; one that was started elsewhere is
//! asked. The ledger decides what an attempt cost, not the answer: a call that was given up has
//! been charged all the same. An attempt by way of a batch is several requests to the mock; they
//! are charged together, and counted once.

use std::collections::BTreeMap;

use engine::client::batch::ASKING_TAG;
use engine::outside::{Bill, Bills};
use mock_claude::Entry;
use mock_claude::journal::{Limit, Trace};
use parking_lot::Mutex;

use super::admin_client::RemoteMock;

/// Bills that nobody has asked for yet.
#[derive(Debug, Default)]
pub struct Billing {
    open: Mutex<OpenBills>,
    remote: Option<RemoteMock>,
}

#[derive(Debug, Default)]
struct OpenBills {
    by_tag: BTreeMap<String, Bill>,
    /// Requests beyond the one that made each attempt.
    extra: u64,
}

impl Billing {
    /// The bills of a mock that was started elsewhere.
    pub fn of_remote(remote: RemoteMock) -> Self {
        Self { remote: Some(remote), ..Self::default() }
    }

    /// Notes what the mock decided.
    pub fn note(&self, entry: &Entry, trace: Option<&Trace>) {
        let Some(tag) = &entry.tag else { return };
        let mut open = self.open.lock();
        let OpenBills { by_tag, extra } = &mut *open;
        if tag == ASKING_TAG {
            *extra += 1;
            return;
        }
        if let Some(bill) = by_tag.get_mut(tag) {
            *extra += 1;
            add(bill, entry, trace);
        } else {
            let mut bill = Bill::default();
            add(&mut bill, entry, trace);
            by_tag.insert(tag.clone(), bill);
        }
    }

    /// Requests to the mock beyond the one that made each attempt.
    pub fn extra_requests(&self) -> u64 {
        self.open.lock().extra
    }
}

impl Bills for Billing {
    fn take(&self, tag: &str) -> Bill {
        if let Some(remote) = &self.remote {
            return remote.bill(tag).unwrap_or_else(|error| {
                tracing::warn!(%error, tag, "the mock does not say what it charged");
                Bill::default()
            });
        }
        self.open.lock().by_tag.remove(tag).unwrap_or_default()
    }
}

fn add(bill: &mut Bill, entry: &Entry, trace: Option<&Trace>) {
    bill.tokens_in += entry.tokens_in;
    bill.tokens_out += entry.tokens_out;
    bill.cost_microusd += entry.cost_microusd;
    bill.faulty |= entry.fault.is_some();
    bill.over_limit |= trace.is_some_and(|trace| trace.limit == Some(Limit::Request));
}

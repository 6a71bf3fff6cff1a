//! What the mock charged for each attempt, matched by the tag that the attempt carried.
//!
//! A mock in this process shows each entry as it is written; one that somebody else started is
//! asked. The ledger decides what an attempt cost, not the answer: a call that was given up has
//! been charged all the same.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use mock_claude::Entry;

use crate::remote::RemoteMock;

/// What one attempt was charged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Charge {
    /// Tokens read.
    pub tokens_in: u64,
    /// Tokens written.
    pub tokens_out: u64,
    /// Micro-dollars.
    pub cost_microusd: u64,
    /// Whether a fault was injected.
    pub faulty: bool,
}

/// Charges that nobody has asked for yet.
#[derive(Debug, Default)]
pub struct Charges {
    by_tag: Mutex<BTreeMap<String, Charge>>,
    remote: Option<RemoteMock>,
}

impl Charges {
    /// Charges of a mock that somebody else started.
    pub fn of_remote(remote: RemoteMock) -> Self {
        Self { remote: Some(remote), ..Self::default() }
    }

    /// Notes what the mock decided.
    pub fn note(&self, entry: &Entry) {
        let Some(tag) = &entry.tag else { return };
        let charge = Charge {
            tokens_in: entry.tokens_in,
            tokens_out: entry.tokens_out,
            cost_microusd: entry.cost_microusd,
            faulty: entry.fault.is_some(),
        };
        self.by_tag.lock().unwrap_or_else(PoisonError::into_inner).insert(tag.clone(), charge);
    }

    /// The charge for an attempt; nothing where the attempt never reached the mock.
    pub fn take(&self, tag: &str) -> Charge {
        if let Some(remote) = &self.remote {
            return remote.charge(tag).unwrap_or_else(|error| {
                tracing::warn!(%error, tag, "the mock does not say what it charged");
                Charge::default()
            });
        }
        let mut charges = self.by_tag.lock().unwrap_or_else(PoisonError::into_inner);
        charges.remove(tag).unwrap_or_default()
    }
}

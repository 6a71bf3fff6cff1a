//! What the mock charged for each attempt, matched by the tag that the attempt carried.
//!
//! A mock in this process shows each entry as it is written; one that somebody else started is
//! asked. The ledger decides what an attempt cost, not the answer: a call that was given up has
//! been charged all the same. An attempt by way of a batch is several requests to the mock; they
//! are charged together, and counted once.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mock_claude::Entry;

use crate::client::ASKING_TAG;
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
    state: Mutex<State>,
    remote: Option<RemoteMock>,
}

#[derive(Debug, Default)]
struct State {
    by_tag: BTreeMap<String, Charge>,
    /// Requests beyond the one that made each attempt.
    besides: u64,
}

impl Charges {
    /// Charges of a mock that somebody else started.
    pub fn of_remote(remote: RemoteMock) -> Self {
        Self { remote: Some(remote), ..Self::default() }
    }

    /// Notes what the mock decided.
    pub fn note(&self, entry: &Entry) {
        let Some(tag) = &entry.tag else { return };
        let mut state = self.state();
        let State { by_tag, besides } = &mut *state;
        if tag == ASKING_TAG {
            *besides += 1;
            return;
        }
        if let Some(charge) = by_tag.get_mut(tag) {
            *besides += 1;
            charge.add(entry);
        } else {
            let mut charge = Charge::default();
            charge.add(entry);
            by_tag.insert(tag.clone(), charge);
        }
    }

    /// The charge for an attempt; nothing where the attempt never reached the mock.
    pub fn take(&self, tag: &str) -> Charge {
        if let Some(remote) = &self.remote {
            return remote.charge(tag).unwrap_or_else(|error| {
                tracing::warn!(%error, tag, "the mock does not say what it charged");
                Charge::default()
            });
        }
        self.state().by_tag.remove(tag).unwrap_or_default()
    }

    /// Requests to the mock beyond the one that made each attempt.
    pub fn besides(&self) -> u64 {
        self.state().besides
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Charge {
    fn add(&mut self, entry: &Entry) {
        self.tokens_in += entry.tokens_in;
        self.tokens_out += entry.tokens_out;
        self.cost_microusd += entry.cost_microusd;
        self.faulty |= entry.fault.is_some();
    }
}

//! One thing that a client did wrong, as every check reports it.

use std::fmt;

use serde::Serialize;

use crate::journal::record::Record;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It hurts the service or the bill.
    Error,
    /// It may have a reason that the journal cannot see.
    Warning,
}

/// Something that a client did wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its name.
    pub name: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// How often it was done.
    pub count: u64,
    /// How often it could have been done.
    pub n: u64,
    /// The requests of the first time, by their ids.
    pub example: Vec<String>,
    /// The same requests, with when they came and what became of them.
    pub evidence: Vec<Evidence>,
    /// What to do instead.
    pub advice: &'static str,
}

/// A request that shows a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Its id.
    pub request_id: String,
    /// When it came, in microseconds since the mock was made.
    pub at_us: u64,
    /// The status that it was answered with.
    pub status: u16,
}

impl Finding {
    /// The finding with its requests looked up.
    pub(super) fn proved(self, records: &[Record]) -> Self {
        let found = |id: &String| records.iter().find(|record| record.entry.request_id == *id);
        let evidence = self.example.iter().filter_map(found).map(|record| Evidence {
            request_id: record.entry.request_id.clone(),
            at_us: record.trace.started_us,
            status: record.entry.status,
        });
        let evidence = evidence.collect();
        Self { evidence, ..self }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request_id, at_us, status } = self;
        let (seconds, ms) = (at_us / 1_000_000, at_us % 1_000_000 / 1_000);
        write!(formatter, "{request_id} ({status} at {seconds}.{ms:03} s)")
    }
}

/// A number of things as it is reported.
pub(super) fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

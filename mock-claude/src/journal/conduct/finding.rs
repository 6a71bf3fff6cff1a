//! One thing that a client did wrong, as every check reports it.

use serde::Serialize;

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
    /// The requests of the first time.
    pub example: Vec<String>,
    /// What to do instead.
    pub advice: &'static str,
}

/// A number of things as it is reported.
pub(super) fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

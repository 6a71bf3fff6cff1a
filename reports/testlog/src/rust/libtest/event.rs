//! One event of libtest's JSON.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Counts;
use crate::bytes;
use crate::bytes::json::Text;

/// An event, as far as it is read.
#[derive(Debug, Deserialize)]
pub(super) struct Event<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, rename = "event", default)]
    pub(super) what: Text<'a>,
    #[serde(borrow, default)]
    pub(super) name: Text<'a>,
    #[serde(borrow, default)]
    pub(super) stdout: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) message: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) reason: Option<Text<'a>>,
    /// A number of seconds; a string with a unit before Rust 1.55.
    #[serde(borrow, default)]
    pub(super) exec_time: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) test_count: u64,
    #[serde(default)]
    pub(super) passed: u64,
    #[serde(default)]
    pub(super) failed: u64,
    #[serde(default)]
    pub(super) ignored: u64,
    #[serde(default)]
    pub(super) measured: u64,
    #[serde(default)]
    pub(super) filtered_out: u64,
    #[serde(borrow, default)]
    pub(super) nextest: Option<Nextest<'a>>,
}

/// What `libtest-json-plus` adds to the events of a suite.
#[derive(Debug, Deserialize)]
pub(super) struct Nextest<'a> {
    #[serde(borrow, rename = "crate")]
    pub(super) package: Text<'a>,
    #[serde(borrow)]
    pub(super) test_binary: Text<'a>,
}

impl<'a> Event<'a> {
    /// Reads a line. An event is the last thing on it.
    pub(super) fn read(line: &'a [u8]) -> Option<Self> {
        let event: Self = serde_json::from_slice(line).ok()?;
        matches!(event.kind.as_str(), "suite" | "test" | "bench").then_some(event)
    }

    /// The counts at the end of a suite.
    pub(super) const fn counts(&self) -> Counts {
        Counts {
            // What is measured is a benchmark, and has held.
            passed: self.passed.saturating_add(self.measured),
            failed: self.failed,
            skipped: self.ignored,
            deselected: self.filtered_out,
            ..Counts::ZERO
        }
    }

    pub(super) fn duration_ms(&self) -> Option<u64> {
        bytes::seconds(self.exec_time?.get().trim_matches('"').trim_end_matches('s'))
    }
}

//! One event of libtest's JSON.
//!
//! Most of a large log is events of tests that start and hold: small plain objects, which are read
//! in one pass. Every other one is for a reader of all JSON.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::Counts;
use crate::bytes;
use crate::bytes::json::Text;
use crate::bytes::plain::{Plain, members};

/// An event, as far as it is read.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
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
    #[serde(borrow, default, deserialize_with = "as_written")]
    pub(super) exec_time: Option<&'a str>,
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
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Nextest<'a> {
    #[serde(borrow, rename = "crate")]
    pub(super) package: Text<'a>,
    #[serde(borrow)]
    pub(super) test_binary: Text<'a>,
}

impl<'a> Event<'a> {
    /// Reads a line. An event is the last thing on it.
    pub(super) fn read(line: &'a [u8]) -> Option<Self> {
        let event = Self::plain(line).or_else(|| serde_json::from_slice(line).ok())?;
        matches!(event.kind.as_str(), "suite" | "test" | "bench").then_some(event)
    }

    /// Reads a line with nothing in it but what is said of a test that starts or holds.
    fn plain(line: &'a [u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?;
        let (mut kind, mut what, mut name, mut seconds) = (None, None, None, None);
        let length = members(line.as_bytes(), |key, value| {
            let (field, value) = match (key, value) {
                (b"type", Plain::Text(value)) => (&mut kind, value),
                (b"event", Plain::Text(value)) => (&mut what, value),
                (b"name", Plain::Text(value)) => (&mut name, value),
                (b"exec_time", Plain::Number(value)) => (&mut seconds, value),
                _ => return None,
            };
            // What is there twice is an error, which is not for this reader to find.
            field.replace(&line[value]).is_none().then_some(())
        })?;
        let event = Self {
            kind: kind?.into(),
            what: what.unwrap_or_default().into(),
            name: name.unwrap_or_default().into(),
            exec_time: seconds,
            ..Self::default()
        };
        (length == line.len()).then_some(event)
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
        bytes::seconds(self.exec_time?.trim_matches('"').trim_end_matches('s'))
    }
}

/// A value as it is written, whatever it is.
fn as_written<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de str>, D::Error> {
    Ok(Option::<&RawValue>::deserialize(deserializer)?.map(RawValue::get))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_event_is_the_one_that_a_reader_of_all_json_reads() {
        for line in [
            r#"{ "type": "test", "event": "started", "name": "a::b" }"#,
            r#"{ "type": "test", "name": "a::é", "event": "ok", "exec_time": 0.25 }"#,
            r#"{"type":"test","event":"ignored","name":"c::d$a"}"#,
            r#"{"type":"test"}"#,
        ] {
            let plain = Event::plain(line.as_bytes());
            assert!(plain.is_some(), "{line}");
            assert_eq!(plain, serde_json::from_str(line).ok(), "{line}");
        }
        for line in [
            r#"{ "type": "test", "event": "ok", "name": "a", "name": "b" }"#,
            r#"{ "type": "test", "event": "ok", "name": "a" } x"#,
            r#"{ "event": "ok", "name": "a" }"#,
            r#"{ "type": "test", "event": "ok", "name": 7 }"#,
        ] {
            assert!(Event::plain(line.as_bytes()).is_none(), "{line}");
            assert!(Event::read(line.as_bytes()).is_none(), "{line}");
        }
    }
}

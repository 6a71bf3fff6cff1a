//! What depends on the machine: `measured.json`, alongside the run's records and never in them.
//!
//! Invariant: nothing here is judged or compared; it is shown with what is. The separation is
//! what keeps `run.jsonl` of one seed the same bytes on every machine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The version of the format that this crate writes, and the only one that it reads.
pub const FORMAT: u32 = 1;

/// Real time and real memory of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// [`FORMAT`].
    pub format: u32,
    /// Real time of the whole run, in microseconds.
    pub wall_us: u64,
    /// Real time of each pipeline, in microseconds.
    pub pipelines: BTreeMap<String, u64>,
    /// The most memory that the process had resident during each pipeline, in kilobytes: parsers,
    /// the mock and the source files included. Absent where the system does not report it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pipelines_peak_rss_kb: BTreeMap<String, u64>,
    /// The most memory that the process had resident, in kilobytes; absent where unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_rss_kb: Option<u64>,
}

impl Measured {
    /// Reads `measured.json`; the error is a lower-case fragment.
    pub fn read(text: &str) -> Result<Self, String> {
        let measured: Self = serde_json::from_str(text).map_err(|e| e.to_string())?;
        if measured.format == FORMAT {
            return Ok(measured);
        }
        let found = measured.format;
        Err(format!("measured format {found} is unknown: this version reads format {FORMAT}"))
    }

    /// The text of `measured.json`.
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("plain data with text keys");
        text + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured() -> Measured {
        Measured {
            format: FORMAT,
            wall_us: 41_000,
            pipelines: BTreeMap::from([("phase1".to_owned(), 12_000)]),
            pipelines_peak_rss_kb: BTreeMap::from([("phase1".to_owned(), 9_216)]),
            peak_rss_kb: Some(18_432),
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(Measured::read(&measured().to_json()), Ok(measured()));
    }

    #[test]
    fn another_format_is_refused_by_its_number() {
        let other = Measured { format: 2, ..measured() };
        let error = Measured::read(&other.to_json()).unwrap_err();
        assert_eq!(error, "measured format 2 is unknown: this version reads format 1");
    }
}

//! One line of `run.jsonl`: the closed list of records, and those that end a pipeline or a run.

use serde::{Deserialize, Serialize};

use super::attempt::{Attempt, Fault};
use super::header::Header;
use super::job::{Job, Platform};
use super::name::PipelineName;

/// The version of the record format that this crate writes, and the only one that it reads.
pub const FORMAT: u32 = 1;

/// How a line begins that says first what it is.
const TAG: &str = "{\"record\":\"";

/// One line of `run.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    /// What was run; always the first line.
    Header(Header),
    /// One request to the API and what came back.
    Attempt(Attempt),
    /// One fault that the mock injected.
    Fault(Fault),
    /// One file's way through a pipeline, finished or not.
    Job(Job),
    /// What the platform did with one job; absent where a scenario names no platform.
    Platform(Platform),
    /// One pipeline has ended.
    PipelineEnd(PipelineEnd),
    /// The run has ended; always the last line.
    Footer(Footer),
}

/// One pipeline has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineEnd {
    /// The pipeline.
    pub pipeline: PipelineName,
    /// From the first arrival to the end of the last job.
    pub elapsed_us: u64,
    /// Everything that the mock's ledger charged; equals the sum over the attempts.
    pub ledger_microusd: u64,
    /// Requests that the mock's journal saw; equals the number of attempts that reached it.
    pub ledger_requests: u64,
}

/// The run has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footer {
    /// Whether the run was stopped before all its jobs had ended.
    pub interrupted: bool,
    /// The number of lines before this one, so that a lost line is noticed.
    pub records: u64,
    /// The threshold that could not be met any more, where the run was stopped for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aborted: Option<Aborted>,
}

/// Why a run was stopped before its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aborted {
    /// The pipeline.
    pub pipeline: PipelineName,
    /// The threshold, as it was typed.
    pub check: String,
    /// What had been measured by then, in millionths of its unit.
    pub measured: u64,
}

/// Whether a line says once more what it is, which is an error.
fn says_twice(rest: &str) -> bool {
    rest.contains("\"record\"")
}

impl Record {
    /// The record as one line of `run.jsonl`, without the line's end.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).expect("records are plain data with text keys")
    }

    /// The record in a line of `run.jsonl`.
    pub fn of_line(line: &str) -> serde_json::Result<Self> {
        // What a line is stands first in nearly all of them, and is read in two steps faster than
        // by a reader that has to look for it. That one has the words where anything is wrong.
        let quick = match line.strip_prefix(TAG).and_then(|rest| rest.split_once('"')) {
            Some((_, rest)) if says_twice(rest) => None,
            Some(("attempt", _)) => serde_json::from_str(line).ok().map(Self::Attempt),
            Some(("fault", _)) => serde_json::from_str(line).ok().map(Self::Fault),
            Some(("job", _)) => serde_json::from_str(line).ok().map(Self::Job),
            Some(("platform", _)) => serde_json::from_str(line).ok().map(Self::Platform),
            _ => None,
        };
        quick.map_or_else(|| serde_json::from_str(line), Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_alike_whether_its_kind_stands_first_or_last() {
        let fault = r#""pipeline":"phase1","at_us":5,"name":"a \"record\"","status":503"#;
        let fault = format!("{fault},\"request_id\":\"req_1\"");
        let first = Record::of_line(&format!("{{\"record\":\"fault\",{fault}}}")).unwrap();
        let last = Record::of_line(&format!("{{{fault},\"record\":\"fault\"}}")).unwrap();
        assert_eq!(first, last);
        assert!(matches!(first, Record::Fault(_)));
        for wrong in [
            format!("{{\"record\":\"fault\",{fault},\"record\":\"job\"}}"),
            format!("{{\"record\":\"fault\",{fault}"),
            format!("{{\"record\":\"guess\",{fault}}}"),
            r#"{"record":"fault"}"#.to_owned(),
        ] {
            let error = Record::of_line(&wrong).unwrap_err().to_string();
            assert_eq!(error, serde_json::from_str::<Record>(&wrong).unwrap_err().to_string());
        }
    }
}
